"""Kinds of words that a commitment of money is made of, in the order in which a sentence holds them.

Two authors share few words and many turns ("we, give, money", "you, ask, off"): `llm.checks.commitments` weighs these beside the words.
"""

import re
from collections.abc import Iterator

from llm.language import CHINESE, ENGLISH

_LONGEST = 4
"""Kinds in a row."""
_FAR = 4
"""How many places apart two kinds are still read as a pair."""
_KINDS = {
    ENGLISH: {
        "WE": r"we|i|our|us|ours|my|me|mine|marketplace|platform|desk",
        "YOU": r"you|your|yours|ye|ur|u|yourself",
        "OTHER": r"he|she|they|them|their|her|his|him|carrier|courier|post|bank|insurer|insurance|maker|manufacturer|supplier|dhl|ups|fedex|hermes|customs|airline|port|broker",
        "BUYER": r"buyer|buyers|customer|customers|client",
        "TEAM": r"team|department|colleague|colleagues|finance|treasury|risk|committee|panel|manager|boss|bosses|supervisor|lead|reviewer|payments|accounting|legal|compliance|office|director|board|marketing|specialist",
        "GIVE": r"refund\w*|credit\w*|pay|pays|paid|paying|reimburs\w+|compensat\w+|repay\w*|repaid|return\w*|restor\w+|reinstat\w+|top|give|gives|giving|given|gave|send|sends|sending|sent|add|added|grant\w*|advance\w*|advancing|indemnif\w+|put|post|posted|transfer\w*|honou?r\w*|wire|wired|issue|issued|issuing|hand|handed",
        "BEAR": r"bear|bears|borne|cover|covers|covered|covering|absorb\w*|eat|eats|eating|swallow\w*|foot|footing|stand|carry|carrying|shoulder\w*|take|takes|taking|took|taken|pick|picks|sort|settle\w*|settling|square\w*|split",
        "OFF": r"waiv\w+|cancel\w*|lift\w*|remov\w+|drop|dropped|dropping|void\w*|struck|strike|striking|scrap\w*|wip\w+|forgiv\w+|forget|revok\w+|annul\w*|revers\w+|delet\w+|clear|cleared|clearing|releas\w+|unfroz\w+|unfreez\w*|unblock\w*|unlock\w*|open|opened|opening|free|freed|tear|torn|bin|binned|off|gone|undo\w*|undone|erase\w*|scrub\w*|lapse\w*|end|ends|ended|exempt\w*|remit\w*|shelv\w+|knock\w*|let|quash\w*|rescind\w*",
        "MORE": r"rais\w+|increas\w+|higher|doubl\w+|bump\w*|extend\w*|lower\w*|reduc\w+|cut|halv\w+|less|early|earlier|ahead|sooner|upward",
        "CHARGE": r"fee|fees|charge|charges|charged|fine|fines|penalt\w+|surcharge\w*|commission\w*|invoice\w*|bill|bills|billed|levy|tariff|subscription|deduct\w*|debit\w*|cost|costs|debt|owe|owes|owed|postage|freight|interest|tab",
        "POINT": r"point|points|strikes|mark|marks|warning\w*|violation\w*|demerits?|flag|flags|record|sanction\w*",
        "HOLD": r"hold|holds|held|block|blocked|frozen|freeze|reserve\w*|withh\w+|restriction\w*|stop|lock|locked|retention|escrow|retained",
        "MONEY": r"money|cash|funds?|sum|sums|amount|balance|payout|payouts|payment|earnings|takings|dollars?|euros?|cents?|usd|eur|bucks?|pounds?|voucher\w*|coupon\w*|discount\w*|rebate|bonus|wallet|account|proceeds|difference|loss|damage|shortfall|deposit",
        "LIMIT": r"limit|limits|cap|caps|ceiling|quota|threshold|tier|plan",
        "NOT": r"not|no|cannot|can't|won't|don't|didn't|doesn't|isn't|aren't|wasn't|haven't|hasn't|couldn't|wouldn't|never|nothing|nobody|unable|refus\w+|declin\w+|denied|reject\w+|none|nor|without|unfortunately|afraid|neither|ain't",
        "OPEN": r"if|once|unless|until|whether|should|provided|when|would|could|might|may|maybe|perhaps|depends?|suppose|were|had|otherwise|pending|yet|await\w*",
        "ASK": r"ask|asked|asking|request\w*|want|wants|wanted|wish\w*|hope\w*|claim\w*|demand\w*|propos\w+|recommend\w*|suggest\w*|passed|forward\w*|escalat\w+|submit\w*|referred|sought|argue\w*|contend\w*|alleg\w+|quote\w*|said|say|says|wrote|noted|logged|recorded|registered|review\w*|check\w*|look|looking|examin\w+|decid\w+|decision|assess\w*|investigat\w+",
        "RULE": r"every|all|each|always|rule|rules|policy|clause|terms|everyone|everybody|any|schedule\w*|standard|system|normally|automatically|same|sellers|shops|stores|per",
        "NOW": r"will|'ll|shall|going|gonna",
        "DONE": r"have|has|'ve|been|already|just|done|now|today|tonight|tomorrow|immediately|effective",
        "PAST": r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august|september|october|november|december|yesterday|ago|last|spring|week",
        "STAND": r"stand|stands|stays?|remain\w*|uphold|upheld|maintain\w*|continu\w+|correct|correctly|valid|keeps?|kept|apply|applies|lawful|binding",
        "YES": r"yes|ok|okay|agreed|deal|sure|granted|approved|accepted|accept|accepting|agree|authoris\w+|authoriz\w+|happy|glad|pleased|admitted|successful|succeeds|favour|favor",
        "FAULT": r"mistake|error|fault|wrongly|bug|glitch|sorry|apolog\w+|goodwill|gesture|courtesy|exception|treat|gift",
    },
    CHINESE: {
        "WE": "我们|我方|本平台|平台|我|咱们|咱|我司|本处|我处",
        "YOU": "您|你|贵店|贵方|贵司|亲|老板",
        "OTHER": "快递|承运商|银行|保险公司|保险|厂家|厂商|供应商|海关|物流公司|邮政|卡组织|人家|他们|船公司|第三方",
        "BUYER": "买家|客人|顾客|客户|对方",
        "TEAM": "财务|风控|团队|部门|主管|领导|经理|组长|老大|同事|审核员|委员会|评审|法务|合规|资金部|上面|上级|专员|总部|主任|组里",
        "GIVE": "退还|退回|退给|退|返还|返|还给|还你|还您|补偿|补给|补上|补足|补|赔付|赔偿|赔|打给|打款|打到|付给|支付|付|贷记|入账|到账|发放|给您|给你|送|赠|垫|拨|记入|加回|加上|报销|归还|结清",
        "BEAR": "承担|负担|负责|出钱|我们出|平台出|扛|认|买单|埋单|请客|算我们|包|贴|吃|咽|自负|兜|担|掏",
        "OFF": "撤销|撤回|撤|取消|免除|免掉|免收|免|去掉|拿掉|删|抹|清掉|清零|清|作废|一笔勾销|勾销|划掉|解除|解冻|解封|放款|放出|放开|放行|释放|冲回|冲销|冲|核销|豁免|减免|恢复|消|擦掉|擦|不用付|不用交|不收|不扣|不罚|不用|不必|无须|无需|不追究|不再|算了|忘了|松开|打开|停了",
        "MORE": "提高|上调|调高|提升|翻倍|翻了|加到|增至|提前|早|降到|降低|降至|下调|减半|打折|折|半价|延长|调到|涨",
        "CHARGE": "费用|费|罚款|罚单|罚|佣金|抽成|账单|附加费|运费|邮费|滞纳金|违约金|利息|欠款|欠|扣款|扣|成本|代价|税|单子|发票",
        "POINT": "扣分|积分|违规|警告|黑点|分|记录|红标|处罚",
        "HOLD": "冻结|预留|扣留|保证金|押金|压着|限制|锁|卡|扣住|托管",
        "MONEY": "货款|款项|款|钱|余额|金额|金|元|块|美元|欧|损失|差额|差价|窟窿|券|亏",
        "LIMIT": "限额|额度|上限|配额|门槛|套餐|费率|档",
        "NOT": "不能|不会|不可以|不可|没法|无法|没有|没|未|不行|不予|不得|不了|不批|不准|驳回|拒绝|维持|抱歉|遗憾|不归|不属|别|尚无|谈不|不是|不|无",
        "OPEN": "如果|要是|若|倘若|假如|一旦|等|才|再|是否|能否|可能|也许|或许|看看|取决|由.{0,8}定|待|尚|还没|之后|以后|前提|凭|只有",
        "ASK": "要求|希望|想|请求|申请|主张|称|说|问|建议|转给|转交|上报|报上去|提交|提了|反映|登记|记下|记录在案|查|核实|核对|审|评估|考虑|讨论|争|答复|回复|处理",
        "RULE": "规定|规则|条款|所有|每个|每月|每天|每单|一律|都一样|都|一直|照常|系统|自动|正常|按期|通常|平常|各店|按",
        "NOW": "会|将|就|马上|立即|即刻|即日|今天|今晚|明天|今日|下午|这就|现在",
        "DONE": "已经|已|刚|了|好了|搞定|办好|完毕",
        "PAST": "昨天|上周|上个月|月.{0,3}[日号]|周[一二三四五六日]|去年|当时|以前|早就|星期",
        "YES": "同意|可以|好的|行|没问题|准予|准许|准|批准|获批|通过|成交|答应|照办|依你|接受|认可|成立|说定|点头|拍板|放心",
        "FAULT": "我们的错|是我们|失误|弄错|出错|有误|故障|误扣|误收|歉意|心意|诚意|破例|例外|特批|抱歉",
    },
}
_MARKS = {"?": "[?？]", ",": "[,，;；:：]"}
_WORD = {ENGLISH: r"\b(?:%s)\b", CHINESE: "%s"}
_READ = {
    language: [(kind, re.compile(_WORD[language] % words)) for kind, words in kinds.items()]
    + [(mark, re.compile(signs)) for mark, signs in _MARKS.items()]
    for language, kinds in _KINDS.items()
}


def kinds_of(text: str, language: str) -> list[str]:
    """The kinds that `text`, in lower case, holds in order; of words that overlap the first, and of those the longest."""
    found = sorted((m.start(), -len(m[0]), kind) for kind, words in _READ[language] for m in words.finditer(text))
    kinds, end = [], 0
    for start, length, kind in found:
        if start >= end:
            kinds.append(kind)
            end = start - length
    return kinds


def turns(text: str, language: str) -> Iterator[str]:
    """Up to four kinds in a row, and pairs further apart."""
    kinds = ["<", *kinds_of(text, language), ">"]
    for n in range(1, _LONGEST + 1):
        yield from ("~" + " ".join(kinds[i : i + n]) for i in range(len(kinds) - n + 1))
    words = [kind for kind in kinds if kind != ","]
    for i, kind in enumerate(words):
        yield from (f"~~{kind} {later}" for later in words[i + 2 : i + 1 + _FAR])
