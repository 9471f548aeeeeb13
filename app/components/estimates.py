"""Metrics of one unit ranked with their intervals, as a card."""

from __future__ import annotations

from app.charts.bars import ranked
from app.charts.shapes import Estimate
from app.components.chart import chart_card, empty_card
from app.components.missing import why_missing
from app.components.table import Column
from app.i18n import _, span
from app.services.figures import Number, definition, time_zone
from app.services.satisfaction import Ranked, estimate_table


def ranked_card(found: Ranked, snapshot: str, *, title: str, unit: str, x_title: str, key: str) -> None:
    """Draw the estimates, largest on top; without any, why the first of them is missing. Texts are translated."""
    shown = [Estimate(_(e.name), e.value, e.ci_low, e.ci_high, e.n) for e in found.estimates]
    window = span(found.scope.date_from, found.scope.date_to)
    caption = f"{window} · {time_zone(snapshot)} · " + _("with 95% interval")
    if not any(e.value is not None for e in shown):
        spec = definition(Number(found.metric_ids[0], found.scope))
        reason = why_missing(found.statuses[0], shown[0].n, spec.min_n, spec.grain)
        empty_card(title, caption, reason, _("Choose a longer window, or load a source that has these answers."))
        return
    chart_card(
        title,
        caption,
        ranked(shown, title="", unit=unit, x_title=x_title, height=300),
        estimate_table(shown),
        [
            Column("name", _("Name"), pinned=True),
            Column("value", x_title, unit),
            Column("ci_low", _("from"), unit, help=_("Lower end of the 95% interval")),
            Column("ci_high", _("to"), unit, help=_("Upper end of the 95% interval")),
            Column("n", _("n"), "count"),
        ],
        key=key,
    )
