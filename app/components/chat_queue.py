"""Conversations of the chat page that wait for a person: the machine's note, what was said, and the person's answer."""

from __future__ import annotations

import streamlit as st

from app.components.chat import attempt, show_problem, turn_list
from app.components.handover import handover_note
from app.components.private import is_revealed, private_bar
from app.components.thread import plain
from app.i18n import _
from app.identity import Actor
from app.services import chat
from app.services.chat import Chat
from app.services.private import masked_talk, masked_words
from app.services.runtime import get_runtime


def waiting_chats(time_zone: str) -> None:
    """Draw those that wait, longest first, and the chosen one with its answer box."""
    found = {one.conversation.conversation_id: one for one in chat.waiting()}
    if not found:
        st.caption(_("No conversation waits for a person."))
        return
    chosen = st.selectbox(
        _("Conversation, longest waiting first"),
        tuple(found),
        format_func=lambda key: _name(found[key]),
        key="desk.chat",
    )
    with st.container(border=True):
        _answer_box(found[chosen], time_zone)


def _name(found: Chat) -> str:
    first = next((turn.text for turn in found.turns if turn.author == "merchant"), "")
    shop = found.shop or _("nobody has shown whose shop it is")
    return f"{plain(shop, 60)} · {plain(masked_words(first), 80)}"


def _answer_box(found: Chat, time_zone: str) -> None:
    conversation_id = found.conversation.conversation_id
    for answer in get_runtime().workspace.answers.of("chat", conversation_id):
        if answer.action == "hand_over":
            handover_note(answer, time_zone)
            break
    said = [turn.text if turn.author != "bot" else "" for turn in found.turns]  # the machine's are drawn by sentence
    masked, count = masked_talk(said)
    private_bar(conversation_id, count, "chat")
    turn_list(found, said if is_revealed(conversation_id) else masked)
    show_problem()
    with st.form(f"desk.chat.{conversation_id}", border=False, clear_on_submit=True):
        key = f"desk.chat.text.{conversation_id}"
        st.text_area(_("Your answer, under your name"), key=key, max_chars=chat.MOST_CHARACTERS)
        st.form_submit_button(_("Answer"), icon=":material/send:", on_click=_answered, args=(conversation_id, key))


def _answered(conversation_id: str, key: str) -> None:
    text = str(st.session_state[key])

    def step(actor: Actor) -> None:
        chat.answer_as_person(conversation_id, text, actor)

    attempt(step)
