"""Plain against effective positive share, by category, as a card."""

from __future__ import annotations

from app.charts.bars import paired
from app.components.chart import chart_card, empty_card
from app.components.table import Column
from app.components.words import window_words
from app.filters import Filters
from app.i18n import _
from app.services import satisfaction
from app.services.figures import time_zone


def positive_shares(snapshot: str, filters: Filters) -> None:
    """Draw the card; without enough reviews, why there is none."""
    title = _("Positive reviews against effective positive share")
    found = satisfaction.shares(snapshot, filters.scope())
    names = [pair.name or _("All") for pair in found]
    if not found:
        empty_card(title, "", _("Not enough reviews"), _("Choose a longer window or fewer filters."))
        return
    chart_card(
        title,
        window_words(filters, time_zone(snapshot)) + " · " + _("effective counts silence as not positive"),
        paired(
            names,
            [pair.plain for pair in found],
            [pair.effective for pair in found],
            labels=(_("Positive, of reviews"), _("Positive, of delivered orders")),
            x_title=_("Share"),
            height=120 + 30 * len(found),
        ),
        satisfaction.share_table(found, _("All")),
        [
            Column("name", _("Category"), pinned=True),
            Column("plain", _("Positive, of reviews"), "rate"),
            Column("effective", _("Positive, of delivered orders"), "rate"),
            Column("reviews", _("Reviews"), "count"),
            Column("delivered", _("Delivered"), "count"),
        ],
        key="satisfaction.shares",
    )
