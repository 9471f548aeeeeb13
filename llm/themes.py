"""Many messages as few issues: by intent, within it by the carrier or clause that they name, and what fits no intent by its words.

Languages meet in the intent and in the thing named, so one issue written in two languages is one theme. Knows no warehouse.
"""

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import normalize

from llm.language import ENGLISH, body, is_chinese, sentences
from llm.privacy import mask
from llm.spans import extract
from llm.summarise import trimmed, undressed
from llm.taxonomy import OTHER, Taxonomy
from llm.triage import Triage, triage_of
from llm.types import Theme
from llm.vectors import ngrams, similarities

SMALLEST = 5
FACET_SHARE = 0.15
"""A carrier or clause named in at least this share of an intent's messages makes a theme of its own."""
CLUSTERS = 6
WORST_SILHOUETTE = 0.1
TYPICAL_FROM = 80
READ_CHARACTERS = 2_000
_Z95 = 1.959963984540054
_SEED = 0


@dataclass(frozen=True)
class ThemeItem:
    """A message or review to group; `sent_at` is UTC. `intent` is what a person or an earlier run said, None to be found here."""

    message_id: str
    text: str
    merchant_id: str | None = None
    sent_at: datetime | None = None
    intent: str | None = None


@dataclass(frozen=True)
class _Facet:
    kind: str
    value: str


@dataclass(frozen=True)
class _Group:
    intent: str
    key: str  # what keeps its identity from day to day: the thing named, or the words of the cluster
    title: str
    places: tuple[int, ...]


def find_themes(
    items: Iterable[ThemeItem],
    taxonomy: Taxonomy,
    *,
    since: datetime | None = None,
    language: str = ENGLISH,
    smallest: int = SMALLEST,
    triage: Triage | None = None,
) -> list[Theme]:
    """The themes with at least `smallest` messages, largest first; labels in `language`.

    With `since` (UTC), `count` and `share` are of the items from then on and `growth` compares the share with that of the earlier
    items (95 % interval of the log ratio, Katz et al. 1978); items without a time count as current. Deterministic; 10,000 messages
    take seconds. Each summary is a sentence of the theme with its message.
    """
    listed = list(items)
    texts = [body(item.text[:READ_CHARACTERS]) for item in listed]
    intents = _intents(listed, texts, triage or triage_of(taxonomy))
    is_current = [since is None or item.sent_at is None or item.sent_at >= since for item in listed]
    total = sum(is_current)
    themes = []
    for group in _groups(intents, texts, taxonomy, language, smallest):
        now = [place for place in group.places if is_current[place]]
        if len(now) >= smallest:
            before = (len(group.places) - len(now), len(listed) - total) if since is not None else (0, 0)
            themes.append(_theme(group, now, before, total, listed, texts))
    return sorted(themes, key=lambda theme: (-theme.count, theme.theme_id))


def _intents(listed: Sequence[ThemeItem], texts: Sequence[str], triage: Triage) -> list[str]:
    unknown = [i for i, item in enumerate(listed) if item.intent is None]
    found = dict(zip(unknown, triage.intents_of([texts[i] for i in unknown]), strict=True)) if unknown else {}
    return [item.intent if item.intent is not None else found[i][0].name for i, item in enumerate(listed)]


def _groups(
    intents: Sequence[str], texts: Sequence[str], taxonomy: Taxonomy, language: str, smallest: int
) -> list[_Group]:
    by_intent: dict[str, list[int]] = defaultdict(list)
    for place, intent in enumerate(intents):
        by_intent[intent].append(place)
    names = {intent.intent_id: intent.name.get(language) or intent.intent_id for intent in taxonomy.intents}
    groups: list[_Group] = []
    for intent, places in sorted(by_intent.items()):
        name = names.get(intent, intent)
        rest = list(places)
        for facet, shown, held in _faceted(places, texts, smallest):
            groups.append(_Group(intent, f"{facet.kind}:{facet.value}", f"{name} · {shown}", held))
            rest = [place for place in rest if place not in set(held)]
        if intent == OTHER:
            for terms, held in _clustered(rest, texts, smallest):
                groups.append(_Group(intent, "terms:" + ",".join(sorted(terms)), f"{name} · {', '.join(terms)}", held))
                rest = [place for place in rest if place not in set(held)]
        if rest:
            groups.append(_Group(intent, "", name, tuple(rest)))
    return groups


def _faceted(places: Sequence[int], texts: Sequence[str], smallest: int) -> list[tuple[_Facet, str, tuple[int, ...]]]:
    """Per carrier or clause that enough of the messages name: how it is mostly written, and its messages (each in one facet only)."""
    named: dict[int, list[_Facet]] = {}
    written: dict[_Facet, Counter[str]] = defaultdict(Counter)
    for place in places:
        spans = [span for span in extract(texts[place]) if span.kind in {"carrier", "clause"}]
        named[place] = list(dict.fromkeys(_Facet(span.kind, span.value) for span in spans))
        for span in spans:
            written[_Facet(span.kind, span.value)][span.text] += 1
    counts = Counter(facet for facets in named.values() for facet in facets)
    kept = [
        f
        for f, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].value))
        if n >= max(smallest, FACET_SHARE * len(places))
    ]
    held: dict[_Facet, list[int]] = defaultdict(list)
    for place, facets in named.items():
        first = next((facet for facet in kept if facet in facets), None)
        if first is not None:
            held[first].append(place)
    return [(f, written[f].most_common(1)[0][0], tuple(held[f])) for f in kept if len(held[f]) >= smallest]


def _clustered(places: Sequence[int], texts: Sequence[str], smallest: int) -> list[tuple[list[str], tuple[int, ...]]]:
    """Clusters of the messages of one language at a time, with the terms that set each apart; none when the texts do not fall apart."""
    found = []
    for chinese in (False, True):
        chosen = [place for place in places if is_chinese(texts[place]) is chinese and texts[place].strip()]
        if len(chosen) < 4 * smallest:
            continue
        matrix = ngrams(chinese).fit_transform([texts[place] for place in chosen])
        dense = normalize(
            TruncatedSVD(min(32, matrix.shape[1] - 1, len(chosen) - 1), random_state=_SEED).fit_transform(matrix)
        )
        labels = _labels(dense, min(CLUSTERS, len(chosen) // (2 * smallest)))
        for label in sorted(set(labels)):
            held = tuple(place for place, found_label in zip(chosen, labels, strict=True) if found_label == label)
            terms = distinctive_terms(
                [texts[p] for p in held], [texts[p] for p in chosen if p not in set(held)], chinese=chinese
            )
            if len(held) >= smallest and terms:
                found.append((terms, held))
    return found


def _labels(dense: "np.ndarray[tuple[int, int], np.dtype[np.float32]]", most: int) -> list[int]:
    """K-means for the number of clusters with the best silhouette; an empty list when even the best is poor."""
    best: tuple[float, list[int]] = (WORST_SILHOUETTE, [])
    distinct = len(np.unique(dense.round(6), axis=0))
    for k in range(2, min(most, distinct - 1) + 1):
        labels = KMeans(k, n_init=4, random_state=_SEED).fit_predict(dense)
        if len(set(labels)) > 1:
            score = float(silhouette_score(dense, labels, sample_size=min(2_000, len(dense)), random_state=_SEED))
            best = max(best, (score, [int(label) for label in labels]), key=lambda pair: pair[0])
    return best[1] or [0] * len(dense)


_STOP = frozenset(
    "the and for you your our are was were with that this have has not but from they them its can will would could please hello thank thanks what when how why any all just been".split()  # noqa: SIM905
)


def distinctive_terms(inside: Sequence[str], outside: Sequence[str], *, chinese: bool, count: int = 3) -> list[str]:
    """The words (Chinese: character pairs) with the largest log-odds inside against outside, smoothed; each in at least a fifth of `inside`."""
    within, without = _document_counts(inside, chinese=chinese), _document_counts(outside, chinese=chinese)
    odds = {
        term: math.log((n + 0.5) / (len(inside) - n + 0.5))
        - math.log((without[term] + 0.5) / (len(outside) - without[term] + 0.5))
        for term, n in within.items()
        if n >= max(2, len(inside) / 5)
    }
    ranked = sorted((term for term in odds if odds[term] > 0 or not outside), key=lambda term: (-odds[term], term))
    kept: list[str] = []
    for term in ranked:
        if len(kept) < count and not any(set(term) & set(other) for other in kept if chinese):
            kept.append(term)
    return kept


def _document_counts(texts: Sequence[str], *, chinese: bool) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        if chinese:
            runs = re.findall(r"[\u4e00-\u9fff]{2,}", text)
            counts.update({run[i : i + 2] for run in runs for i in range(len(run) - 1)})
        else:
            counts.update({word for word in re.findall(r"[a-z]{3,}", text.casefold()) if word not in _STOP})
    return counts


def _theme(
    group: _Group,
    now: Sequence[int],
    before: tuple[int, int],
    total: int,
    listed: Sequence[ThemeItem],
    texts: Sequence[str],
) -> Theme:
    growth, low, high = share_growth(len(now), total, *before)
    merchants = Counter(merchant for place in now if (merchant := listed[place].merchant_id) is not None)
    return Theme(
        theme_id=hashlib.sha256(f"{group.intent}\0{group.key}".encode()).hexdigest()[:12],
        label=group.title,
        intent=group.intent,
        count=len(now),
        share=len(now) / total,
        growth=growth,
        ci_low=low,
        ci_high=high,
        merchants=tuple(sorted(merchants, key=lambda merchant: (-merchants[merchant], merchant))),
        message_ids=tuple(listed[place].message_id for place in now),
        summary=_typical(now, listed, texts),
    )


def share_growth(
    count: int, total: int, count_before: int, total_before: int
) -> tuple[float | None, float | None, float | None]:
    """Relative change of a share with its 95 % interval, from the log of the ratio of two shares (Katz et al. 1978); None where undefined."""
    if not (count and total and count_before and total_before):
        return None, None, None
    ratio = (count / total) / (count_before / total_before)
    spread = _Z95 * math.sqrt(1 / count - 1 / total + 1 / count_before - 1 / total_before)
    return ratio - 1, ratio * math.exp(-spread) - 1, ratio * math.exp(spread) - 1


def _typical(now: Sequence[int], listed: Sequence[ThemeItem], texts: Sequence[str]) -> str:
    """The sentence nearest to all others of the theme, quoted with private data masked, and its message; from an even sample of its
    larger language."""
    chinese = sum(is_chinese(texts[place]) for place in now) * 2 > len(now)
    same = [place for place in now if is_chinese(texts[place]) is chinese] or list(now)
    step = max(1, len(same) // TYPICAL_FROM)
    pieces = [
        (place, text)
        for place in same[::step][:TYPICAL_FROM]
        for piece in sentences(texts[place])[:4]
        if len(text := undressed(piece.text)) >= 8
    ]
    distinct = list({text.casefold(): (place, text) for place, text in reversed(pieces)}.values())
    if not distinct:
        return f"“{trimmed(mask(texts[now[0]].strip()))}” [message:{listed[now[0]].message_id}]"
    near = similarities([text for _, text in distinct], chinese=chinese).mean(axis=1)
    reach = [min(1.0, len(text) / (20 if chinese else 60)) for _, text in distinct]
    place, text = distinct[int(np.argmax(near * np.array(reach)))]
    return f"“{trimmed(mask(text))}” [message:{listed[place].message_id}]"
