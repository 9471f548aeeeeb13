"""Twelve merchants a language who ask about selling by live video, which no article covers, each in words of their own."""

LIVE_EN = (
    "Can our shop sell through a live video show on the marketplace?",
    "How do I apply to host a live stream where viewers can buy our products?",
    "We would like to run live shopping streams. Is that possible for small shops?",
    "Do you offer live video selling, and what equipment does a host need?",
    "Which shops are allowed to go live and show products on video to viewers?",
    "Is there a fee for hosting a live stream with our products in it?",
    "My competitor sells by live video. How can my shop open a live channel too?",
    "Can an influencer host the live stream for our shop, or must we host it?",
    "How long may a live show last, and can viewers buy during the stream?",
    "Please tell me where to schedule a live video show for our new products.",
    "Are live streams recorded, so that viewers can watch the show and buy later?",
    "What are the rules for selling products in a live stream on your platform?",
)
LIVE_ZH = (
    "请问我们店铺可以开直播卖货吗？",
    "怎么申请直播间？想在直播里卖我们的商品。",
    "小店能不能开通直播带货？",
    "你们平台有直播功能吗？主播需要什么设备？",
    "哪些店铺可以开直播，在直播间展示商品？",
    "开直播卖货要收费用吗？",
    "同行都在直播带货，我们店怎么开通直播间？",
    "可以请主播来我们店直播带货吗，还是必须自己直播？",
    "一场直播最长多久，观众能在直播间下单吗？",
    "在哪里预约直播场次？想直播卖新品。",
    "直播有回放吗？观众之后还能看直播下单吗？",
    "在平台直播带货有哪些规定？",
)
REPLY_EN = "Live shows are being tried with 20 shops; we have put you on the waiting list. Call me at +44 20 7946 0958."
