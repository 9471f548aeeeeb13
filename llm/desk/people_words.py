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
_NICK_ENDS = words("哥 姐 叔 婶 嫂 妹 弟 爷 奶 姨 伯 仔 妈")
_SHOP_ENDS = words(
    "家居 茶业 旗舰店 食品 陶艺 手作 服饰 母婴 五金 电器 图书 花艺 皮具 银饰 农产 渔具 布艺 文具 玩具 数码 酒业 药房 小铺 工坊 商行 百货 烘焙"
)
_SHOP_WORDS = words(
    "Amber Harbour Willow Copper Maple Velvet Lantern Cedar Marble Juniper Saffron Pelican Meadow Orchid Granite Heron Ivory Clover Falcon Linen Coral Thistle Birch Ember Quill Sparrow Tulip Walnut Indigo Moss"
)
_SHOP_KINDS = words(
    "Pottery Candles Supply Crafts Goods Studio Textiles Books Tools Foods Toys Jewels Garden Outfitters Bakery Coffee Ceramics Lighting Leather Prints Trading Store Collective Works"
)


@cache
def names() -> dict[str, tuple[list[str], list[str]]]:
    """Given and family names by locale, from Faker's lists."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in (PLACES_OF_WORDS / "names.tsv").read_text("utf-8").splitlines():
        locale, part, listed = line.split("\t")
        found.setdefault(locale, {})[part] = listed.split(" | ")
    return {locale: (parts["given"], parts["family"] or parts["given"]) for locale, parts in found.items()}


class Words:
    """Deals names and what isn't either, in the forms that people write them in."""

    def __init__(self, deal: random.Random, places: dict[bool, list[str]], common: str) -> None:
        self.deal, self._places, self._common = deal, places, common
        self._locales = [name for name in names() if name not in {"zh_CN", "th_TH", "ru_RU", "uk_UA", "el_GR", "bg_BG"}]

    def pick(self, items: list[str] | str) -> str:
        return self.deal.choice(items)

    def number(self, low: int, high: int) -> str:
        return str(self.deal.randint(low, high))

    # People
    def locale(self, language: str) -> str:
        own = {"pt": "pt_BR", "id": "id_ID", "ms": "id_ID", "vi": "vi_VN"}.get(language)
        if own and self.deal.random() < 0.85:
            return own
        if language == "ph" and self.deal.random() < 0.7:
            return "es_MX"
        return (
            self.pick(["en_US", "en_GB", "en_IN", "en_NG"]) if self.deal.random() < 0.25 else self.pick(self._locales)
        )

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
                    self.pick(names()["vi_VN"][1]),
                    *(self.pick(names()["vi_VN"][0]) for _ in range(self.deal.choice((1, 2, 2, 3)))),
                ]
            )
        if language == "ms" and self.deal.random() < 0.6:
            return f"{self.first('id')} {self.pick(['bin', 'binti', 'a/l', 'Abdul'])} {self.first('id')}"
        first, last = self.first(language), self.last(language)
        turn = self.deal.random()
        forms: list[tuple[float, Callable[[], str]]] = [
            (0.52, lambda: f"{first} {last}"), (0.60, lambda: f"{first} {self.pick('ABCDEFGHJKLMNPRSTW')}. {last}"), (0.64, lambda: f"{first[0]}. {last}"),
            (0.72, lambda: f"{first} {self.first(language)} {last}"), (0.76, lambda: f"{first}-{self.first(language)} {last}"), (0.80, lambda: f"{first} {last} {self.last(language)}"),
            (0.82, lambda: f"{first} \"{self.first(language)}\" {last}"), (0.86, lambda: f"{first} {last}".upper()), (0.87, lambda: f"{first} {last} Jr."),
            (1.01, lambda: first),
        ]  # fmt: skip
        return next(make for share, make in forms if turn < share)()

    def chinese(self) -> str:
        turn = self.deal.random()
        if turn < 0.08:
            return self.minority() if turn < 0.04 else self.transliterated() if turn < 0.055 else self.foreign()
        family = self.family()
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

    def transliterated(self) -> str:
        name = "".join(self.deal.sample(_SOUNDS, self.deal.choice((2, 3, 3, 4, 5))))
        return (
            f"{name}·{''.join(self.deal.sample(_SOUNDS, self.deal.choice((2, 3, 4))))}"
            if self.deal.random() < 0.4
            else name
        )

    def minority(self) -> str:
        one = self.pick(_UYGHUR)
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
