"""An attack on our own merchants, tried out: which, how large, on whom, and what every way of scoring would make of it."""

from __future__ import annotations

import streamlit as st

from app.charts.attacks import rank_shifts
from app.components.chart import chart_card
from app.components.empty import empty_state
from app.components.table import Column, table
from app.filter_bar import current_filters
from app.i18n import _, day, ngettext, number, rate, sentences
from app.page_errors import page_errors
from app.services import attacks
from app.services.attacks import AttackInfo
from app.services.figures import time_zone
from app.services.runtime import snapshot_id


@st.fragment
def attacks_board() -> None:
    """Choose an attack, its size and a merchant; see ranks and scores before and after by method."""
    with page_errors():
        snapshot, scope = snapshot_id(), current_filters().scope()
        last, own = scope.date_to, attacks.targets(snapshot, scope)
        if not own:
            empty_state(
                _("No merchant has a score here"), _("Choose a later window, or other merchants, in the sidebar.")
            )
            return
        info, size, merchant = _choice(
            own if scope.has_filter else {attacks.TOP: _("The best tenth by trust score"), **own}
        )
        with st.skeleton(height=380):
            frame = attacks.simulate(snapshot, last, info.name, size, merchant)
        labels = [_(label) for label in attacks.METHOD_LABELS.values()]
        count = int(frame["n"].iloc[0])
        chart_card(
            _("Rank before and after the attack"),
            f"{day(last)} · {time_zone(snapshot)} · "
            + ngettext("{n} merchant attacked", "{n} merchants attacked", count),
            rank_shifts(
                labels,
                [None if value != value else value for value in frame["percentile_before"].tolist()],
                [None if value != value else value for value in frame["percentile_after"].tolist()],
                x_title=_("Rank among all merchants (percentile, 100 is best)"),
                before_label=_("Before"),
                after_label=_("After"),
            ),
            frame.assign(method=labels),
            _columns(),
            key="trust.attacks.chart",
        )
        with st.container(border=True):
            st.markdown("**" + _("Scores before and after the attack") + "**")
            st.caption(
                _(
                    "Simulated on this snapshot's own orders of the last year; nothing is stored. Every method sees the same false evidence. A score of ratings alone sees neither lateness nor disputes."
                )
            )
            table(
                frame.assign(method=labels),
                _columns(),
                key="trust.attacks.table",
                title=_("Scores before and after the attack"),
                file_name=f"attack-{info.name}",
            )


def _columns() -> list[Column]:
    return [
        Column("method", _("Method"), pinned=True, width=220),
        Column("score_before", _("Score before"), "score", help=_("Of 100; each method on its own scale")),
        Column("score_after", _("Score after"), "score", help=_("Of 100; each method on its own scale")),
        Column("percentile_before", _("Rank before"), "points"),
        Column("percentile_after", _("Rank after"), "points"),
        Column("shift", _("Rank shift"), "change:points", help=_("Percentiles gained or lost")),
    ]


def _choice(names: dict[str, str]) -> tuple[AttackInfo, float, str]:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            info: AttackInfo = st.selectbox(
                _("Attack"), attacks.ATTACKS, format_func=lambda one: _(one.label), width=220, key="trust.attack"
            )
            size = st.segmented_control(
                _("Size"),
                info.sizes,
                default=info.sizes[1],
                required=True,
                format_func=lambda value: _size(info, value),
                key=f"trust.attack.size.{info.name}",
            )
            merchant: str = st.selectbox(
                _("On whom"), list(names), format_func=lambda key: names[key], width=280, key="trust.attack.merchant"
            )
        st.caption(sentences(_(info.text), _("The filters choose who can be attacked; ranks are among all merchants.")))
    return info, float(size), merchant


def _size(info: AttackInfo, value: float) -> str:
    return rate(value, digits=0) if info.unit == "share" else number(value)
