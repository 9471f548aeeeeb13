"""Reproach by the turn of a sentence rather than by a word for a failing: what is asked without wanting to know, compared, reckoned or mocked.

Patterns by family, in English and Chinese. Knows no record, no rule and no denial: who holds them against a clause says what excuses it.
"""

import re

_PARTY_EN = r"(?:you|your (?:\w+ )?(?:shop|store|team|staff|people|side|packers?|warehouse)|(?:the|this|that|a) (?:buyer|customer|merchant|seller|shop)|somebody (?:on your side|in your \w+)|nobody (?:in|at|on) your \w+)"
_ENGLISH = (
    # Asked without wanting to know.
    (
        r"\b(?:how|why) (?:on earth |in the world )?(?:could|can|would|did|do|does|should) (?:you|your|a (?:shop|seller|merchant|buyer|customer)|anyone|anybody|the (?:buyer|customer)|somebody)\b(?![^?]{0,12}\b(?:appeal|send|reach|get|find|see|know whether)\b)"
        r"|\bis it (?:really )?(?:so|too|that) (?:hard|difficult|much)\b|\b(?:do|does|did|has|have|can|could) (?:nobody|no one|anyone|anybody) (?:at|in|on) your\b|\bwhat (?:else )?did you (?:expect|think)\b|\bwho (?:else )?(?:is|was) (?:supposed|meant) to\b"
    ),
    # Told again and again.
    rf"\b(?:once|yet) again\b[^.]{{0,40}}\b(?:your|you|the (?:buyer|customer))\b|\bfor the (?:second|third|fourth|fifth|umpteenth|\w+th) time\b|\bas (?:ever|so often)\b|\b{_PARTY_EN} (?:(?:keeps?|kept) \w+ing|always|never|constantly|repeatedly)\b|\b(?:keeps?|kept) (?:costing|missing|making|forgetting|ignoring|failing)\b|\b(?:have|has) (?:still )?(?:not|never) learn(?:ed|t)\b",
    # Measured by others.
    r"\b(?:most|other|all other|every other|any other|any|every|a (?:good|careful|serious|proper|decent)|an (?:experienced|honest)) (?:sellers?|shops?|merchants?|customers?|buyers?|businesse?s?)\b[^.]{0,40}\b(?:manages?|knows?|would|reads?|keeps?|never|checks?|does|do|can)\b(?! (?:appeal|see|ask))|\banyone who (?:reads?|knows?|has read|looks?|ships?|sells?)\b|\beverybody else\b|\beveryone else\b|\bit (?:is|isn['’]t|is not) (?:rocket science|asking (?:too )?much|hard to)\b",
    # Reckoned to a person.
    (
        r"\b(?:due|owing|thanks) (?:entirely |solely |only |purely )?to your\b|\bbecause (?:you|your \w+|the (?:buyer|customer)) (?:did(?:n['’]t| not)|failed|forgot|were too|was too|never|ignored|could(?:n['’]t| not) be bothered|rushed|skimped|let|chose)\b|\b(?:result|consequence|outcome) of your\b|\b(?:trouble|problem|delay|mistake|fault|cause|reason|blame|responsibility|root)\b[^.,]{0,30}\b(?:begins?|began|starts?|started|lies|lay|rests?|sits?|comes?|came) (?:\w+ )?(?:with|in|on|from|at) (?:you\b|your\b)"
        r"|\b(?:have|has|with) (?:only |nobody but |no one but )?yoursel(?:f|ves) to\b|\byoursel(?:f|ves) to (?:thank|blame)\b|\byou (?:brought|chose|preferred|decided|opted|let|allowed|left it|gambled|risked|had (?:plenty|ample|enough|every) (?:of )?(?:time|chance|notice|warning)|simply|merely)\b(?! (?:to (?:sell|ship|use|join|offer|accept))| (?:a|the|at)\b| for (?:the|our|a) (?:reply|answer|decision))|\bof your own (?:making|doing|choice)\b"
    ),
    # What a person is said to be like.
    r"\byour (?:excuses?|carelessness|negligence|laziness|stubbornness|impatience|greed|chaos|sloppiness|own (?:packing|choice|habits?))\b|\b(?:was|is|were|are|seems?) (?:rather|quite|a bit|a little|somewhat|hardly|not very|not exactly) (?:naive|clumsy|optimistic|hasty|bold|convenient|professional|clever|wise|honest|smart|careful|helpful of you|thoughtful|credible|convincing)\b|\bsays? (?:a lot|much|something|everything) about\b|\bspeaks? for itself\b|\b(?:simply|just|merely|only|really|obviously|clearly) (?:trying|tries|wants?|wanted|looking|after|playing|hoping|fishing|using)\b[^.]{0,40}\b(?:free|money|cheap|keep|advantage|refund|trick|discount)\b",
    # Mocked.
    r"\bcongratulations on (?:missing|losing|failing|another|yet|the (?:\w+ )?(?:delay|penalty))\b|\b(?:bravo|well done)\b[^.]{0,30}\b(?:late|miss\w+|lost|again|forgot\w*)\b|\bhow (?:convenient|surprising|typical|original)\b|\bwhat a (?:coincidence|surprise)\b|\bconveniently\b|\bapparently (?:the|our|these) rules?\b|\brules? (?:do not|don['’]t) (?:seem to )?apply to (?:you|your)\b|\b(?:no|small|little) wonder\b|\bfunny (?:that|how)\b|\bsurprise, surprise\b|\b(?:wouldn['’]t|would not) (?:hurt|kill) (?:you|to)\b",
    # Sent away.
    r"\bwaste of (?:\w+['’]s |our |my |your )?(?:time|effort)\b|\b(?:please )?(?:do not|don['’]t|stop|spare us|save us) (?:complain\w*|whin\w*|lament\w*|act(?:ing)? surprised|your (?:excuses|complaints))\b|\b(?:we|i) (?:are|am|was|were) (?:\w+ )?(?:surprised|disappointed|astonished|amazed|tired|appalled|puzzled|not impressed) (?:that|by|of|at|with) (?:you|your|how)\b|\b(?:it is|it['’]s|what) a (?:pity|shame) (?:that )?(?:you|nobody|no one|your|the (?:buyer|customer))\b|\bdo(?:es)? not (?:quite )?convince\b|\byou people\b",
    # What would have been.
    rf"\bhad (?:the|this|it|your|you|somebody|anyone|she|he)\b[^.]{{0,50}},? [^.]{{0,40}}\b(?:would|could|might)\b|\bif (?:only )?{_PARTY_EN} (?:had|did (?:its|their|your|his|her)|were (?:more|less)|cared|bothered|knew)\b|\b(?:would|could) have (?:taken (?:\w+ ){0, 2}(?:seconds?|minutes?|moment)|been enough|sufficed)\b|\bone (?:look|glance|call|minute)\b[^.]{{0,20}}\b(?:would|could)\b|\bneed not have (?:happened|been)\b",
    # Lessons.
    rf"\b(?:next time|in future)\b[^.]{{0,24}}\b(?:somebody|someone|perhaps|maybe|do |remember|try|think)\b|\b{_PARTY_EN} (?:should|ought to|needs? to|must|might want to|would do well to) (?:\w+ )?(?:learn|know better|grow up|be ashamed|reflect|think (?:twice|harder)|take (?:a hard look|responsibility|things seriously)|get (?:organi[sz]ed|a grip))\b|\ba (?:little|bit of|touch of|minimum of|modicum of|dose of)? ?(?:little )?(?:planning|care|attention|patience|honesty|thought|foresight|order|discipline|common sense|goodwill|effort)\b[^.]{{0,40}}\b(?:would|goes|helps?|never|saves?|might)\b|\blet this be\b|\blesson\b[^.]{{0,12}}\b(?:for|to) you\b|\bdo your homework\b",
)
_PARTY_ZH = r"(?:您|你|贵店|你们|买家|顾客|客户|对方|商家|他|她|店里|员工)"
_CHINESE = (
    # 反问
    r"有(?:那么|这么)(?:难|麻烦)|难道|何必|何苦|何至于|至于(?:吗|这样)|(?:怎么|怎)(?:会|能|可以|可能|就)[^，。]{0,10}(?:忘|落|漏|错|不|没)|(?:开店|做生意|卖货)[^，。]{0,8}(?:年|久)[^。]{0,24}(?:还|竟|也|能把)|谁(?:会信|信呢)",
    # 一再
    rf"又是(?:{_PARTY_ZH})|(?<!不)(?:一再(?!婉)|屡次|屡屡|再三|接二连三|三番五次|总是|老是|每次都(?!认真|准|很|能|好)|回回都|一向|从来(?:不|没))|第[二三四五六七八九十两几\d]+次(?:错过|忘|犯|违反|出错|迟|漏|失)|老毛病|老一套|故技重施|屡教不改",
    # 跟别人比
    r"(?:别的|别家|其他|其它|一般|多数|大多数|正规|靠谱的)(?:商家|店|卖家|店铺|买家)[^。]{0,16}(?:都|就|却|也能)|(?:贵店|您|你们?|买家)(?:却|偏|倒好)|(?:谁|人)都知道|人人都|连[^，。]{1,10}都(?:不|没|看不|做不)|不(?:难|复杂)吧",
    # 归咎
    rf"(?:问题|毛病|原因|根源|根子|责任|症结|祸根)[^，。]{{0,6}}(?:出在|就在|在于|还在|全在|都在|出自)[^，。]{{0,4}}{_PARTY_ZH}|(?:完全|全|都|纯粹|根本|归根结底|还)是{_PARTY_ZH}[^，。]{{0,16}}(?:造成|导致|引起|所致|惹|害|闹)|(?:因为|由于)(?:您|你|贵店|买家)(?:自己)?(?:没有?好好|不肯|太|忘|粗|懒|马虎|不听|没把)|(?:从|在)?自身(?:找|的?问题)|(?:您|你|贵店|买家)自己(?:先|拖|弄|造|没|不|惹|耽误|搞)|是(?:您|你|贵店)自己",
    # 品评
    r"借口|托词|狡辩|强词夺理|说不过去|站不住脚的(?:说法|理由)|想当然|想得太|太(?:天真|草率|随便|大胆|不小心|不应该|不专业|不像话|不负责|离谱)|不像话|不应该啊|不地道|不厚道|为人|嘴脸|心眼|用心(?=不|险)|不(?:上心|用心|走心|尽责|称职|专业|讲诚信|讲信用|诚实|老实)|(?:要是|如果|若)[^，。]{0,6}(?:尽责|上心|用心|细心|仔细)",
    # 嘲讽
    r"恭喜[^，。]{0,6}(?:错过|失|第|又)|真少见|少见多怪|也真是|可真(?:行|会|是)|真(?:会|有)(?:挑|说|意思|本事)|未免|(?:扣分|处罚|差评|投诉|被[^，。]{1,6})[^，。]{0,8}不(?:足为)?奇怪|意料之中|可想而知|一看就(?:是|知道)|明眼人|无非|不外乎|说白了|说到底|(?<!您)(?<!你)说实话|恕我直言|坦白(?:讲|说)|不客气地说|看来[^，。]{0,12}(?:不管用|没用|不起作用|不懂|不会|不明白|没有?(?:看|读|学))|倒是(?:挺|很)会|(?<!不)好意思|居然还|竟然还|巧了|真巧|这么巧|大驾",
    # 打发
    r"纯属|浪费[^，。]{0,6}时间|(?:现在|反过来|事后|又来|还来)[^，。]{0,4}(?:抱怨|喊冤|叫屈|闹|怪)|(?:可惜|遗憾的是|没想到|想不到|谁知|不料)(?:您|你|贵店|买家|顾客)|(?:一声不吭|不闻不问|置之不理|听之任之|不当(?:一)?回事|当耳(?:旁|边)风|视而不见|爱理不理|无动于衷|拖拖拉拉|磨磨蹭蹭|丢三落四|得过且过|应付了事|心存侥幸|侥幸)|磨光|少来|别再(?:找|抱怨|来|狡|说)",
    # 假如当初
    r"(?:要是|如果|若|假如|倘若|当初|但凡|只要)[^。]{0,24}(?:就不会|就没有?(?:这|现在|后)|不会有这|碎不了|也不会|都不会(?!扣|影响)|不至于|本可|何至于|哪(?:会|里会|来)|不就)|(?:本来|本|原本|完全)(?:可以|能|是可以)(?:避免|不)|就没有?这(?:些|种|回)?事",
    # 教训
    r"(?:动动|动点|用用)脑|长点?(?:心|记性)|上点心|用点心|多(?:用|花)点心|吸取教训|引以为戒|反省|反思|检讨|好自为之|自重|(?:下回|下次)[^。，]{0,14}(?:先|看清|弄清)|(?:以后|今后|往后)(?:请|还是|要|得|可要|最好)?(?:您|你|贵店|少|多(?!久|少)|长)|把[^，。]{1,8}(?:看完|读完|弄清|搞清)[^，。]{0,3}再|学会|学着|做人|做生意(?:要|得|应)",
)
TURNS = re.compile("|".join((*_ENGLISH, *_CHINESE)), re.I)
"""One match is one reproach."""
