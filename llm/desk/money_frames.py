"""Plain sentences that do and don't commit money, put together from acts and frames, for `llm.desk.money_training` to learn from.

They teach what the written examples have too few of: that each act commits in some frames and in others (denied, open, asked of somebody, recorded,
done by others) does not.
"""

from collections.abc import Iterator

from llm.language import CHINESE, ENGLISH

# base form|participle|object; an object that begins with "you" has no passive here.
_ACTS_EN = """
refund|refunded|the 30 dollars
refund|refunded|the fee for order K-14
refund|refunded|you USD 20 for the order
credit|credited|15 euros to your balance
credit|credited|your account
waive|waived|the storage fee
waive|waived|your commission
lift|lifted|the penalty
lift|lifted|the hold on your payout
remove|removed|the four points
remove|removed|that strike
release|released|your payout
release|released|the reserve
cover|covered|the return postage
bear|borne|the cost of the repair
cancel|cancelled|the invoice
cancel|cancelled|the fine
raise|raised|your withdrawal limit
reverse|reversed|the deduction
pay|paid|you for the lost parcel
pay|paid|the buyer
pay out|paid out|your earnings
compensate|compensated|you for the lost sales
reimburse|reimbursed|you for the mugs
send|sent|you a voucher of USD 10
give|given|you a discount
grant|granted|your claim over 80 dollars
approve|approved|your appeal
take off|taken off|the surcharge
write off|written off|the debt
reduce|reduced|your commission
give back|given back|the chargeback fee
drop|dropped|the penalty
return|returned|the money
split|split|the loss
make good|made good|the damage
""".strip().splitlines()
_COMMITS_EN = """
We will {b} {o}.
We'll {b} {o}.
I'll {b} {o} today.
I have {p} {o}.
We have just {p} {o}.
I am happy to {b} {o}.
We have decided to {b} {o}.
The marketplace will {b} {o}.
Our team is going to {b} {o}.
It was our mistake, and we will {b} {o}.
Send me the receipt and I {b} {o}.
Finance agreed, so we {b} {o}.
We don't usually do so, but this time I {b} {o}.
We promise to {b} {o}.
We can {b} {o}, and we will.
{O} has been {p}.
{O} has just been {p} for you.
{O} will be {p} tomorrow.
{O} is {p}.
""".strip().splitlines()
_DOES_NOT_EN = """
We can't {b} {o}.
We cannot {b} {o}, I am sorry.
We will not {b} {o}.
I am not able to {b} {o}.
If the reviewer agrees, we {b} {o}.
Once the scan is confirmed, we may {b} {o}.
You asked us to {b} {o}.
You want us to {b} {o}, and I noted it.
I have asked payments to {b} {o}; you will have their answer by Friday.
I recommended to {b} {o}, but nothing is decided.
Whether we {b} {o} is for the reviewer to decide.
A person decides within 5 business days whether to {b} {o}.
Nobody has promised to {b} {o}.
The desk may not promise to {b} {o}.
The carrier will {b} {o}.
Would you like us to {b} {o}?
You can {b} {o} from the order page.
Please {b} {o} yourself.
We will check whether we should {b} {o}.
We will look into whether to {b} {o}.
Your wish that we {b} {o} is with a colleague.
Under the rules, sellers {b} {o} themselves.
{O} was {p} on 4 May.
{O} has not been {p}.
{O} is {p} when an appeal succeeds.
Our records show that {o} was {p} on 9 March.
The carrier says that {o} was {p}.
You wrote that {o} must be {p}.
{O} can be {p} only after the decision.
If your appeal succeeds, {o} will be {p}.
""".strip().splitlines()
# verb|object; the object comes after the verb, or before it with 已, 会 and the like.
_ACTS_ZH = """
退还|那 30 美元
退还|这单的费用
退给您|20 美元
退款|20 美元
记入余额|15 欧元
补偿您|15 美元
免除|仓储费
免掉|您的佣金
撤销|您的处罚
取消|这次罚款
去掉|那四分
解除|货款的冻结
放出|您的货款
释放|预留款
承担|退货运费
承担|维修费用
作废|那张账单
提高|您的提现额度
冲回|那笔扣款
赔付|丢失的包裹
赔偿|您的损失
付给买家|这笔钱
发放|一张 10 美元的券
批准|您 80 美元的追偿
通过|您的申诉
减免|附加费
核销|这笔欠款
降低|您的费率
退回|拒付手续费
返还|这笔钱
补足|差额
提前结算|您的货款
""".strip().splitlines()
_COMMITS_ZH = """
我们会{b}{o}。
我们将为您{b}{o}。
我今天就{b}{o}。
我已经{b}{o}。
我们刚刚{b}了{o}。
我们决定{b}{o}。
平台会{b}{o}。
我们愿意{b}{o}。
这是我们的错，我们{b}{o}。
收据发来，我就{b}{o}。
财务同意了，我们{b}{o}。
按理不行，这次我给您{b}{o}。
我保证{b}{o}。
{o}已{b}。
{o}已经为您{b}。
{o}明天会{b}。
{o}我们{b}。
""".strip().splitlines()
_DOES_NOT_ZH = """
我们无法{b}{o}。
我们不能{b}{o}，很抱歉。
我们不会{b}{o}。
审核员同意的话，我们才{b}{o}。
核实之后可能会{b}{o}。
您要求我们{b}{o}。
您希望{b}{o}，我已记下。
我已请支付团队{b}{o}，周五前给您答复。
我建议{b}{o}，但还没有决定。
是否{b}{o}，由审核员决定。
人工会在 5 个工作日内裁定是否{b}{o}。
没有人答应过{b}{o}。
客服台不能承诺{b}{o}。
承运商会{b}{o}。
需要我们{b}{o}吗？
您可以在订单页{b}{o}。
请您自行{b}{o}。
我们会核对是否应该{b}{o}。
要不要{b}{o}，同事会答复您。
按规则，由商家{b}{o}。
{o}已于 5 月 4 日{b}。
{o}尚未{b}。
申诉成功的，{o}会{b}。
记录显示{o} 3 月 9 日已{b}。
承运商说{o}已{b}。
您来信说{o}应当{b}。
{o}要裁定之后才能{b}。
如果申诉成功，{o}会{b}。
""".strip().splitlines()


def plain_sentences(language: str) -> Iterator[tuple[str, bool]]:
    """Each act in each frame that it fits, and whether that commits money."""
    acts = [tuple(line.split("|")) for line in (_ACTS_ZH if language == CHINESE else _ACTS_EN)]
    frames = {ENGLISH: (_COMMITS_EN, _DOES_NOT_EN), CHINESE: (_COMMITS_ZH, _DOES_NOT_ZH)}[language]
    for commits, of_kind in zip((True, False), frames, strict=True):
        for frame in of_kind:
            yield from ((text, commits) for act in acts if (text := _filled(frame, act, language)))


def _filled(frame: str, act: tuple[str, ...], language: str) -> str:
    thing = act[-1]
    if language == CHINESE:
        return frame.format(b=act[0], o=thing)
    if "{O}" in frame and thing.startswith("you "):
        return ""
    return frame.format(b=act[0], p=act[1], o=thing, O=thing[0].upper() + thing[1:])
