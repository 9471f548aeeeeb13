"""Whether a sentence reproaches, suspects or mocks the merchant or the buyer, however politely. Knows no record and no rule.

Three shapes: what somebody should have done, a judgement of a person, and a suspicion told as known; and the turns of `verdicts`. What denies
it, tells it in the writer's name or quotes it is none.
"""

import re

from llm.checks.clauses import without_quotations
from llm.checks.verdicts import TURNS

_SHOULD_EN = (
    r"\b(?:you|the (?:buyer|customer|merchant|seller)|he|she|they|your (?:team|shop|staff|people|packers?)) (?:(?:really|simply|perhaps|just|surely|certainly|at least|easily|also) )*(?:could|should|might|ought to|need) (?:(?:simply|easily|perhaps|just|at least|well|also) )*(?:have|not have)\b"
    r"|\b(?:more|greater|better|some|proper|closer) (?:care|attention|caution|diligence|planning|discipline)\b|\bwould have (?:spared|saved|avoided|prevented|helped)\b|\b(?:could|would) have been (?:avoided|prevented|spared)\b"
    r"|\bhad (?:you|they|the (?:buyer|customer)) (?:only |just )?\w+(?:ed|en|t|ad|ead)\b|\bif (?:only )?you had\b|\bnext time,?[^.]{0,60}\b(?:please|better|wise|might|should|check|read|try|make sure|remember|would)\b|\b(?:please )?(?:be|try to be) more (?:careful|attentive|patient|honest)\b"
    r"|\bone (?:would|might|could|should) (?:expect|think|have (?:thought|expected)|hope|assume)\b|\b(?:a|any) (?:shop|seller|merchant|business|professional|customer|buyer) (?:of your (?:size|experience)|like you)\b[^.]{0,40}\b(?:should|ought|knows?|would)\b"
    r"|\b(?:as|like) (?:you|every seller|any seller|everyone) (?:should|ought to|surely|must) know\b|\byou (?:were|had been) (?:told|warned|reminded)\b"
)
_JUDGED_EN = (
    r"\b(?:careless|negligent|sloppy|reckless|risky|foolish|naive|unwise|irresponsible|dishonest|impatient|greedy|unreasonable|ungrateful|rude|hysterical|pushy|lazy|unprofessional|amateurish|incompetent|thoughtless|inattentive|forgetful|suspicious|shameless|gullible|stubborn|difficult|fussy|demanding (?=customer|buyer|seller))\b"
    r"|\b(?:your|his|her|their|the (?:buyer|customer)(?:'s|’s) own) (?:own )?(?:fault|mistake|negligence|carelessness|oversight|laziness|doing|greed|error)\b|\b(?:on|down to) you(?:rself|rselves)?(?=[.!,]|$)|\bblame (?:yourself|yourselves|you|the (?:buyer|customer))\b|\b(?:only|nobody but) yourself\b|\b(?:to blame|your own making|brought (?:this|it) (?:up)?on yoursel\w+|on your part|what (?:did|do) you expect|serves you)\b"
    r"|\b(?:sadly|unfortunately|of course),? nothing new\b|\b(?:people|customers|buyers|sellers|merchants) (?:like (?:this|that|you|him|her)|of (?:this|that) kind|who)\b[^.]{0,80}\b(?:nothing new|well known|all too|always|never|typical|we know|seen (?:it|them))\b"
)
_SUSPECTED_EN = (
    r"\b(?:evidently|obviously|clearly|apparently|surely|plainly|presumably|no doubt|must have|probably) (?:you|he|she|they|the (?:buyer|customer|merchant))\b|\b(?:you|he|she|they|the (?:buyer|customer|merchant)) (?:evidently|obviously|clearly|apparently|surely|plainly|presumably|simply|probably|never|failed to|forgot|neglected|ignored|overlooked|did(?:n['’]t| not) (?:bother|care|read|check|look)|must have|seems? to have|tricked|cheated|lied|is lying|are lying|swapped|stole|faked|made (?:it|this|that) up|invented)\b"
    r"|\b(?:liar|lying|fraudster|cheat(?:er|ing)?|scam(?:mer|ming)?|trickster|thief|con artist|crook)s?\b|\b(?:trying|tries|tried) (?:it on|to (?:get|have|keep|cheat|trick))\b|\bhard to believe\b|\btoo good to be true\b|(?<![A-Za-z])['‘](?:forget|lose|lost|forgot|miss(?:ed)?|mistake|accident\w*|damaged?|never)\w*['’]"
)
_ZH = (
    r"(?<![平明今])(?<!团队)(?:早|原本|本来|事先)(?:就)?(?:该|应|可以)(?!结)|(?:您|你|买家|贵店)本(?:该|应|可以)|早(?:点|些)[^，。]{0,8}(?:就|也)(?:不|没|好)|(?:多|再|稍)(?:检查|看|留意|花|注意|核对|用|上)(?:[一几]?(?:眼|下|点|遍|心|些))|(?:下次|以后|今后|往后)[^。]{0,16}(?:先|再|注意|小心|仔细|别|不要|务必|看清)|按理|按说|(?:也|都)不(?:该|应)|不(?:应该|该)(?:犯|出|有|再)|要不是(?:您|你|买家)|如果(?:您|你|买家)[^，。]{0,10}(?:就不会|也不至于)|就不会(?:扣|错|出|被|有|这)|也不至于"
    r"|(?:难怪|怪不得)[^，。]{0,4}(?:被|扣|罚|评|投诉|没人|延误|差评|丢|退|输)|(?:只能|只好|要)怪|(?<![难不责])怪(?:您|你|买家|他|她|谁)|(?:您|你|买家|商家|他|她|贵店)(?:自己|本人)?(?:显然|明显|分明|明摆着|根本|从来|居然|竟然?|竟|一定是|肯定是|八成|多半|恐怕是|只顾|偏偏|就是(?:想|来|要|不))|明摆着|只能是(?:您|你|买家)"
    r"|(?:您|你|买家|商家|贵店|他|她)(?:自己|们|家)?的(?:错(?!误)|过错|过失|失误|疏忽|大意)|(?:粗心|大意|马虎|疏忽|草率|冒失|懒|不小心|不上心|不认真|没留意|没注意|没看清|没当回事|没尽到|不负责|不专业|不靠谱|太(?:急|贪|随意|冒险|轻率)|急躁|无理|蛮横|刁(?:难|钻|蛮)|贪(?:小|心|图|便宜)|占便宜|素质|人品|诚信堪忧|低级错误|不诚实|心虚|活该|自找|自作自受|咎由自取|莫名其妙|可笑|天真|想得美|小题大做)"
    r"|(?:买家|顾客|他|她|这种人|这类人|对方)[^，。]{0,6}(?:骗|撒谎|说谎|偷|掉包|调包|敲诈|讹|碰瓷|耍赖|捣乱|赖账|动了手脚|做了手脚|编)|(?:这种|这类|那种)(?:人|买家|卖家|商家|顾客)|见(?:得)?多了|骗子|小人|恶意的?买家|(?:嘴上|口口声声)"
)
_PATTERN = re.compile("|".join((_SHOULD_EN, _JUDGED_EN, _SUSPECTED_EN, _ZH)), re.I)
_CLEARED = re.compile(
    r"\b(?:not|nobody|no one|neither|never|nor|(?:without|no) (?:any )?(?:blame|fault|reproach|reason|sign|evidence)|isn['’]t|wasn['’]t|don['’]t|doesn['’]t|didn['’]t)\b(?! (?:entered|bothered|read|checked|looked|cared))|不(?:是|对|下|怪|按|能|会|做|作|把|存在|构成|意味|代表|论|管|问|属于|认为|视为|等于|算)|并非|没有(?:人|任何|证据|谁|哪)|无(?:关|需|责|从)|免(?:责|除)|未(?:下|作|定|认定|有)|难免",
    re.I,
)
_TOLD = re.compile(
    r"\b(?:you (?:say|write|wrote|said|think|believe|suspect|feel|call|told|describe|consider|state|mention|report|ask)|in your (?:view|words)|(?:rule|clause|policy|article|passage|programme)s?\b[^.]{0,40}\b(?:say|call|count|define|speak|name|mean)|counts? as|is (?:defined|meant)|whether)\b"
    r"|(?:您|你)(?:说|写|认为|觉得|怀疑|提到|反映|称|形容|表示|讲|问|写道)|(?:条文|规则|政策|条款|规定)[^，。]{0,10}(?:称|说|指|规定|写|定义|所|里|中)|是否|视为|按规则|属于(?!您|你)",
    re.I,
)
_OURS = re.compile(
    r"\b(?:we|us|our|ours|marketplace(?:'s|’s)?|desk|i|carrier(?:'s|’s)?|courier(?:'s|’s)?|bank|system|platform)\b(?=[^.]{0,30}$)|(?:我们|平台|客服台|系统|承运商|快递|银行)[^，。]{0,12}$",
    re.I,
)
_CLAUSE = re.compile(r"[;。；！？!]+|(?<!\d)[.?](?=\s|$)|,\s+(?:but|and|so|yet)\b|，(?=但|而|却|这|难怪|所以)")


def reproaches_in(text: str) -> tuple[str, ...]:
    """The words that reproach a person, one a clause. Those of the marketplace, the carrier, a rule or the reader are none."""
    found = []
    for clause in _CLAUSE.split(_no_quotations(text)):
        match = _PATTERN.search(clause) or TURNS.search(clause)
        if (
            match
            and not _CLEARED.search(clause[: match.start()])
            and not _TOLD.search(clause[: match.start()])
            and not _is_ours(clause, match)
        ):
            found.append(match.group().strip())
    return tuple(found)


def _no_quotations(text: str) -> str:
    """Without quotations, but with single quotation marks of doubt: 'forget'."""
    return (
        re.sub(r"“[^”]{0,200}”|《[^》]{0,80}》|\"[^\"]{0,200}\"", "“…”", text)
        if "'" in text
        else without_quotations(text)
    )


def _is_ours(clause: str, match: re.Match[str]) -> bool:
    return _OURS.search(clause[: match.start()]) is not None and not re.search(
        r"\b(?:you|buyer|customer)\b|您|你|买家", clause[: match.end()], re.I
    )
