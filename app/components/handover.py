"""Why the machine gave a thread to a person, in words, with what to do about it: for the agent who opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.components.thread import plain
from app.i18n import N_, _, moment
from app.services.private import masked_words
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from app.workspace import KeptAnswer

REASONS: Mapping[str, tuple[str, str]] = {
    "self_harm": (
        N_("somebody may be in danger"),
        N_("Call in your emergency contact now, before any answer about the matter."),
    ),
    "abuse": (N_("abuse or a threat"), N_("Answer the matter, not the tone; report a threat to your lead.")),
    "legal": (N_("lawyers, courts or authorities"), N_("Promise and admit nothing; your legal team answers.")),
    "sensitive": (
        N_("safety, counterfeits or a suspended account"),
        N_("Look at it today: people or a whole shop depend on it."),
    ),
    "other_merchants_data": (
        N_("asks about another shop or a buyer"),
        N_("Nothing of others is told, not even whether it exists."),
    ),
    "asked_for_human": (N_("wants a person"), N_("Say who you are first.")),
    "money": (N_("asks for money or a waiver"), N_("Decide within your limits; a second person approves.")),
    "frustrated": (
        N_("is at the end of their patience"),
        N_("Read the whole thread before you answer; do not repeat the machine."),
    ),
    "repeated": (N_("was not helped by the machine's answer"), N_("Do not repeat it: find what it missed.")),
    "unsupported_language": (
        N_("a language that the machine does not write"),
        N_("Somebody who reads it should answer."),
    ),
    "unsure": (
        N_("no rule found that answers it, or a decision is needed"),
        N_("If a rule is missing, tell who keeps the policy."),
    ),
    "already_handed_over": (N_("a person has it already"), ""),
    "known": (N_("a rule answers it"), ""),
    "ambiguous": (N_("unclear which matter is meant"), ""),
}


def reason_name(reason: str) -> str:
    """A reason in the reader's language."""
    return _(REASONS[reason][0]) if reason in REASONS else reason


def handover_badges() -> dict[str, str]:
    """Markdown for a row of the queue, by the id of each ticket that the machine gave to a person."""
    return {
        ticket_id: f":small[:orange[:material/front_hand: {plain(reason_name(answer.reason))}]]"
        for ticket_id, answer in get_runtime().workspace.answers.handed_over().items()
    }


def ticket_note(ticket_id: str, time_zone: str) -> None:
    """Draw the machine's note on a ticket that it gave to a person; nothing for any other."""
    for answer in get_runtime().workspace.answers.of("ticket", ticket_id):
        if answer.action == "hand_over":
            handover_note(answer, time_zone)
            return


def handover_note(answer: KeptAnswer, time_zone: str) -> None:
    """Draw why, since when, what to do, and the machine's own note."""
    with st.container(border=True, gap="xsmall", key=f"handover-{answer.answer_id}"):
        said = _("Handed over by the machine: {reason}", reason=plain(reason_name(answer.reason)))
        st.markdown(f":orange[:material/front_hand: **{said}**]")
        advice = REASONS.get(answer.reason, ("", ""))[1]
        if advice:
            st.markdown(_(advice))
        st.caption(plain(moment(answer.at, time_zone, length="short")))
        if answer.note:
            st.caption(plain(masked_words(answer.note), 1_000))
