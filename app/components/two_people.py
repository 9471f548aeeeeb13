"""What is said of a draft that decides over money: which sentences do, who is one of the two people, and who is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components.thread import plain
from app.i18n import _, joined

if TYPE_CHECKING:
    from app.services.four_eyes import TwoPeople

SHOWN = 3


def money_note(eyes: TwoPeople) -> None:
    """Draw it above the draft's buttons."""
    quoted = " ".join(f"“{plain(sentence, 160)}”" for sentence in eyes.decisions[:SHOWN])
    st.markdown(f":orange-badge[:material/payments: {_('decides over money: two people')}] {quoted}")
    st.caption(_who(eyes))


def _who(eyes: TwoPeople) -> str:
    asked = joined([plain(name) for name in eyes.asked]) or _("anybody else who signs in")
    if eyes.is_alone:
        return _("You have signed it, and nobody else can sign in here: approve it alone, and it is put on record so.")
    if eyes.is_signed:
        return _("You have signed it; it waits for a second person. Asked: {names}.", names=asked)
    if eyes.is_first:
        return _("You can't approve it alone: sign it, and a second person approves it. Asked: {names}.", names=asked)
    first = joined([plain(name) for name in eyes.first])
    return _("{names} wrote or signed it; you are the second person.", names=first)


def approve_label(eyes: TwoPeople) -> str:
    """What the button says."""
    if eyes.is_alone:
        return _("Approve alone")
    return _("Sign and ask a second person") if eyes.is_first else _("Approve as the second person")
