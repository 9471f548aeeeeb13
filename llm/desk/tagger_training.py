"""Training of the tagger of names from the corpus' marks, and what the product then finds on threads that it never saw. Slow: minutes.

Names and places in a few hundred threads are few, so each text that holds some is learnt again with others in their stead.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from zoneinfo import available_timezones

import numpy as np
from babel import Locale
from scipy.sparse import vstack
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import SGDClassifier

from llm.desk.corpus import CorpusThread, Mark, Marked
from llm.desk.evaluate import interval
from llm.desk.prompt import flat
from llm.desk.slots import known_names, places
from llm.language import CHINESE, ENGLISH, is_chinese
from llm.tagger import BUCKETS, FAMILIES, GIVEN, KINDS, LABELS, NameTagger, Tagged, features_of, words_of

COPIES = 4
SWAPPED = 0.8
PENALTY = 2e-6
EPOCHS = 8
KEPT_IN = 3
LEAST = 0.5
LEAST_PRECISION = 0.9
"""A kind's least confidence is the lowest, from LEAST on, at which so many of its names are names on the scenarios kept for choosing."""

_GIVEN_ORDERED = "".join(sorted(GIVEN))
_FAMILIES_ORDERED = "".join(sorted(FAMILIES))
_SPOKEN = (
    "我叫{}。",
    "我是{}",
    "您好，我是{}，请问",
    "联系人{}，电话",
    "联系人：{}",
    "负责人：{}",
    "客服{}说",
    "你们客服{}答应的",
    "同事{}已经发了",
    "老板{}在吗",
    "买家{}要求退款",
    "收件人{}",
    "{}敬上",
    "此致敬礼\n{}",
    "谢谢！\n{}",
    "盼复。\n{}",
    "祝好\n{}",
    "\n{}",
    "{}：\n您好",
    "{}您好，",
    "请{}回电",
    "是{}让我来问的",
    "找{}处理",
    "由{}签收",
    "值班的{}",
    "运营{}",
    "财务{}",
    "我姓{}",
    "跟{}说过了",
    "有个叫{}的",
    "名叫{}，",
    "——{}",
    "{}（店长）",
    "店主{}",
    "有限公司 {}",
    "{}，多谢",
)
"""Where a Chinese name stands: the threads hold too few of them to learn it from these alone."""

SPOKEN_COPIES = 90
_TITLES = ("", "", "", "", "先生", "女士", "姐", "哥", "师傅", "经理", "老师", "工", "总")
_CHINESE_PLACES = (
    "北京 上海 天津 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 "
    "广州 深圳 东莞 佛山 珠海 中山 惠州 汕头 湛江 潮州 揭阳 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 义乌 台州 衢州 丽水 舟山 南京 苏州 无锡 常州 南通 徐州 扬州 镇江 盐城 昆山 常熟 合肥 芜湖 安庆 黄山 "
    "阜阳 福州 厦门 泉州 漳州 莆田 晋江 南昌 景德镇 赣州 九江 济南 青岛 烟台 潍坊 临沂 威海 淄博 郑州 洛阳 开封 南阳 许昌 武汉 宜昌 襄阳 荆州 长沙 株洲 湘潭 衡阳 岳阳 南宁 桂林 柳州 百色 海口 三亚 "
    "成都 绵阳 宜宾 泸州 乐山 自贡 贵阳 遵义 昆明 大理 丽江 拉萨 西安 咸阳 宝鸡 汉中 兰州 天水 敦煌 西宁 银川 乌鲁木齐 喀什 伊犁 石家庄 保定 唐山 邯郸 太原 大同 沈阳 大连 鞍山 长春 哈尔滨 齐齐哈尔 大庆 "
    "呼和浩特 包头 赤峰 台北 高雄 华东 华南 华北 华中 西南 西北 东北 长三角 珠三角 江浙沪 胶东 皖南 皖北 粤东 粤西 苏北 苏南 川西 闽南 浦东 朝阳 海淀 番禺 南山 滨江 虹桥"
)


@dataclass(frozen=True)
class Found:
    """What was found of one kind in one language: shares 0–1 with the 95 % interval of a bootstrap over threads."""

    language: str
    kind: str
    marked: int
    recall: tuple[float, float, float]
    tagged: int
    precision: tuple[float, float, float]

    def to_json(self) -> dict[str, object]:
        """The fields, intervals apart."""
        found: dict[str, object] = {"language": self.language, "kind": self.kind}
        for name, n in (("recall", self.marked), ("precision", self.tagged)):
            value, low, high = (round(share, 3) for share in getattr(self, name))
            found |= {f"{name}_n": n, name: value, f"{name}_ci_low": low, f"{name}_ci_high": high}
        return found


def listed_places() -> frozenset[str]:
    """Countries and cities of CLDR in both languages, the time zones' cities, and larger Chinese cities and regions."""
    found = {zone.rpartition("/")[2].replace("_", " ") for zone in available_timezones() if "/" in zone}
    for tag in ("en", "zh_Hans"):
        locale = Locale.parse(tag)
        found.update(name for code, name in locale.territories.items() if len(code) == 2)
        found.update(str(zone["city"]) for zone in locale.time_zones.values() if zone.get("city"))
    found.update(_CHINESE_PLACES.split())
    return frozenset(name for name in found if len(name) > 1)


def marked_texts(thread: CorpusThread) -> Iterator[Marked]:
    """All marked texts of a thread."""
    yield from thread.messages
    yield from thread.facts
    yield from (sentence.marked for sentence in thread.summary)
    yield from (sentence.marked for reply in thread.replies for sentence in reply.sentences)


def train_tagger(threads: Sequence[CorpusThread], seed: int = 1, spoken: int = SPOKEN_COPIES) -> NameTagger:
    """A tagger from the threads that are not held out, and `spoken` times the made sentences; its least confidences are chosen on a third of their scenarios, by one that has
    not seen these."""
    open_ = [thread for thread in threads if not thread.is_held_out]
    chosen_on = [thread for thread in open_ if _is_kept(thread)]
    first = _fitted([thread for thread in open_ if not _is_kept(thread)], seed, spoken)
    tagger = _fitted(open_, seed, spoken)
    tagger.least = _least(first, chosen_on)
    return tagger


def _is_kept(thread: CorpusThread) -> bool:
    return int(sha256(f"tagger {thread.scenario}".encode()).hexdigest(), 16) % KEPT_IN == 0


def _fitted(threads: Sequence[CorpusThread], seed: int, spoken: int) -> NameTagger:
    deal = random.Random(seed)
    listed = listed_places()
    stock = _Stock(threads, listed, deal)
    hasher = FeatureHasher(BUCKETS, input_type="string", alternate_sign=False)
    rows, labels = [], []
    for text in (*stock.spoken(spoken), *(version for thread in threads for version in stock.versions(thread))):
        words = words_of(text.text)
        if words:
            rows.append(hasher.transform(features_of(words, listed)))
            labels += labels_of(text)
    model = SGDClassifier(loss="log_loss", alpha=PENALTY, max_iter=EPOCHS, tol=None, average=True, random_state=seed)
    model.fit(vstack(rows), np.array(labels))
    order = [list(model.classes_).index(n) for n in range(len(LABELS))]
    return NameTagger(model.coef_[order].T, model.intercept_[order], listed, dict.fromkeys(KINDS, 0.5))


def labels_of(text: Marked) -> list[int]:
    """The label of each word, as its place among LABELS."""
    found = []
    marks = [mark for mark in text.marks if mark.type in KINDS]
    for word in words_of(text.text):
        mark = next((m for m in marks if m.start < word.end and word.start < m.end), None)
        part = "B" if mark and word.start <= mark.start else "I"
        found.append(LABELS.index(f"{part}-{mark.type}") if mark else 0)
    return found


class _Stock:
    """Names to put in the stead of others, by language and kind: those of the threads, and made ones."""

    def __init__(self, threads: Iterable[CorpusThread], listed: Iterable[str], deal: random.Random) -> None:
        self._deal = deal
        self._held: dict[tuple[bool, str], list[str]] = {(zh, kind): [] for zh in (True, False) for kind in KINDS}
        self._nameless = [""]
        for thread in threads:
            for text in marked_texts(thread):
                if is_chinese(text.text) and not text.marks:
                    self._nameless.append(text.text)
                for mark in text.marks:
                    if mark.type in KINDS:
                        self._held[is_chinese(mark.text), mark.type].append(mark.text)
        for name in sorted(listed):
            self._held[is_chinese(name), "place"].append(name)

    def versions(self, thread: CorpusThread) -> Iterator[Marked]:
        """The texts of a thread, and those with names again with other names."""
        for text in marked_texts(thread):
            yield text
            if any(mark.type in KINDS for mark in text.marks):
                yield from (self.swapped(text) for _ in range(COPIES))

    def spoken(self, copies: int) -> Iterator[Marked]:
        """Made Chinese names where such stand, between sentences that hold none."""
        for frame in _SPOKEN * copies:
            name, before = self._made(), self._deal.choice(self._nameless)
            at = len(before) + frame.index("{}")
            after = "" if frame.endswith("{}") and self._deal.random() < 0.5 else self._deal.choice(self._nameless)
            yield Marked(f"{before}{frame.format(name)}{after}", (Mark(at, at + len(name), "name", name),))

    def swapped(self, text: Marked) -> Marked:
        """The text with other names in most places, each still marked."""
        pieces, marks, at, length = [], [], 0, 0
        for mark in text.marks:
            said = self._other(mark) if mark.type in KINDS and self._deal.random() < SWAPPED else mark.text
            between = text.text[at : mark.start]
            start = length + len(between)
            length = start + len(said)
            pieces += [between, said]
            marks.append(Mark(start, length, mark.type, said))
            at = mark.end
        return Marked("".join([*pieces, text.text[at:]]), tuple(marks))

    def _other(self, mark: Mark) -> str:
        chinese = is_chinese(mark.text)
        if chinese and mark.type == "name" and self._deal.random() < 0.7:
            return self._made()
        return self._deal.choice(self._held[chinese, mark.type] or [mark.text])

    def _made(self) -> str:
        family, given = (
            self._deal.choice(_FAMILIES_ORDERED),
            "".join(self._deal.choices(_GIVEN_ORDERED, k=self._deal.choice((1, 2, 2)))),
        )
        called = f"{self._deal.choice('小老阿')}{self._deal.choice(_FAMILIES_ORDERED + _GIVEN_ORDERED)}"
        titled = f"{family}{self._deal.choice(_TITLES[4:])}"
        return self._deal.choices((f"{family}{given}", called, titled), weights=(5, 3, 2))[0]


def _least(tagger: NameTagger, threads: Sequence[CorpusThread]) -> dict[str, float]:
    found = [
        (tag, _is_marked(text, tag))
        for t in threads
        for text in marked_texts(t)
        for tag in tagger.tag(text.text, LEAST)
    ]
    chosen = {}
    for kind in KINDS:
        these = sorted(((tag.confidence, right) for tag, right in found if tag.kind == kind), reverse=True)
        rights = np.cumsum([right for _, right in these]) / np.arange(1, len(these) + 1)
        good = [confidence for (confidence, _), share in zip(these, rights, strict=True) if share >= LEAST_PRECISION]
        chosen[kind] = max(LEAST, min(good, default=LEAST))
    return chosen


def _is_marked(text: Marked, tag: Tagged) -> bool:
    """Whether the words that were tagged are marked as a name of whatever kind."""
    return any(m.start <= tag.start and tag.end <= m.end for m in text.marks if m.type in {*KINDS, "contact"})


def found_by(threads: Sequence[CorpusThread]) -> Iterator[Found]:
    """Recall and precision of what the product slots as names in messages, by language: of marked names and places, how many are
    covered; of what is slotted as a name, how much is marked as some name."""
    for language in (ENGLISH, CHINESE):
        recalls: dict[str, list[tuple[str, float]]] = {"name": [], "place": []}
        right: list[tuple[str, float]] = []
        for thread in (t for t in threads if t.language == language):
            known = known_names(zip(thread.fact_names, (fact.text for fact in thread.facts), strict=True))
            for at, text in zip(thread.sent_at, thread.messages, strict=True):
                seen = places(flat(text.text), known, at)
                held = {n for place in seen for n in range(place.start, place.end)}
                for mark in text.marks:
                    if mark.type in recalls:
                        is_held = all(n in held for n in range(mark.start, mark.end) if text.text[n].isalnum())
                        recalls[mark.type].append((thread.thread_id, float(is_held)))
                tags = [Tagged(p.start, p.end, p.type, 1.0) for p in seen if p.type == "name" and p.text not in known]
                right += [(thread.thread_id, float(_is_marked(text, tag))) for tag in tags]
        for kind, these in recalls.items():
            yield Found(language, kind, len(these), interval(these, 1), len(right), interval(right, 1))
