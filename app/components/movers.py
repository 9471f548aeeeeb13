"""Merchants whose score moved most, with the component that moved it: a click opens one."""

from __future__ import annotations

import streamlit as st

from app.components.empty import empty_state
from app.components.table import Column, table
from app.components.words import base_words
from app.filter_bar import current_filters, open_merchant
from app.i18n import _
from app.page_errors import page_errors
from app.services import trust
from app.services.runtime import snapshot_id

MOVERS_SHOWN = 8


@st.fragment
def movers() -> None:
    """Draw the movers of the page's filters against the comparison's last day."""
    with page_errors(), st.container(border=True, height="stretch"):
        filters, snapshot = current_filters(), snapshot_id()
        st.markdown("**" + _("Movers") + "**")
        st.caption(
            _("Change of the score {base}, and the component that moved it most", base=base_words(filters.compare))
        )
        up, down = st.tabs([_("Down"), _("Up")], on_change="rerun", key="trust.movers")[::-1]
        with st.skeleton(height=260):
            frame = trust.movers(snapshot, filters.scope(), filters.compare)
        side, is_up = (up, True) if up.open else (down, False)
        shown = trust.strongest(frame, MOVERS_SHOWN, is_up=is_up)
        with side:
            if shown.empty:
                empty_state(
                    _("Nobody moved"), _("No merchant has another score than on the day compared with."), height=220
                )
                return
            names = {key: _(label) for key, label in trust.component_labels().items()}
            row = table(
                shown.assign(component=[names.get(key, key) for key in shown["component"]]),
                [
                    Column("name", _("Merchant"), pinned=True),
                    Column("after", _("Score"), "score"),
                    Column("change", _("Change"), "change:score"),
                    Column("component", _("Mostly")),
                    Column("component_change", _("of it"), "change:score"),
                ],
                key=f"trust.movers.{is_up}",
                title=_("Movers"),
                is_clickable=True,
            )
            if row is not None:
                open_merchant(str(shown["merchant_id"].iloc[row]))
