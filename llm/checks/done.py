"""Whether a sentence reports as done, decided or over what no record says: "your account has been reopened", 扣分已清零.

That a message asks for it, or tells of it, is no record, nor is a rule that says what may be done: facts are, and what the desk itself wrote in
the thread. So a writer that does what a message tells it to still says nothing. Denials, conditions and what the reader said pass.
"""

import re
from collections.abc import Collection

from llm.checks.clauses import clauses, denies, is_conditional, leaves_open, reports_a_wish, without_quotations
from llm.checks.outcomes import action_named, up_to

_VERBS_EN = (
    "accept agree approve authori award bless cancel cleared clos complet concede confirm correct credit decid declar delet dismiss drop enrol eras exclud exempt "
    "feature fix forgiv grant guarantee honour honor lift list overturn overrul pardon pay paid prefer prioriti promot publish reactivat refund reimburs reinstat "
    "releas remov reopen resolv restor revers revok rul settl sign struck strik suspend switch transfer unblock unfre uph valid verif void waiv whitelist winn wip withdr won(?!['’]t)"
)
_PLAIN_EN = rf"(?:{'|'.join(_VERBS_EN.split())})\w*"
_LIGHT = r"(?:(?:now|already|all|both|also|fully|hereby|just|since|today|thereby|successfully|indeed|been|being|of course) )*"
_IS_DONE_EN = re.compile(
    rf"\b(?:has|have|had)(?:n't)? {_LIGHT}(?:been )?{_LIGHT}(?P<a>{_PLAIN_EN})\b|\b(?:was|were|is now|are now|is hereby|are hereby|is already|are already) {_LIGHT}(?P<b>{_PLAIN_EN})\b"
    rf"|\b(?:we|i|the (?:desk|marketplace|platform|team|reviewer|operations team)|this tribunal) (?:hereby |now |also |have |has |just |already )*(?!decides?\b|confirm(?:ed)? (?:the |your )?receipt)(?P<c>{_PLAIN_EN})\b"
    rf"|\b(?:suspension|hold|block|ban|restriction|case)s? (?:is|are) (?:now )?(?P<g>over)\b|\b(?:is|are) (?P<d>genuine|authentic|exempt|(?:live|open|active|listed|on sale) again|(?:back )?on (?:its|the) way|free of(?: \w+)? (?:fees?|commission|charge))\b"
    rf"|\b(?:claim|appeal|dispute|chargeback|case|objection)s? (?P<e>succeeded|won|failed|came too late)\b|\b(?P<f>in your favou?r)\b",
    re.I,
)
_VERBS_ZH = (
    "改判|更正|判定|撤销|取消|清零|清除|解除|删除|移除|下架|上架|置顶|恢复|解封|解冻|开通|重开|剔除|免除|减免|退还|返还|退款|到账|放款|打款|发放|支付|通过|批准|获批|准予|同意|认可|确认|"
    "接受|完成|过户|转让|转移|结案|胜诉|成立|采纳|生效|豁免|列入|加入|修复|修正|核实|更换|升级为|过期|失效|注销|清空|抹除|归零"
)
_IS_DONE_ZH = re.compile(
    rf"(?<![您你家])(?:已(?:经)?|现已|均已|业已|刚刚?|即日起|一律|全部)(?:(?!收到|受理|提交)[^，。；！？]){{0,8}}?(?P<i>{_VERBS_ZH})(?![的申请求材料])|(?:我们|平台|本台|经办人|审核员|团队)(?:在此|同意|现)?(?P<h>确认|认可|同意|批准|接受|宣布)(?!后|是否|一下)"
)


def reported_done(text: str, records: str, actions: Collection[str] = ()) -> tuple[str, ...]:
    """The words that report it, one a clause. `records`: the facts by name and value, and what the desk wrote; `actions` were taken."""
    known = records.casefold()
    found = []
    for clause in clauses(without_quotations(text)):
        match = _IS_DONE_EN.search(clause) or _IS_DONE_ZH.search(clause)
        if match is None or _root(match) in known or action_named(clause) in actions:
            continue
        if not (
            denies(up_to(clause, match)) or is_conditional(clause) or leaves_open(clause) or reports_a_wish(clause)
        ):
            found.append(match.group().strip())
    return tuple(dict.fromkeys(found))


def _root(match: re.Match[str]) -> str:
    """What of the verb stands in its other forms too."""
    verb = next(group for group in match.groups() if group).casefold()
    return verb if not verb.isascii() or " " in verb else verb[: max(4, len(verb) - 3)]
