"""The sentences in which a reply tells what the records say, in both languages. Decides nothing."""

from llm.language import CHINESE, ENGLISH

FAULTS = {
    "seller": {ENGLISH: "the merchant", CHINESE: "商家"},
    "carrier": {ENGLISH: "the carrier", CHINESE: "承运商"},
    "buyer": {ENGLISH: "the buyer", CHINESE: "买家"},
    "platform": {ENGLISH: "the platform", CHINESE: "平台"},
}
WORDS = {
    "placed": {ENGLISH: "was placed on {}", CHINESE: "于{}下单"},
    "cancelled": {ENGLISH: "cancelled on {}", CHINESE: "{}取消"},
    "shipped": {ENGLISH: "handed to {carrier} on {}", CHINESE: "{}交给{carrier}"},
    "delivered": {ENGLISH: "delivered on {}", CHINESE: "{}签收"},
    "carrier": {ENGLISH: "the carrier", CHINESE: "承运商"},
    "deliver by": {ENGLISH: "the promised day {} {}", CHINESE: "承诺送达日为{1}"},
    "deliver by time": {ENGLISH: "the promised time was {} that day ({})", CHINESE: "承诺送达时间为当日 {}（{}）"},
    "deliver by past": {ENGLISH: "the promised day, {1}, has passed", CHINESE: "承诺送达日{1}已过"},
    "open": {ENGLISH: "our records show no delivery so far", CHINESE: "目前没有签收记录"},
    "late": {ENGLISH: "Order {} is recorded as late, with {} as the cause.", CHINESE: "订单 {} 记录为延误，原因记在{}一方。"},
    "late otherwise": {ENGLISH: "Order {} is recorded as late, with {} as the cause, so it is not counted as late through the merchant.", CHINESE: "订单 {} 记录为延误，原因记在{}一方，因此不计为商家责任延误。"},
    "left out": {ENGLISH: "This ticket names {} as well, which this answer does not go into.", CHINESE: "本工单还提到 {}，本次答复未涉及。"},
    "settlements": {
        ENGLISH: "By the delivery days and the payout rules, the days of settlement are these, unless the payout page names a hold: {}.",
        CHINESE: "按签收日和结算规则，各订单的结算日如下，打款页面写明暂缓原因的除外：{}。",
    },
    "settlements more": {
        ENGLISH: "By the same rules, and with the same exception: {}.",
        CHINESE: "按同样的规则，暂缓的同样除外：{}。",
    },
    "settlements each": {ENGLISH: "{} {} (transfer by {})", CHINESE: "{} {}（最晚{}到账）"},
    "refund": {ENGLISH: "Our records show a refund of {} for order {}, dated {}.", CHINESE: "记录显示，订单 {1} 于{2}有一笔 {0} 的退款。"},
    "no refund": {ENGLISH: "Our records show no refund for order {} so far.", CHINESE: "记录中目前没有订单 {} 的退款。"},
    "chargeback": {ENGLISH: "A chargeback on order {} is on record from {}.", CHINESE: "记录显示，订单 {} 于{}收到拒付通知。"},
    "settlement": {
        ENGLISH: "By the delivery day and the payout rules, order {} settles on {}, and the transfer takes until {} at most, unless the payout page names a hold.",
        CHINESE: "按签收日和结算规则，订单 {} 的结算日为{}，银行到账最晚为{}，打款页面写明暂缓原因的除外。",
    },
    "settlement past": {
        ENGLISH: "By the delivery day and the payout rules, order {} was to settle on {}, and the transfer was to arrive by {} at the latest, unless the payout page names a hold.",
        CHINESE: "按签收日和结算规则，订单 {} 的结算日原为{}，银行到账最晚应为{}，打款页面写明暂缓原因的除外。",
    },
    "evidence past": {ENGLISH: "The period for evidence on the chargeback of order {} ended on {}.", CHINESE: "订单 {} 拒付的举证期限已于{}截止。"},
    "no payouts": {ENGLISH: "Our records hold orders, refunds and penalties but no payouts, so the payout page tells the state of each transfer.", CHINESE: "记录里有订单、退款和处罚，没有打款，每笔打款的状态以打款页面为准。"},
    "nothing": {ENGLISH: "Our records hold orders, refunds, penalties and scores, and nothing on this matter.", CHINESE: "记录里有订单、退款、处罚和信任分，没有与此事有关的内容。"},
    "possible": {ENGLISH: "Your message names no order; by our records it may be about {}: please tell us which one you mean.", CHINESE: "您未写明订单号；从记录看，可能涉及 {}，请告知是哪一笔。"},
    "possible late": {ENGLISH: "{} (promised for {}, and late)", CHINESE: "{}（承诺{}送达，已延误）"},
    "possible refund": {ENGLISH: "{} (return asked for on {}, no refund then)", CHINESE: "{}（{}申请退货，当时未退款）"},
    "possible dispute": {ENGLISH: "{} (dispute opened on {}, not decided then)", CHINESE: "{}（{}发起纠纷，当时未裁定）"},
    "unknown": {ENGLISH: "Our records of this shop hold no order {}; please check the number.", CHINESE: "该店铺的记录中没有订单 {}，请核对订单号。"},
    "lifted": {ENGLISH: "Our records show that the penalty under clause {} was lifted on {}.", CHINESE: "记录显示，条款 {} 的处罚自{}起撤销。"},
    "decided": {ENGLISH: "The decision on this penalty stands in our earlier message under this ticket.", CHINESE: "该处罚的裁定见我们此前在本工单中的回复。"},
    "in time": {ENGLISH: "Your message of {} came within the appeal period, which ran until {}.", CHINESE: "您{}的来信在申诉期限内，该期限至{}为止。"},
    "ended": {ENGLISH: "The period for appealing this penalty ended on {}.", CHINESE: "该处罚的申诉期限已于{}截止。"},
    "too late": {ENGLISH: "The appeal period ran until {}, and your first message is of {}; the reviewer decides whether a late appeal is heard.", CHINESE: "申诉期限至{}为止，您的首条消息发于{}；逾期申诉是否受理由审理人员决定。"},
}  # fmt: skip
