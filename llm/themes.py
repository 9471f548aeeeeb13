"""Many messages and reviews as few issues, each with what it is, whether it grows, and which theme of the days before it is.

Built from what one text tells (`theme_reading`), what groups it is in (`theme_groups`), whose successor a group is (`theme_identity`) and what is news
(`theme_news`). Knows no warehouse.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from llm.language import ENGLISH, UNDETERMINED, body
from llm.taxonomy import OTHER, Taxonomy
from llm.theme_examples import extreme, folded, typical
from llm.theme_groups import Group, grouped
from llm.theme_identity import Identity, KeptTheme, ThemeMark, identities
from llm.theme_news import STEADY, VANISHED, Counted, share_growth, told
from llm.theme_reading import READ_CHARACTERS, ReadText, TextReader, ThemeItem
from llm.triage import triage_of
from llm.types import Theme

SMALLEST = 5
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """The themes, and those that are alive as the next look is matched with them; none of these without a day."""

    themes: tuple[Theme, ...]
    alive: tuple[KeptTheme, ...]


@dataclass(frozen=True)
class _Corpus:
    """What is looked at, oldest first, and the number of messages and of reviews in the window."""

    items: Sequence[ThemeItem]
    texts: Sequence[str]
    read: Sequence[ReadText]
    is_current: Sequence[bool]
    totals: Counter[bool]


def find_themes(
    items: Iterable[ThemeItem],
    taxonomy: Taxonomy,
    *,
    since: datetime | None = None,
    language: str = ENGLISH,
    smallest: int = SMALLEST,
    reader: TextReader | None = None,
    kept: Sequence[KeptTheme] = (),
    today: date | None = None,
) -> Found:
    """The themes with at least `smallest` messages or reviews, largest first, then those that vanished; labels in `language`.

    With `since` (UTC), `count` and `share` are of the items from then on, and `growth` compares the share of threads with that among the earlier
    items (95 % interval of the log ratio, Katz et al. 1978); items without a time count as current. Shares of messages are among messages, those of reviews
    among reviews. `kept` are the themes of earlier looks, whose ids go on; `today` is the day of this one. Deterministic, whatever the order of the items.
    """
    listed = sorted(items, key=lambda item: (item.sent_at or _EVER, item.message_id))
    texts = [body(item.text[:READ_CHARACTERS]) for item in listed]
    read = (reader or TextReader(taxonomy, triage_of(taxonomy))).read(listed)
    is_current = [since is None or item.sent_at is None or item.sent_at >= since for item in listed]
    totals = Counter(item.is_review for item, current in zip(listed, is_current, strict=True) if current)
    corpus = _Corpus(listed, texts, read, is_current, totals)
    groups = [
        group for group in grouped(listed, read, texts, taxonomy, language, smallest) if len(group.places) >= smallest
    ]
    marks = [
        ThemeMark(group.intent, group.key, frozenset(listed[place].message_id for place in group.places), group.words)
        for group in groups
    ]
    who = identities(marks, kept, {item.message_id for item in listed}, today)
    counts = _counted(groups, corpus)
    news = _news(groups, counts, smallest) if since is not None else [STEADY] * len(groups)
    themes: list[Theme] = []
    alive: list[KeptTheme] = []
    for group, mark, identity, count, status in zip(groups, marks, who, counts, news, strict=True):
        now = [place for place in group.places if is_current[place]]
        if len(now) < smallest and status != VANISHED:
            continue
        first_on = _first_on(group, identity, corpus, today)
        themes.append(_theme(group, now, identity, first_on, count, status, corpus))
        if len(now) >= smallest and first_on is not None and today is not None:
            alive.append(KeptTheme(identity.theme_id, mark, first_on, today, identity.split_from, identity.merged))
    themes.sort(key=lambda theme: (theme.status == VANISHED, -theme.count, theme.theme_id))
    return Found(tuple(themes), tuple(alive))


def _news(groups: Sequence[Group], counts: Sequence[Counted], smallest: int) -> list[str]:
    """What became of each theme; what is left over without intent or words of its own is no theme that could come or go."""
    judged = [n for n, group in enumerate(groups) if (group.intent, group.key) != (OTHER, "")]
    found = dict(zip(judged, told([counts[n] for n in judged], smallest), strict=True))
    return [found.get(n, STEADY) for n in range(len(groups))]


def _counted(groups: Sequence[Group], corpus: _Corpus) -> list[Counted]:
    """Each group's threads and those of its kind, in the window and before; what stands alone is a thread of its own."""

    def threads(places: Iterable[int], *, current: bool, is_review: bool | None = None) -> int:
        items = corpus.items
        return len(
            {
                items[place].thread_id or items[place].message_id
                for place in places
                if corpus.is_current[place] is current and is_review in (None, items[place].is_review)
            }
        )

    every = range(len(corpus.items))
    totals = {
        is_review: (
            threads(every, current=True, is_review=is_review),
            threads(every, current=False, is_review=is_review),
        )
        for is_review in (False, True)
    }
    found = []
    for group in groups:
        total, total_before = totals[corpus.items[group.places[0]].is_review]
        found.append(
            Counted(threads(group.places, current=True), total, threads(group.places, current=False), total_before)
        )
    return found


def _first_on(group: Group, identity: Identity, corpus: _Corpus, today: date | None) -> date | None:
    """The UTC day of its first message that anybody looked at."""
    sent = corpus.items[group.places[0]].sent_at
    days = [day for day in (sent.date() if sent else today, identity.first_on) if day is not None]
    return min(days, default=None)


def _theme(
    group: Group,
    now: Sequence[int],
    identity: Identity,
    first_on: date | None,
    counted: Counted,
    status: str,
    corpus: _Corpus,
) -> Theme:
    items, places = corpus.items, now or group.places
    is_review = items[group.places[0]].is_review
    growth, low, high = share_growth(counted.now, counted.total, counted.before, counted.total_before)
    merchants = Counter(merchant for place in now if (merchant := items[place].merchant_id) is not None)
    kinds = folded(places, corpus.read)
    outspoken = [place for place in kinds if is_review or corpus.read[place].intent == group.intent]
    shown = typical(outspoken or list(kinds), items, corpus.texts)
    tongues = {corpus.read[place].language for place in places} - {UNDETERMINED}
    return Theme(
        theme_id=identity.theme_id,
        label=group.title,
        intent=group.intent,
        count=len(now),
        share=len(now) / total if (total := corpus.totals[is_review]) else 0.0,
        growth=growth,
        ci_low=low,
        ci_high=high,
        merchants=tuple(sorted(merchants, key=lambda merchant: (-merchants[merchant], merchant))),
        message_ids=tuple(items[place].message_id for place in now),
        summary=f"“{shown[0].text}” [{shown[0].cites[0]}]",
        kind="review" if is_review else "message",
        status=status,
        component=group.component,
        languages=tuple(sorted(tongues)),
        thread_count=counted.now,
        thread_count_before=counted.before,
        distinct_count=len(kinds) if now else 0,
        typical=shown,
        extreme=extreme(list(kinds), items, corpus.read, corpus.texts),
        first_on=first_on.isoformat() if first_on else None,
        split_from=identity.split_from,
        merged=identity.merged,
    )
