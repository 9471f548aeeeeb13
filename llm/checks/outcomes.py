"""Whether a sentence foretells what somebody has yet to decide: money, a listing, a penalty, a review, a case, a score, a delivery.

Beside `llm.promises`, which knows the desk's own actions: here is what is told as certain or as coming. Conditions, denials, the reader's
wishes and who decides it are no promises.
"""

import re

from llm.checks.clauses import denies, is_conditional, leaves_open, reports_a_wish, without_quotations

_SURE = re.compile(
    r"\b(?:guarantee\w*|certainly|definitely|surely|undoubtedly|no doubt|without (?:a |any )?doubt|make sure|see to it|rest assured|count on|you (?:can|may) rely on|be sure|you have (?:my|our) word|trust (?:me|us)|a formality|bound to|sure to|safe bet|as good as (?:won|done)|in the bag|cannot lose|can't (?:lose|go wrong)|consider it done|don['’]t worry)\b"
    r"|一定(?=会|能|可|在|给|把|到|送|退|有|帮|赢|是|通过|不)|肯定|必(?:定|然|会|赢|胜)|绝对|稳(?:赢|过|了|拿)|包(?:在我|您|你|赢|退|过)|放心|保证|保准|铁定|没问题|十拿九稳|板上钉钉|说到做到|打包票|妥妥|走个(?:过场|形式)|只是(?:个)?(?:形式|时间问题)",
    re.I,
)
_WHAT_EN = r"(?:money|payout|payment|funds|balance|refund|amount|sum|(?:USD|US\$|\$|EUR|CNY)\s?[\d.,]+|[\d.,]+ dollars|fee|commission|cash|listing|product|item|offer|account|shop|store|suspension|block|hold|penalt(?:y|ies)|points?|strikes?|violation|appeal|review|rating|stars?|case|dispute|chargeback|claim|score|level|rate|cancellations?|orders?|late list|record|figures?|parcel|package|delivery|goods|cheese|label|decision|plan|ban)s?"
_COMES_EN = r"(?:be (?:back|with you|there|gone|lifted|removed|released|paid|credited|refunded|restored|reopened|struck|deleted|cleared|reversed|cancelled|approved|accepted|upheld|granted|won|decided in|dropped|taken|corrected|reset|waived|free|yours|delivered|settled|unblocked|reinstated|returned|reimbursed|transferred|erased|published|featured|enrolled|on sale|over|fine|counted out|excluded|wiped)\b|(?:come|go|drop|get|fall|rise|climb|return|disappear|vanish|expire|end|arrive|reach|land|reopen|clear|recover|improve|count no|move|stand|win|succeed|pass|leave|show up|turn up)\b)"
_WILL_EN = re.compile(
    rf"\b{_WHAT_EN}\b(?:[^.,;!?]|(?<=\d)[.,](?=\d)){{0,60}}?\b(?:will|'ll|shall|is going to|are going to|is about to|are about to|is sure to|should) (?:(?:all|then|certainly|also|soon|now|probably|surely|definitely|simply|again|both|no longer|of course) )*{_COMES_EN}"
    rf"|\b(?:it|they|this|these|those|you|both|all of (?:them|it)|(?:\w+ ){{0,3}}of (?:them|the \w+)|that)(?:['’]ll| will| shall| is going to| are going to) (?:(?:all|then|certainly|also|soon|now|probably|surely|definitely|again) )*(?:{_COMES_EN}|(?:have|get|receive|see) (?:\w+ ){{0,3}}(?:money|payout|refund|sum|points|listing|shop|account|stars?|score)\b)",
    re.I,
)
_NOW_EN = re.compile(
    rf"\b{_WHAT_EN}\b(?:[^.;!?]|(?<=\d)\.(?=\d)){{0,40}}?\b(?:goes|comes|drops|returns|is|are|gets) (?:back|off|away|up|down|lifted|released|restored|removed|live|reopened|paid)\b[^.;!?]{{0,24}}\b(?:today|tonight|tomorrow|this (?:morning|afternoon|evening|week)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|by (?:mon|tues|wednes|thurs|fri|satur|sun)day|by noon|in (?:an|a few) (?:hour|minute)s?|next week|soon|under|above|over)\b"
    r"|\b(?:so|then|therefore|thus) (?:the|your) \w+ (?:goes|comes|drops|falls|rises|returns) (?:back |down |up )?(?:to|under|below|above|over)\b",
    re.I,
)
_DO_EN = re.compile(
    r"\b(?:i|we)(?:['’]ll| will| shall| am going to| are going to|['’]m going to|['’]re going to) (?:(?:now|also|personally|gladly|myself|happily|see that|make sure|just|get|have|even) )*(?:ring|phone|call|visit|drive|talk to|speak to|have (?:a word|him|her|them|someone|it|the)|send (?:someone|him|her|a colleague|the driver)|get (?:it|this|that|them|him|her|the|your)|push|let (?:it|this|them|you)|make (?:an exception|it happen|them|sure)|take (?:it|this|them|the points) (?:off|down|back)|pull|speed|sort (?:it|this|that) out|fix (?:it|this|that)|look the other way|turn a blind eye|extend|skip|overlook|allow|exempt|put (?:it|you|them|that|this|your|the)|lift|strike|delete|release|refund|unblock|give you (?:\w+ )?(?:more|extra|another))\b"
    r"|\bmake an exception\b|\b(?:exception|exempt(?:ion)?) (?:is|has been|was) (?:made|granted)\b|\bhave (?:him|her|them|the driver|the courier) (?:go|come|deliver|drive|bring)\b",
    re.I,
)
_DONE_EN = re.compile(
    r"\b(?:i|we)(?:['’]ve| have| just|['’]ve just| have just| have already|['’]ve already)? (?:asked|contacted|called|phoned|rung|rang|written to|emailed|chased|reminded|spoken (?:to|with)|talked to|escalated|passed|forwarded|handed|sent|resent|reissued|extended|opened|corrected|fixed|verified|released|lifted|removed|approved|reset|unblocked|cancelled)\b (?!you\b|your (?:wish|word)|for (?:your|the)\b)",
    re.I,
)
_DONE_BY: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"carrier|courier|driver|parcel service|承运商|快递|司机|物流", re.I), "contact_carrier"),
    (re.compile(r"label|面单", re.I), "resend_label"),
    (re.compile(r"penalt|appeal|处罚|申诉|复核", re.I), "review_penalty"),
    (re.compile(r"identit|verif|身份|核验", re.I), "verify_identity"),
    (re.compile(r"credit|补偿|入账|记入", re.I), "goodwill_credit"),
    (
        re.compile(r"escalat|pass|forward|hand|specialist|team|lead|operations|转|组长|主管|专员|升级|团队", re.I),
        "escalate",
    ),
)
_WHAT_ZH = r"(?:货款|款项|钱|打款|余额|资金|(?:[\d.,]+|[一二三四五六七八九十百千万两]+)\s?(?:万)?(?:美元|元|块|分|颗?星|单|笔)|手续费|佣金|费用|商品|链接|店铺|账号|账户|处罚|扣分|违规|申诉|评价|差评|星级|评分|信任分|分数|等级|案子|案件|纠纷|拒付|追偿|取消率|比率|延误率|包裹|快件|货|面单|封停|限制|活动资格|单号|多扣的|“[^”]+”|它|这条|这些|这几单|全部)"
_COMES_ZH = r"(?:到账|放(?:款|出|行|$|。)|放了|还给|退(?:还|回|给|到)|返还|打给|打到|发放|恢复|重新上架|上架|解封|解冻|解除|开通|重开|撤销|作废|清零|取消|免(?:除|掉|了)|抹掉|抵消|去掉|剔除|扣除掉|消失|删(?:除|掉)|移除|下架|通过|成功|赢|胜|回到|回升|升(?:到|回|至)|降(?:到|回|至)|涨|达到|送(?:到|达|上)|到(?:货|手|了|达|您|她|他)|寄到|更正好|改好|加回|补上|补回)"
_WILL_ZH = re.compile(
    rf"{_WHAT_ZH}[^，。；！？]{{0,14}}?(?:会|将|就(?:能|会|可|要)?|能|要|可以|马上|立刻|立即|今(?:天|晚|日)|明(?:天|早|日)|后天|下(?:周|个?月)|本周|周[一二三四五六日天末]|稍后|很快|随后|这两天|几天内|之前|以前)[^，。；！？]{{0,12}}?{_COMES_ZH}"
    rf"|(?:会|将|就(?:能|会|可)|马上|立刻|今(?:天|晚)|明(?:天|早)|下(?:周|个?月)|本周|周[一二三四五六日天末](?:之前|以前|前)?|稍后|很快)[^，。；！？]{{0,16}}?(?:{_COMES_ZH})",
)
_DO_ZH = re.compile(
    r"(?:我|我们|客服(?:台)?)(?:会|将|马上|立刻|这就|现在|亲自|去|来|今天|今晚|明天|给您|给你|帮您|替您|为您|可以){1,4}[^，。；]{0,12}?(?:打个?(?:电话|招呼)|去(?:说|跟|找|催)|催|找(?:司机|承运商|他们|同事)|让[^，。]{1,8}(?:跑|去|送|放|过|改|恢复)|破例|通融|开(?:个)?绿灯|特批|延长|宽限|改(?:掉|回|成)|抹掉|清掉|放行|解封|搞定|办妥|免(?:掉|了|除)|撤(?:销|掉)|恢复|加回|删掉|放(?:款|出来)|退)"
    r"|(?:破例|通融|特批)|给(?:您|你)(?:免|退|补|撤|加回|恢复|延)(?:掉|了|回|还|上|长)?",
)
_DONE_ZH = re.compile(
    r"(?:我们|我|客服台|平台)?(?:已(?:经)?|刚刚?)(?:为您|帮您|替您|给您|向|请|让|跟|和|联系|通知|催|致电|转交|转给|升级|重新)[^，。；]{0,16}?(?:承运商|快递|司机|物流|面单|组长|主管|专员|团队|处罚|申诉|复核|身份|补偿|解除|撤销|删除|恢复|放款|延长)"
)
_TEAM_DECIDES = re.compile(
    r"\b(?:decides?|decided by|up to|for the [\w ]{3,30} to (?:say|decide)|is asked|judges?)\b|由[^，。]{1,14}(?:决定|裁定|判断)",
    re.I,
)
_CLAUSE = re.compile(r"[;。；！？!]+|(?<!\d)[.?](?=\s|$)|,\s+(?:but|yet)\b|，(?:但|而|却)|——")


def foretold_in(
    text: str, actions: tuple[str, ...] | frozenset[str] = frozenset(), *, rests_on_policy: bool = False
) -> tuple[str, ...]:
    """The words that foretell or report as done, one a clause. A condition excuses; `actions` were taken; policy's own deadlines may be told."""
    found = []
    for clause in _CLAUSE.split(without_quotations(text)):
        if clause.strip() and (match := _foretold(clause, actions, rests_on_policy)):
            found.append(match)
    return tuple(dict.fromkeys(found))


def _foretold(clause: str, actions: tuple[str, ...] | frozenset[str], rests_on_policy: bool) -> str:
    is_told = reports_a_wish(clause) or leaves_open(clause)
    done = _DONE_EN.search(clause) or _DONE_ZH.search(clause)
    if done and not denies(up_to(clause, done)) and (missing := _not_taken(clause, actions)):
        return f"{done.group().strip()} ({missing})"
    sure = _SURE.search(clause)
    if sure and not is_told and not denies(up_to(clause, sure)):
        return sure.group()
    if is_told or is_conditional(clause) or _TEAM_DECIDES.search(clause):
        return ""
    patterns = (_DO_EN, _DO_ZH) if rests_on_policy else (_DO_EN, _DO_ZH, _WILL_EN, _NOW_EN, _WILL_ZH)
    match = next((m for pattern in patterns if (m := pattern.search(clause))), None)
    return match.group().strip() if match and not denies(up_to(clause, match)) else ""


def up_to(clause: str, match: re.Match[str]) -> str:
    """From the comma before the match to its end: where a denial of it would stand."""
    before = max(clause.rfind(mark, 0, match.start()) for mark in ",，")
    return clause[before + 1 : match.end()]


def action_named(clause: str) -> str:
    """The action that a clause speaks of; "" for none of the desk's."""
    return next((action for pattern, action in _DONE_BY if pattern.search(clause)), "")


def _not_taken(clause: str, actions: tuple[str, ...] | frozenset[str]) -> str:
    """The action that the clause reports as done, where it was not."""
    named = action_named(clause)
    return named if named and named not in actions else ""
