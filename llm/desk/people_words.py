"""Names of people, shops and places that the tagger of people learns from, many of them made. Deals by a seeded generator."""

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

from llm.people_rules import words
from llm.tagger import FAMILIES, GIVEN

PLACES_OF_WORDS = Path(__file__).resolve().parents[2] / "data" / "corpus" / "private"
_FAMILIES, _GIVEN = "".join(sorted(FAMILIES)), "".join(sorted(GIVEN))
_RARE_FAMILIES = (
    "厍仝佘刁冼覃瞿栾翟解查单植容滕段兰霍荀蔺褚臧辜麦古巫幸茅敖隆尤巩鞠阚晏苑苗逄亓郗宓郦鄢邰仇亢乜么逯缪麻阮操牧农屈桑甘景宫岳池原和"
    "东方"
)
_COMPOUND = words(
    "欧阳 司马 上官 皇甫 诸葛 东方 夏侯 尉迟 令狐 慕容 司徒 钟离 单于 宇文 长孙 公孙 轩辕 端木 南宫 西门 独孤 百里"
)
_SOUNDS = words(
    "阿 艾 巴 贝 比 布 查 达 丹 德 迪 多 菲 弗 格 古 哈 海 赫 吉 加 卡 凯 科 克 库 拉 莱 兰 雷 丽 利 琳 路 罗 洛 马 玛 麦 曼 米 莫 娜 纳 妮 诺 帕 佩 皮 奇 乔 瑞 萨 塞 莎 斯 塔 泰 特 汤 托 瓦 维 温 希 西 谢 雅 亚 伊 依 尤 詹 珍 朱 佐 娅 蒂 尔 姆 森 顿 奥 恩"
)
_UYGHUR = words(
    "艾合买提 买买提 古丽 古丽米热 古丽娜尔 阿依古丽 阿迪力 热依木 吐尔逊 努尔兰 艾山 玉素甫 帕提古丽 阿布都拉 阿布都热合曼 迪丽娜尔 肉孜 库尔班 热娜 阿依夏木 巴特尔 斯琴 其其格 乌日娜 格日勒 高娃 那仁 孟和 苏日娜 扎西 卓玛 次仁 旺堆 拉姆 央金 达瓦 尼玛 格桑 多吉 平措 白玛"
)
_STEPPE = words(
    "阿依 古丽 努尔 夏提 迪丽 尼亚 孜 买 提 热 木 江 别克 哈 娜扎 米 娅 合 力 克 达 吾 尔 巴图 其木格 图雅 敖登 呼格 吉勒 白 玛 央 宗 旦 增 曲 珍 仁 青 罗布 顿珠"
)
_GUESTS = words(
    "玛丽 安娜 玛格丽特 伊丽莎白 凯瑟琳 索菲亚 娜塔莎 卡佳 艾米丽 艾玛 露西 海伦 简妮 朱莉 苏珊 莉莉安 维多利亚 克里斯蒂娜 丹妮拉 伊莎贝拉 汤姆 杰克 约翰 迈克 大卫 彼得 保罗 亚历山大 伊万 谢尔盖 弗拉基米尔 尼古拉 安德烈 "
    "马克西姆 皮埃尔 弗朗索瓦 汉斯 马丁 费尔南多 卡洛斯 何塞 迭戈 马里奥 阿卜杜拉 穆罕默德 哈桑 阿里 法蒂玛 阮文雄 黎氏花 颂猜 素拉蓬 苏加诺 拉吉夫 普里娅 金敏俊 朴智恩 田中健一 佐藤美咲 山本惠子 铃木一郎 凯文 艾伦 史蒂文 瑞秋 莫妮卡"
)
_NICK_ENDS = words("哥 姐 叔 婶 嫂 妹 弟 爷 奶 姨 伯 仔 妈")
CITIES = [name.replace("_", " ") for name in words(
    "Hà_Nội Hồ_Chí_Minh TP.HCM Đà_Nẵng Hải_Phòng Cần_Thơ Huế Nha_Trang Đà_Lạt Vũng_Tàu Biên_Hoà Bình_Dương Nghệ_An Thanh_Hoá Bắc_Ninh Jakarta Surabaya Bandung Medan Bekasi Depok Tangerang Semarang Makassar Palembang Yogyakarta Denpasar Malang Bogor Batam "
    "Kuala_Lumpur Shah_Alam Petaling_Jaya Johor_Bahru Penang Ipoh Melaka Kuching Seremban Klang George_Town Selangor Johor Manila Quezon_City Makati Taguig Pasig Cebu Davao Baguio Iloilo Cavite Laguna Bulacan Pampanga Batangas Bangkok Chiang_Mai Phuket Pattaya Nonthaburi "
    "São_Paulo Rio_de_Janeiro Belo_Horizonte Salvador Recife Curitiba Campinas Porto_Alegre Fortaleza Brasília Goiânia Manaus Belém Santos Florianópolis Niterói Shanghai Beijing Shenzhen Guangzhou Hangzhou Ningbo Yiwu Chengdu Wuhan Nanjing Suzhou Xiamen Qingdao Tianjin Chongqing "
    "Dongguan Foshan Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Hawaii Idaho Illinois Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri Montana Nebraska Nevada New_Hampshire New_Jersey "
    "New_Mexico New_York North_Carolina Ohio Oklahoma Oregon Pennsylvania Rhode_Island South_Carolina Tennessee Texas Utah Vermont Wisconsin Wyoming Ontario Quebec Alberta Manitoba Saskatchewan Queensland Tasmania Yorkshire Kent Surrey Essex Cornwall Bavaria Andalusia Tuscany"
)]  # fmt: skip
"""Cities, states and counties beside those of Unicode CLDR."""

_SHOP_ENDS = words(
    "家居 茶业 旗舰店 食品 陶艺 手作 服饰 母婴 五金 电器 图书 花艺 皮具 银饰 农产 渔具 布艺 文具 玩具 数码 酒业 药房 小铺 工坊 商行 百货 烘焙"
)
_SHOP_WORDS = words(
    "Amber Harbour Willow Copper Maple Velvet Lantern Cedar Marble Juniper Saffron Pelican Meadow Orchid Granite Heron Ivory Clover Falcon Linen Coral Thistle Birch Ember Quill Sparrow Tulip Walnut Indigo Moss"
)
_SHOP_KINDS = words(
    "Pottery Candles Supply Crafts Goods Studio Textiles Books Tools Foods Toys Jewels Garden Outfitters Bakery Coffee Ceramics Lighting Leather Prints Trading Store Collective Works"
)


CHINESE_LOCALES = frozenset({"zh_CN", "own_zh"})
_ENGLISH = words("en_US en_GB en_IN en_NG")
_OF_LANGUAGE = {
    "pt": ["pt_BR", "own_br"], "id": ["id_ID", "own_id"], "ms": ["own_ms", "own_ms", "own_hk", "own_id"], "vi": ["vi_VN", "vi_VN", "own_vi"], "ph": ["own_ph", "own_ph", "es_MX"],
}  # fmt: skip


@cache
def names() -> dict[str, tuple[list[str], list[str]]]:
    """Given and family names by locale, from Faker's lists; those that begin with `own_` are written by hand, Chinese given names from jieba's dictionary."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in (PLACES_OF_WORDS / "names.tsv").read_text("utf-8").splitlines():
        locale, part, listed = line.split("\t")
        found.setdefault(locale, {})[part] = listed.split(" | ")
    return {locale: (parts["given"], parts["family"] or parts["given"]) for locale, parts in found.items()}


class Words:
    """Deals names and what isn't either, in the forms that people write them in."""

    def __init__(self, deal: random.Random, places: dict[bool, list[str]], common: str) -> None:
        self.deal, self._places, self._common = deal, places, common
        self._locales = [
            name for name in names() if name not in {*CHINESE_LOCALES, "th_TH", "ru_RU", "uk_UA", "el_GR", "bg_BG"}
        ]
        self._own = [name for name in self._locales if name.startswith("own_")]

    def pick(self, items: list[str] | str) -> str:
        return self.deal.choice(items)

    def number(self, low: int, high: int) -> str:
        return str(self.deal.randint(low, high))

    # People
    def locale(self, language: str) -> str:
        if language in _OF_LANGUAGE and self.deal.random() < 0.85:
            return self.pick(_OF_LANGUAGE[language])
        turn = self.deal.random()
        return self.pick(_ENGLISH if turn < 0.2 else self._own if turn < 0.5 else self._locales)

    def first(self, language: str) -> str:
        return self.pick(names()[self.locale(language)][0])

    def last(self, language: str) -> str:
        locale = self.locale(language)
        name = self.pick(names()[locale][1])
        turn = self.deal.random()
        if turn < 0.06:
            return f"{self.pick(['van der', 'van', 'de', 'von', 'da', 'dos', 'Al', 'El', 'bin', 'Ní', 'Mac', 'del', 'Van den'])} {name}"
        if turn < 0.12:
            return f"{name}-{self.pick(names()[locale][1])}"
        if turn < 0.15:
            return self.pick(["Al-", "El-", "O’", "O'"]) + name
        return name

    def person(self, language: str) -> str:
        if language == "vi":
            return " ".join(
                [
                    self.pick(names()[locale := self.pick(_OF_LANGUAGE["vi"])][1]),
                    *(self.pick(names()[locale][0]) for _ in range(self.deal.choice((1, 2, 2, 3)))),
                ]
            )
        if language == "ms" and self.deal.random() < 0.6:
            return f"{self.first('ms')} {self.pick(['', self.first('ms') + ' '])}{self.pick(['bin', 'binti', 'bt', 'a/l', 'a/p', 'Abdul'])} {self.last('ms')}"
        first, last = self.first(language), self.last(language)
        turn = self.deal.random()
        forms: list[tuple[float, Callable[[], str]]] = [
            (0.52, lambda: f"{first} {last}"), (0.60, lambda: f"{first} {self.pick('ABCDEFGHJKLMNPRSTW')}. {last}"), (0.64, lambda: f"{first[0]}. {last}"),
            (0.72, lambda: f"{first} {self.first(language)} {last}"), (0.76, lambda: f"{first}-{self.first(language)} {last}"), (0.80, lambda: f"{first} {last} {self.last(language)}"),
            (0.82, lambda: f"{first} \"{self.first(language)}\" {last}"), (0.835, lambda: f"{first[0]}.{self.pick('ABCDEHJKMRST')}. {last}"), (0.845, lambda: f"{last}, {first}"), (0.86, lambda: f"{first} {last}".upper()), (0.87, lambda: f"{first} {last} Jr."),
            (1.01, lambda: first),
        ]  # fmt: skip
        return next(make for share, make in forms if turn < share)()

    def chinese(self) -> str:
        turn = self.deal.random()
        if turn < 0.08:
            return self.minority() if turn < 0.04 else self.transliterated() if turn < 0.055 else self.foreign()
        family = self.family()
        if self.deal.random() < 0.45:
            return family + self.pick(names()[self.pick(["own_zh", "zh_CN"])][0])
        size = self.deal.choice((1, 2, 2, 2)) if len(family) == 1 else self.deal.choice((1, 2))
        return family + "".join(self.given() for _ in range(size))

    def family(self) -> str:
        turn = self.deal.random()
        return (
            self.pick(_COMPOUND) if turn < 0.07 else self.pick(_RARE_FAMILIES) if turn < 0.25 else self.pick(_FAMILIES)
        )

    def given(self) -> str:
        return self.pick(_GIVEN) if self.deal.random() < 0.6 else self.pick(self._common)

    def nick(self) -> str:
        char = self.given() if self.deal.random() < 0.6 else self.family()
        turn = self.deal.random()
        if turn < 0.3:
            return f"小{char}"
        if turn < 0.45:
            return f"老{self.family()}"
        if turn < 0.6:
            return f"阿{char}"
        if turn < 0.8:
            return f"{self.family() if self.deal.random() < 0.6 else char}{self.pick(_NICK_ENDS)}"
        return char * 2 if turn < 0.86 else self.chinese()

    def pinyin(self) -> str:
        """A Chinese name in Latin letters, the family first or last, in the ways it is written."""
        given, family = (self.pick(part) for part in names()[self.pick(["own_pinyin", "own_pinyin", "own_hk"])])
        forms = (
            f"{given} {family}",
            f"{family} {given}",
            f"{family.upper()} {given}",
            f"{family.upper()} {given.upper()}",
            f"{family}, {given}",
            f"{family}{given}",
            f"{family} {given}".casefold(),
        )
        return self.deal.choice(forms)

    def thai(self) -> str:
        """A name in Thai letters, often with the family's."""
        given, family = (self.pick(part) for part in names()["th_TH"])
        return f"{given} {family}" if self.deal.random() < 0.7 else given

    def transliterated(self) -> str:
        if self.deal.random() < 0.3:
            return self.pick(_GUESTS)
        name = "".join(self.deal.sample(_SOUNDS, self.deal.choice((2, 3, 3, 4, 5))))
        return (
            f"{name}·{''.join(self.deal.sample(_SOUNDS, self.deal.choice((2, 3, 4))))}"
            if self.deal.random() < 0.4
            else name
        )

    def minority(self) -> str:
        one = (
            self.pick(_UYGHUR)
            if self.deal.random() < 0.5
            else "".join(self.deal.sample(_STEPPE, self.deal.choice((2, 2, 3))))
        )
        return (
            f"{one}·{self.pick(_UYGHUR)}"
            if self.deal.random() < 0.5
            else one + (self.pick(_UYGHUR) if self.deal.random() < 0.2 else "")
        )

    def foreign(self) -> str:
        if self.deal.random() < 0.35:
            locale = self.pick(["ru_RU", "uk_UA", "el_GR", "bg_BG"])
            return f"{self.pick(names()[locale][0])} {self.pick(names()[locale][1])}"
        return self.person(self.pick(["en", "vi", "ms", "pt"]))

    # What is no person
    def place(self, chinese: bool) -> str:
        return self.pick(self._places[chinese])

    def shop(self, chinese: bool) -> str:
        if chinese:
            start = self.pick(
                [
                    self.chinese(),
                    self.nick(),
                    self.given() + self.given(),
                    self.given() + self.given() + self.given(),
                    self.place(True),
                ]
            )
            return start + (self.pick(_SHOP_ENDS) if self.deal.random() < 0.8 else "")
        last, word, kind = self.last("en"), self.pick(_SHOP_WORDS), self.pick(_SHOP_KINDS)
        forms = [
            f"{word} & {self.pick(_SHOP_WORDS)}", f"{word} {kind}", f"{last} & Sons", f"{last} {kind}", f"{self.first('en')}'s {kind}", f"{last} Ltd", f"{last} & {self.last('en')} Ltd",
            f"The {word} {kind}", f"{self.place(False)} {kind}", f"{word} {kind} GmbH", f"St. {self.first('en')}'s {kind} Co.", f"{self.first('en')} & {word}", f"{last} Trading Pty Ltd",
        ]  # fmt: skip
        return self.pick(forms)

    def brand(self, chinese: bool) -> str:
        if chinese:
            return self.pick(
                [
                    self.chinese(),
                    self.nick(),
                    self.given() + self.given(),
                    self.given() + self.given() + self.given(),
                    self.transliterated(),
                ]
            )
        return self.pick(
            [self.first("en"), self.last("en"), f"{self.first('en')} {self.last('en')}", self.pick(_SHOP_WORDS)]
        )
