"""Chat: a merchant asks, at any hour; the machine answers with its sources, asks back once, or hands over to a person."""

from __future__ import annotations

import streamlit as st

from app.components.chat import (
    PARAM,
    attempt,
    chosen_chat,
    greeting,
    identity_form,
    person_button,
    rating,
    show_problem,
    turn_list,
)
from app.components.empty import empty_state
from app.components.header import page_header
from app.i18n import _
from app.page_errors import page_errors
from app.services import chat, issues

LOOK_AGAIN_SECONDS = 10
TALK_HEIGHT = 520


def send_message(conversation_id: str | None) -> None:
    text = str(st.session_state["chat.input"])
    attempt(lambda actor: chat.say(conversation_id, text, actor))


def start_anew() -> None:
    st.query_params.pop(PARAM, None)


@st.fragment(run_every=LOOK_AGAIN_SECONDS)
def draw_turns_again(conversation_id: str) -> None:
    found = chat.chat(conversation_id)
    if found is not None:
        turn_list(found)


def draw_talk(found: chat.Chat | None) -> None:
    conversation_id = found.conversation.conversation_id if found is not None else None
    with st.container(height=TALK_HEIGHT, border=True, autoscroll=True):
        greeting()
        if found is not None and conversation_id is not None:
            if found.is_handed_over:
                draw_turns_again(conversation_id)  # a person answers while the page is open
            else:
                turn_list(found)
            if found.is_waiting_for_machine:
                with page_errors(), st.spinner(_("The machine reads the policy …")):
                    chat.answer_newest(conversation_id)
                    st.rerun()
    show_problem()
    st.chat_input(
        _("Your question"),
        key="chat.input",
        max_chars=chat.MOST_CHARACTERS,
        on_submit=send_message,
        args=(conversation_id,),
    )


def draw_page() -> None:
    chosen = chosen_chat()
    found = chat.chat(chosen) if chosen is not None else None
    left, right = st.columns([7, 3], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(
                _("You talk to a machine until a person takes over. Keep this page's address: it leads back here.")
            )
            person_button(found)
        if chosen is not None and found is None:
            empty_state(_("There is no such conversation"), _("Its address is wrong. Ask below to start a new one."))
        draw_talk(found)
    with right:
        identity_form(found)
        if found is not None:
            rating(found)
        if chosen is not None:
            st.button(_("New conversation"), icon=":material/add_comment:", on_click=start_anew, key="chat.new")


page_header(_("Chat"), shows_filters=False, links_to_data=False)
issues.warm_models()
draw_page()
