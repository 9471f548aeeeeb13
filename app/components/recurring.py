"""What one merchant's threads come back to, a card a matter; each statement opens its threads. Knows no warehouse."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.components.thread import TICKET_PARAM, plain
from app.i18n import _, ngettext
from app.services.recurring import Recurring, Statement, label, statements

CITED = 5
MATTERS = 6


def recurring_matters(matters: Sequence[Recurring]) -> None:
    """Draw the matters that come most often now; that none recurs, where none does."""
    st.markdown("**" + _("What recurs") + "**")
    if not matters:
        st.caption(_("No matter has come up in two threads of this merchant."))
        return
    with st.grid(2, min_column_width=380, gap="xsmall"):
        for matter in matters[:MATTERS]:
            with st.container(border=True, gap="xxsmall", height="stretch"):
                st.markdown("**" + plain(label(matter)) + "**")
                for place, statement in enumerate(statements(matter)):
                    _statement(statement, key=f"recurring.{matter.intent}.{place}")
    if len(matters) > MATTERS:
        st.caption(ngettext("and {n} more matter", "and {n} more matters", len(matters) - MATTERS))


def _statement(statement: Statement, *, key: str) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key=key):
        st.text(statement.text)
        shown = statement.ticket_ids[::-1][:CITED]
        for ticket_id in shown:
            st.page_link("views/issues.py", label=f":small[{plain(ticket_id)}]", query_params={TICKET_PARAM: ticket_id})
        if len(statement.ticket_ids) > CITED:
            st.caption(_("and {n} earlier", n=len(statement.ticket_ids) - CITED))
