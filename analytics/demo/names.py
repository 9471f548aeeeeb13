"""Names of merchants and titles of products, combined from word lists by category; English and Chinese.

All names are invented by combination; knows nothing of how a merchant behaves.
"""

from __future__ import annotations

import numpy as np

from analytics.demo.world import CATEGORIES, Ints


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Maple Harbor Cedar Golden Bright North Willow Summit Copper River Stone Clear Silver Orchard Blue Field Amber Coast "
    "Juniper Prairie Lantern Oak Velvet Sunny Meadow Granite Crimson Lark Ivory Canyon Misty Hazel Pine Urban Anchor "
    "Clover Ember Falcon Quiet Rustic Saffron Tidal Upper Vista Wander Aspen Birch Coral Drift Echo Fern Grove Heron "
    "Indigo Jasper Kite Linden Mesa Nimble Opal"
)
_SECOND = {
    "Home & Kitchen": "Hearth Table Kitchen Pantry Home Nest House Kettle Spoon Parlor",
    "Electronics": "Circuit Volt Signal Pixel Tech Digital Wave Current Device Audio",
    "Fashion": "Thread Stitch Apparel Loom Wardrobe Tailor Cotton Denim Style Closet",
    "Beauty": "Glow Bloom Skin Petal Beauty Botanica Balm Rose Care Cosmetics",
    "Sports & Outdoors": "Trail Peak Outdoor Ridge Sport Camp Stride Summit Active Gear",
    "Toys & Games": "Play Toy Puzzle Kids Wonder Game Brick Nursery Jolly Hobby",
    "Grocery": "Farm Harvest Foods Provisions Market Grain Table Orchard Organic Larder",
    "Pet Supplies": "Paw Pet Tail Whisker Hound Feather Critter Kennel Companion Stable",
}
_LAST = ("Co.", "Supply", "Goods", "& Sons", "Trading", "Store", "Direct", "Works", "Outlet", "Collective", "Shop")
_ZH_FIRST = _words("云 锦 瑞 和 福 华 星 海 明 远 嘉 泰 安 品 优 悦 润 森 禾 晨 欣 宏 恒 雅 乐 佳 天 新 美 蓝")
_ZH_SECOND = _words("尚 居 源 达 盛 美 隆 成 辰 诚 宜 家 选 林 岚 汇 阁 舟 致 途 朗 谷 川 信 然 佑 宁 年 光 轩")
_ZH_FIELD = {
    "Home & Kitchen": "家居 家纺 厨具 居家日用",
    "Electronics": "数码 电子 智能科技 影音",
    "Fashion": "服饰 女装 男装 鞋包",
    "Beauty": "美妆 护肤 个护 香氛",
    "Sports & Outdoors": "户外 运动 体育用品 露营",
    "Toys & Games": "玩具 母婴玩具 益智 模型",
    "Grocery": "食品 茶叶 粮油 零食",
    "Pet Supplies": "宠物 宠物用品 水族 宠物食品",
}
_ZH_LAST = _words("旗舰店 专营店 专卖店 官方店 商行 贸易 企业店 工厂店")

_GOODS = {
    "Home & Kitchen": (
        "saucepan|chef's knife|duvet cover|storage jar set|table lamp|bath towel set|coffee press|cutting board|throw blanket|wall shelf|baking tray|curtain pair",
        "stainless steel|bamboo|ceramic|linen|cast iron|acacia|washable|stackable|non-stick|hand-finished",
        "炒锅|菜刀|被套|收纳罐套装|台灯|浴巾套装|咖啡壶|砧板|盖毯|置物架|烤盘|窗帘",
        "不锈钢|竹制|陶瓷|亚麻|铸铁|相思木|可水洗|可叠放|不粘|手工",
    ),
    "Electronics": (
        "wireless earbuds|USB-C charger|power bank|desk microphone|webcam|smart plug|Bluetooth speaker|mechanical keyboard|phone case|HDMI cable|fitness band|dash camera",
        "compact|fast-charging|noise-cancelling|waterproof|foldable|20,000 mAh|slim|braided|dual-port|low-latency",
        "无线耳机|快充充电器|充电宝|桌面麦克风|摄像头|智能插座|蓝牙音箱|机械键盘|手机壳|高清线|手环|行车记录仪",
        "便携|快充|降噪|防水|折叠|大容量|超薄|编织|双口|低延迟",
    ),
    "Fashion": (
        "crew-neck sweater|denim jacket|ankle boots|canvas tote|linen shirt|pleated skirt|running socks|wool scarf|leather belt|puffer vest|chino trousers|sun hat",
        "relaxed-fit|organic cotton|slim|vintage-wash|quilted|ribbed|high-waist|lightweight|merino|reversible",
        "圆领毛衣|牛仔外套|短靴|帆布包|亚麻衬衫|百褶裙|运动袜|羊毛围巾|皮带|羽绒马甲|休闲裤|遮阳帽",
        "宽松|有机棉|修身|水洗|绗缝|罗纹|高腰|轻薄|美利奴|双面",
    ),
    "Beauty": (
        "face serum|hand cream|clay mask|lip balm set|shampoo bar|makeup brush set|body lotion|sunscreen SPF 50|eyeshadow palette|perfume spray|nail kit|cleansing oil",
        "hydrating|fragrance-free|vegan|vitamin C|soothing|matte|travel-size|brightening|rosehip|repairing",
        "精华液|护手霜|清洁面膜|润唇膏套装|洗发皂|化妆刷套装|身体乳|防晒霜|眼影盘|香水|美甲套装|卸妆油",
        "补水|无香|纯素|维C|舒缓|哑光|旅行装|提亮|玫瑰果|修护",
    ),
    "Sports & Outdoors": (
        "yoga mat|trekking poles|camping stove|cycling gloves|dry bag|resistance bands|sleeping bag|headlamp|jump rope|water bottle|swim goggles|folding chair",
        "ultralight|insulated|anti-slip|rechargeable|waterproof|extra-long|compact|padded|four-season|quick-dry",
        "瑜伽垫|登山杖|露营炉|骑行手套|防水袋|弹力带|睡袋|头灯|跳绳|水杯|泳镜|折叠椅",
        "超轻|保温|防滑|可充电|防水|加长|便携|加厚|四季|速干",
    ),
    "Toys & Games": (
        "building blocks|wooden train|jigsaw puzzle|plush bear|board game|craft kit|kite|science kit|doll house|marble run|card game|bath toys",
        "120-piece|wooden|magnetic|glow-in-the-dark|classic|1000-piece|travel|soft|educational|family",
        "积木|木制火车|拼图|毛绒熊|桌游|手工材料包|风筝|科学实验套装|娃娃屋|弹珠轨道|纸牌游戏|洗澡玩具",
        "120 片|木制|磁力|夜光|经典|1000 片|旅行装|柔软|益智|家庭",
    ),
    "Grocery": (
        "green tea|coffee beans|mixed nuts|olive oil|dried mango|granola|spice set|honey|rice noodles|dark chocolate|oat cookies|chili sauce",
        "organic|single-origin|roasted|unsalted|cold-pressed|family-size|wild|small-batch|gluten-free|gift-boxed",
        "绿茶|咖啡豆|混合坚果|橄榄油|芒果干|麦片|香料套装|蜂蜜|米粉|黑巧克力|燕麦饼干|辣椒酱",
        "有机|单一产地|烘焙|无盐|冷榨|家庭装|野生|手工|无麸质|礼盒装",
    ),
    "Pet Supplies": (
        "dog leash|cat tree|chew toy|litter mat|pet bed|slow feeder|aquarium filter|grooming brush|carrier bag|salmon treats|bird feeder|training pads",
        "orthopedic|reflective|washable|grain-free|durable|foldable|quiet|extra-large|padded|natural",
        "牵引绳|猫爬架|磨牙玩具|猫砂垫|宠物窝|慢食碗|过滤器|梳毛刷|外出包|三文鱼零食|喂鸟器|训练垫",
        "护脊|反光|可水洗|无谷|耐咬|折叠|静音|加大|加厚|天然",
    ),
}
_SIZES = ("", "small", "large", "set of 2", "set of 4", "grey", "black", "natural")
_ZH_SIZES = ("", "小号", "大号", "两件装", "四件装", "灰色", "黑色", "原色")


def merchant_names(category: Ints, is_chinese: np.ndarray, rng: np.random.Generator) -> list[str]:
    """One distinct name per merchant; category is an index of CATEGORIES, is_chinese gives a Chinese name."""
    names = [""] * len(category)
    for c, spec in enumerate(CATEGORIES):
        second, field = _SECOND[spec.name].split(), _ZH_FIELD[spec.name].split()
        lists = ((_FIRST, second, _LAST), (_ZH_FIRST, _ZH_SECOND, field, _ZH_LAST))
        for chinese, parts in enumerate(lists):
            members = np.flatnonzero((category == c) & (is_chinese == bool(chinese)))
            shape = tuple(len(part) for part in parts)
            picks = np.unravel_index(rng.choice(int(np.prod(shape)), size=len(members), replace=False), shape)
            joint = "" if chinese else " "
            for row, member in enumerate(members):
                names[member] = joint.join(part[pick[row]] for part, pick in zip(parts, picks, strict=True))
    return names


def product_titles(category: Ints, is_chinese: np.ndarray, rng: np.random.Generator) -> list[str]:
    """One title per product, such as 'Bamboo cutting board, large'; titles may repeat between merchants."""
    words = [
        tuple(part.split("|") for part in _GOODS[spec.name]) for spec in CATEGORIES
    ]  # per category: nouns, adjectives, Chinese nouns, Chinese adjectives
    picks = rng.integers(0, 1 << 30, size=(len(category), 3))
    titles = []
    for c, chinese, (i, j, k) in zip(category.tolist(), is_chinese.tolist(), picks.tolist(), strict=True):
        nouns, adjectives, zh_nouns, zh_adjectives = words[c]
        size = k % len(_SIZES)
        if chinese:
            title = zh_adjectives[j % len(zh_adjectives)] + zh_nouns[i % len(zh_nouns)]
            titles.append(f"{title} {_ZH_SIZES[size]}".rstrip())
        else:
            title = f"{adjectives[j % len(adjectives)]} {nouns[i % len(nouns)]}"
            titles.append(title[0].upper() + title[1:] + (f", {_SIZES[size]}" if size else ""))
    return titles
