"""Themes of what merchants and buyers write, as pages and commands show them: each under the id that it has had since it was first seen.

The whole marketplace's last 30 days are what ids are kept by; other windows and filters are matched with what is kept, and change nothing. Every function
takes a snapshot id first. Knows no page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from app.filters import WINDOW_DAYS
from app.services.private import masked_words
from app.services.reading import known_on
from app.services.runtime import cached, get_runtime
from app.services.tickets import QUEUE_LIMIT, Ticket, by_clock, corrected, read_tickets, total_of
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from datetime import date

    from analytics.metrics import Scope
    from app.workspace import StoredTheme
    from llm.theme_identity import KeptTheme
    from llm.theme_reading import TextReader, ThemeItem
    from llm.types import Theme

GROWING = 3
THREADS_AT_ONCE = 150
REVIEWS_SHOWN = 100
ALL_THREADS = ""
NEWS = ("new", "growing", "vanished", "shrinking")


@dataclass(frozen=True)
class ThemeCard:
    """A theme with the threads that the page opens for it; of reviews there are none."""

    theme: Theme
    ticket_ids: tuple[str, ...]


@dataclass(frozen=True)
class Review:
    """A review as it is shown, private data in it masked."""

    event_id: str
    merchant_id: str
    stars: int | None
    posted_on: date
    text: str


@cached
def themes_of(snapshot_id: str, scope: Scope, language: str = "en") -> tuple[Theme, ...]:
    """What merchants and buyers wrote about in the window, largest theme first, then what vanished; labels in `language`.

    growth compares a theme's share with the equally long window before. Every text is read once ever: what was read is kept by content hash.
    """
    from analytics.engines.days import start_of_day
    from analytics.threads import reviewed, written
    from llm.themes import find_themes

    days = (scope.date_to - scope.date_from).days + 1
    both = replace(scope, date_from=scope.date_from - timedelta(days=days))
    with cursor(snapshot_id) as opened:
        items = [*message_items(written(opened, both)), *review_items(reviewed(opened, both))]
        since = start_of_day(scope.date_from, opened.time_zone)
    book = get_runtime().workspace.themes
    found = find_themes(
        items,
        get_runtime().desk.taxonomy,
        since=since,
        language=language,
        reader=text_reader(),
        kept=[kept_theme(theme) for theme in book.all()],
        today=scope.date_to,
    )
    if is_kept(snapshot_id, scope):
        book.keep((stored_theme(theme) for theme in found.alive), scope.date_to)
    return found.themes


def text_reader() -> TextReader:
    """Reads messages and reviews, each text once ever."""
    from llm.theme_reading import TextReader
    from llm.triage import triage_of

    taxonomy = get_runtime().desk.taxonomy
    return TextReader(taxonomy, triage_of(taxonomy), get_runtime().workspace.readings)


def is_kept(snapshot_id: str, scope: Scope) -> bool:
    """Whether this look is one that ids are kept by: all of the marketplace, its usual window, as known latest."""
    is_whole = not (scope.categories or scope.regions or scope.tiers or scope.merchants)
    return is_whole and known_on(snapshot_id) is None and (scope.date_to - scope.date_from).days + 1 == WINDOW_DAYS


def message_items(rows: pd.DataFrame) -> list[ThemeItem]:
    """Messages as analytics gives them (`written`) as llm takes them."""
    from llm.theme_reading import ThemeItem

    columns = (rows[name] for name in ("message_id", "merchant_id", "sent_at", "text", "ticket_id"))
    return [
        ThemeItem(
            str(message_id),
            str(text),
            merchant_id if isinstance(merchant_id, str) else None,
            sent_at.to_pydatetime(),
            thread_id=str(ticket_id),
        )
        for message_id, merchant_id, sent_at, text, ticket_id in zip(*columns, strict=True)
    ]


def review_items(rows: pd.DataFrame) -> list[ThemeItem]:
    """Reviews as analytics gives them (`reviewed`) as llm takes them."""
    from llm.theme_reading import ThemeItem

    columns = (rows[name] for name in ("event_id", "merchant_id", "reviewed_at", "text", "score"))
    return [
        ThemeItem(
            str(event_id),
            str(text),
            merchant_id if isinstance(merchant_id, str) else None,
            reviewed_at.to_pydatetime(),
            is_review=True,
            stars=None if pd.isna(stars) else int(stars),
        )
        for event_id, merchant_id, reviewed_at, text, stars in zip(*columns, strict=True)
    ]


@cached
def theme_cards(snapshot_id: str, scope: Scope, names_language: str) -> tuple[ThemeCard, ...]:
    """The themes that are alive in the scope, largest first but what fits no intent last, then those that vanished; labels in `names_language`."""
    from analytics.threads import written

    themes = themes_of(snapshot_id, scope, names_language)
    with cursor(snapshot_id) as opened:
        rows = written(opened, scope)
    tickets = dict(zip(rows["message_id"].astype(str), rows["ticket_id"].astype(str), strict=True))
    cards = [
        ThemeCard(theme, tuple(dict.fromkeys(tickets[own] for own in theme.message_ids if own in tickets)))
        for theme in themes
    ]
    return tuple(sorted(cards, key=lambda card: (card.theme.status == "vanished", card.theme.intent == "other")))


def news(cards: Iterable[ThemeCard]) -> dict[str, list[Theme]]:
    """What changed by more than chance, by status in the order of NEWS; what came out of another theme or swallowed one stands under `moved`."""
    themes = [card.theme for card in cards]
    found = {status: [theme for theme in themes if theme.status == status] for status in NEWS}
    found["moved"] = [theme for theme in themes if theme.split_from or theme.merged]
    return {status: held for status, held in found.items() if held}


def theme_tickets(snapshot_id: str, scope: Scope, theme_id: str, names_language: str) -> list[Ticket]:
    """The threads of a theme, those that wait first; of the whole scope for `ALL_THREADS` and for a theme that it does not have."""
    card = chosen_card(snapshot_id, scope, theme_id, names_language)
    if card is not None and not card.ticket_ids:
        return []
    if card:
        tickets = read_tickets(snapshot_id, None, card.ticket_ids, len(card.ticket_ids))
    else:
        tickets = read_tickets(snapshot_id, scope)
    return by_clock(corrected(snapshot_id, tickets))


def theme_total(snapshot_id: str, scope: Scope, theme_id: str, names_language: str) -> int:
    """How many threads a theme has, of which `theme_tickets` gives the newest."""
    card = chosen_card(snapshot_id, scope, theme_id, names_language)
    return len(card.ticket_ids) if card else total_of(snapshot_id, scope, QUEUE_LIMIT)


def chosen_card(snapshot_id: str, scope: Scope, theme_id: str, names_language: str) -> ThemeCard | None:
    """The card of a theme; None for one that the scope does not have."""
    cards = theme_cards(snapshot_id, scope, names_language)
    return next((card for card in cards if card.theme.theme_id == theme_id), None)


@cached
def theme_reviews(snapshot_id: str, scope: Scope, theme_id: str, names_language: str) -> tuple[Review, ...]:
    """The newest reviews of a theme of reviews, `REVIEWS_SHOWN` at most; none for any other."""
    from analytics.threads import reviewed

    card = chosen_card(snapshot_id, scope, theme_id, names_language)
    if card is None or card.theme.kind != "review":
        return ()
    with cursor(snapshot_id) as opened:
        rows = reviewed(opened, scope)
    rows = rows[rows["event_id"].isin(card.theme.message_ids)].iloc[::-1].head(REVIEWS_SHOWN)
    return tuple(
        Review(
            str(row["event_id"]),
            str(row["merchant_id"]),
            None if pd.isna(row["score"]) else int(row["score"]),
            pd.Timestamp(row["review_date"]).date(),
            masked_words(str(row["text"])),
        )
        for row in rows.to_dict(orient="records")
    )


@cached
def is_quick(snapshot_id: str, scope: Scope) -> bool:
    """Whether the scope holds few enough threads for these to be grouped whenever a page is drawn."""
    from analytics.metrics import compute

    with cursor(snapshot_id) as opened:
        return sum(result.n for result in compute(opened, "tickets", scope)) <= THREADS_AT_ONCE


def growing_themes(snapshot_id: str, scope: Scope, names_language: str) -> list[ThemeCard]:
    """The three themes that came up or grew most: those that did so by more than chance before the others."""
    grown = [
        card
        for card in theme_cards(snapshot_id, scope, names_language)
        if card.theme.intent != "other" and (card.theme.status == "new" or (card.theme.growth or 0.0) > 0)
    ]
    return sorted(grown, key=lambda card: (card.theme.status == "steady", -(card.theme.growth or 0.0)))[:GROWING]


def kept_theme(stored: StoredTheme) -> KeptTheme:
    """A theme of the workspace as llm takes it."""
    from llm.theme_identity import KeptTheme, ThemeMark

    mark = ThemeMark(stored.intent, stored.key, frozenset(stored.members), stored.words)
    return KeptTheme(stored.theme_id, mark, stored.first_on, stored.last_on, stored.split_from, stored.merged)


def stored_theme(theme: KeptTheme) -> StoredTheme:
    """A theme as the workspace keeps it."""
    from app.workspace import StoredTheme

    mark = theme.mark
    return StoredTheme(
        theme.theme_id,
        mark.intent,
        mark.key,
        tuple(sorted(mark.members)),
        mark.words,
        theme.first_on,
        theme.last_on,
        theme.split_from,
        theme.merged,
    )
