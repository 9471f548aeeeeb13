"""What a sentence promises, and whom it blames, by pattern in English and Chinese. Knows no policy: what is allowed, the caller says."""

import re

_WILL_EN = (
    r"(?:we|i|our team|the desk|the team|the platform|the marketplace|a colleague|someone)\s?(?:'ll|’ll| will| shall| are going to| am going to|'re going to| have(?: already)?|'ve(?: already)?"
    r"| has(?: already)?| can| hereby| are| am)?(?: (?:now|also|gladly|happily|certainly|definitely|personally|immediately|already|be|happy to|able to|go ahead and))*"
)
_PASSIVE_EN = r"(?:will|shall|has|have|had|is|are|gets?|can)(?: (?:now|also|already|certainly|definitely|be|been|being|get|fully|immediately))*"
_NOT = re.compile(
    r"\b(?:not|cannot|can'?t|never|no|nobody|neither|whether|may|might)\b|n['’]t\b|不|无法|没法|没办法|难以|未|是否",
    re.I,
)
_WISH = re.compile(r"(?:您|你|商家|买家)(?:们)?[^，。]{0,4}(?:希望|要求|请求|想要|询问|提出)")
# What excuses "the penalty is lifted" but not "we will lift it": a promise under a condition is a promise.
_IF = re.compile(r"\b(?:if|unless|until|only|before|when|once|after|how|why)\b|如|若|才|后|怎", re.I)
# action: (English verbs of the promise, what it is done to, Chinese)
_ACTIONS: dict[str, tuple[str, str, str]] = {
    "refund": (
        r"refund(?:ed|ing)?|reimburs\w+|pay(?:ing)? (?:you )?back|paid back|issu\w+ (?:a |the |your |you )*(?:full |partial )?refund|return(?:ed|ing)? (?:the|your) money|approv\w+ (?:the |your |a )*(?:full )?refund",
        r"refund|money",
        r"(?:退款|退钱|退还(?:给您|款项|金额)?|返还款项|报销)",
    ),
    "compensate": (
        r"compensat\w+|credit(?:ed|ing)? (?:you|your)|grant\w* (?:you )?(?:a |an )?(?:goodwill )?credit|giv\w+ (?:you )?(?:a |an )?(?:voucher|coupon|discount|credit)|offer(?:ed|ing)? (?:you )?(?:a |an )?(?:compensation|voucher|coupon|discount|credit)",
        r"compensation|goodwill credit|voucher|coupon|credit",
        r"(?:补偿|赔偿|赔付|优惠券|代金券|减免)",
    ),
    "lift_penalty": (
        r"(?:lift|remov|revok|cancel|withdr[ae]w|revers|delet|eras|waiv|drop|overturn|clear|reduc)\w* (?:\w+ ){0,4}?(?:penalt(?:y|ies)|points?|violation|strike|sanction)",
        r"penalt(?:y|ies)|points?|violation|strike|sanction",
        r"(?:(?:撤销|取消|免除|解除|消除|清除|去掉|减少)[^。，；]{0,8}(?:处罚|扣分|违规|罚款)|(?:处罚|扣分|违规)[^。，；]{0,6}(?:撤销|取消|免除|解除|消除|清除|去掉)|恢复[^。，；]{0,4}(?:扣分|积分))",
    ),
    "approve_appeal": (
        r"(?:approv|accept|grant|uph[eo]ld)\w* (?:\w+ ){0,3}?(?:appeal|claim|request|dispute)|win (?:the|your) (?:appeal|dispute)",
        r"appeal|claim|dispute",
        r"(?:(?:通过|批准|同意|支持)[^。，；]{0,6}(?:申诉|请求|追偿|纠纷)|申诉[^。，；]{0,4}(?:通过|成功|获批))",
    ),
    "remove_review": (
        r"(?:remov|delet|hid|tak\w+ down|eras)\w* (?:\w+ ){0,4}?(?:reviews?|ratings?)",
        r"reviews?|ratings?",
        r"(?:(?:删除|移除|屏蔽|下架)[^。，；]{0,8}(?:评价|评论|差评)|(?:评价|差评)[^。，；]{0,4}(?:删除|移除|屏蔽))",
    ),
    "restore": (
        r"(?:restor|reinstat|reactivat|unblock|unsuspend|reopen)\w* (?:\w+ ){0,4}?(?:account|shop|store|listings?|access|product)",
        r"account|shop|store|listings?",
        r"(?:(?:恢复|解封|解冻|重新上架)[^。，；]{0,8}(?:账号|账户|店铺|商品|权限)|(?:账号|店铺|商品)[^。，；]{0,4}(?:恢复|解封|解冻|重新上架))",
    ),
    "pay": (
        r"(?:releas|transfer|pay|send|wir)\w* (?:\w+ ){0,4}?(?:payout|payment|funds|money|balance|amount|commission|fees?)|(?:pay|send|wire) you\b",
        r"payout|payment|funds|balance",
        r"(?:(?:打款|放款|付款|转账)|(?:支付|发放|释放)[^。，；]{0,8}(?:款项|货款|余额|资金))",
    ),
    "waive_fee": (r"waiv\w* (?:\w+ ){0,3}?(?:fees?|commission|charges?)", r"fees?|commission|charges?", r"(?:免除|减免|退还)[^。，；]{0,6}(?:费|佣金|手续费)"),
    "raise_score": (
        r"(?:rais|increas|improv|adjust|chang|correct)\w* (?:\w+ ){0,4}?(?:trust )?score",
        r"(?:trust )?score",
        r"(?:提高|提升|调高|修改|调整)[^。，；]{0,6}(?:信任分|分数|评分)",
    ),
    "call_back": (r"call(?:ing)? (?:you|back)|phone you|ring you|give you a call", r"(?!)", r"(?:致电|打电话|电话联系|回电)"),
    "expedite": (r"expedit\w+|prioriti[sz]e|fast[- ]track|speed(?:ing)? up", r"(?!)", r"(?:加急|优先处理|加快)"),
    "escalate": (r"escalat\w+|pass(?:ing|ed)? (?:\w+ ){1,8}?(?:on )?to|forward(?:ing|ed)? (?:\w+ ){1,4}?to|hand(?:ing|ed)? (?:\w+ ){0,3}?over", r"(?!)", r"(?:转交|升级处理|移交|上报)"),
    "review_penalty": (r"review\w* (?:\w+ ){0,4}?(?:penalt(?:y|ies)|appeal)", r"(?!)", r"复核"),
    "resend_label": (r"(?:resend|re-?issu|send|hav\w+) (?:\w+ ){0,4}?label", r"(?!)", r"重新(?:出具|发送)[^。，；]{0,10}面单"),
    "contact_carrier": (r"(?:contact|ask|call|chas)\w* (?:\w+ ){0,3}?(?:carrier|courier)", r"(?!)", r"(?:联系|催促)[^。，；]{0,6}(?:承运商|快递|物流)"),
    "look_into": (
        r"(?:looking (?:at|into)|checking|reviewing|investigating|examining|going through)",
        r"(?!)",
        r"(?:正在?|在)(?:核对|核查|核实|查看|查询|调查|检查|审核|处理)",
    ),
    "guarantee": (r"guarantee\w*|promise\w*|assure you", r"(?!)", r"(?:保证|承诺|一定(?:会)?|绝对(?:会)?|确保)"),
}  # fmt: skip
_DONE = r"(?:refunded|reimbursed|compensated|credited|lifted|removed|revoked|cancelled|canceled|withdrawn|reversed|deleted|waived|dropped|overturned|cleared|approved|accepted|granted|upheld|taken down|hidden|restored|reinstated|reactivated|unblocked|released|transferred|paid|issued|raised|increased)"
_WILL_ZH = r"(?:我们|我|平台|客服|本台|客服台|系统|团队|将|会|已|可以|可|马上|立即|立刻|现已|尽快|为您|给您|帮您|您的?)"
_PATTERNS = {
    action: (
        re.compile(rf"\b{_WILL_EN} (?:{verbs})\b", re.I),
        re.compile(rf"\b(?:{things})\b(?:[^.!?;]|(?<=\d)\.(?=\d)){{0,60}}?\b{_PASSIVE_EN} {_DONE}\b", re.I),
        re.compile(rf"{_WILL_ZH}[^。，；！？]{{0,14}}?{chinese}"),
    )
    for action, (verbs, things, chinese) in _ACTIONS.items()
}
_YOU_GET = re.compile(
    r"\byou(?:'ll|’ll| will| shall| are going to| can expect to)? (?:get|receive|be (?:refunded|reimbursed|compensated|paid))\b[^.!?;]{0,40}",
    re.I,
)
_BLAME = re.compile(
    r"\b(?:your (?:own )?(?:fault|mistake|negligence|carelessness)|you (?:should have|failed to|forgot|neglected|ignored|caused|are to blame|were careless)|because of your (?:error|carelessness)"
    r"|(?:the )?(?:buyer|customer|merchant|carrier|courier)(?:'s)? (?:is|was|are) (?:lying|to blame|dishonest|a fraud|careless)|you people)\b"
    r"|(?:是|都是|完全是)(?:您|你|买家|商家|承运商)(?:自己)?的(?:错|问题|责任)|(?:您|你)(?:本)?应该早|(?<!难)怪(?:您|你|买家)|(?:您|你)(?:自己)?(?:疏忽|粗心|不小心|没有尽到)|(?:买家|商家)(?:在)?(?:撒谎|说谎|骗人)",
    re.I,
)  # fmt: skip
_NOT_BLAMED = re.compile(
    r"(?:\b(?:not|n['’]t|nobody|no one|never|(?:you|he|she|they) (?:say|write|wrote|said|think|believe|claim)s?)\b[^.;!?]{0,24}|(?:不|并非|没有?人|(?:您|你|他|她)[^，。]{0,2}(?:写|说|认为|觉得|怀疑))[^，。；]{0,6})$",
    re.I,
)
_CLAUSES = re.compile(
    r"[!?;。！？；]+|(?<!\d)\.|\.(?!\d)|,\s+(?:but|and|so)\b|，(?:但|并|而)|\bbut\b|\band (?=we\b|i\b)"
)


def promises_in(text: str) -> tuple[str, ...]:
    """The actions that `text` promises or reports as done, in the order of the table. A clause that denies it is none."""
    found: dict[str, None] = {}
    for clause in _CLAUSES.split(text):
        for action, patterns in _PATTERNS.items():
            for pattern, excuses in zip(patterns, ((_NOT,), (_NOT, _IF), (_NOT, _WISH)), strict=True):
                if (match := pattern.search(clause)) and not _excused(clause, match, excuses):
                    found[action] = None
        if (got := _YOU_GET.search(clause)) and not _excused(clause, got, (_NOT,)):
            if re.search(r"refund|money back|refunded|reimbursed", got.group(), re.I):
                found["refund"] = None
            elif re.search(r"compensat|credit|voucher|coupon|discount", got.group(), re.I):
                found["compensate"] = None
    return tuple(action for action in _ACTIONS if action in found)


def _excused(clause: str, match: re.Match[str], excuses: tuple[re.Pattern[str], ...]) -> bool:
    """Denied or left open up to the end of the promise: "we cannot promise", "whether it is lifted", 是否撤销由人工裁定."""
    said = clause[max(0, match.start() - 24) : match.end()]
    return any(excuse.search(said) for excuse in excuses)


def blame_in(text: str) -> tuple[str, ...]:
    """The words of `text` that put the blame on a person."""
    return tuple(m.group() for m in _BLAME.finditer(text) if not _NOT_BLAMED.search(text[: m.start()]))
