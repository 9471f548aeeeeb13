"""A conversation with the answering machine as the merchant sees it: turns with their sources, who is asking, and the way to a person.

What people wrote is shown as it is, never read as Markdown or HTML. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.components.draft_evidence import fact_name, fact_words, policy_place
from app.components.matter import FAULTS
from app.components.thread import plain
from app.errors import AppError
from app.i18n import _, number
from app.identity import Actor, current_actor
from app.page_errors import sentence
from app.services import chat
from app.services.chat import Chat
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from app.workspace import Turn

PARAM = "chat"
_PROBLEM = "chat.problem"
_AVATARS = {"merchant": ":material/storefront:", "bot": ":material/smart_toy:", "agent": ":material/support_agent:"}


def chosen_chat() -> str | None:
    """The conversation in the address."""
    return st.query_params.get(PARAM) or None


def attempt(step: Callable[[Actor], str | None]) -> None:
    """Takes a step as the person of this session and puts the conversation that it gives into the address; for callbacks.

    What stands in its way is shown with the next run.
    """
    from llm.errors import LlmError

    try:
        conversation_id = step(current_actor(get_runtime().settings))
    except (AppError, LlmError) as error:
        st.session_state[_PROBLEM] = sentence(error)
        return
    if conversation_id:
        st.query_params[PARAM] = conversation_id


def show_problem() -> None:
    """Draw why the last step could not be taken, once."""
    if text := st.session_state.pop(_PROBLEM, None):
        st.warning(plain(str(text), 500), icon=":material/warning:")


def greeting() -> None:
    """Draw what the machine says of itself before anybody has asked."""
    with st.chat_message("bot", avatar=_AVATARS["bot"]):
        st.markdown(
            _(
                "I am a machine. I answer from the published policy and name the source of every sentence. "
                "Ask me about orders, penalties, payouts, listings or rules, in English or Chinese."
            )
        )


def turn_list(found: Chat, texts: Sequence[str] | None = None) -> None:
    """Draw the turns, oldest first; under each of the machine's sentences where it comes from. `texts`: what somebody else than the merchant who
    wrote them may read of them, one a turn."""
    is_merchant = texts is None
    for turn, text in zip(found.turns, texts or [turn.text for turn in found.turns], strict=True):
        with st.chat_message(turn.author, avatar=_AVATARS[turn.author]):
            st.caption(_author(turn, is_merchant=is_merchant))
            if turn.author != "bot":
                st.text(text)
                continue
            for place, said in enumerate(turn.sentences):
                _cited(said, found, turn, key=f"chat.{turn.n}.{place}")


def _author(turn: Turn, *, is_merchant: bool) -> str:
    if turn.author == "agent":
        return _("{name}, a person of the desk", name=plain(turn.actor_name))
    if turn.author == "bot":
        return _("Machine")
    return _("You") if is_merchant else _("Merchant")


def _cited(said: Mapping[str, Any], found: Chat, turn: Turn, *, key: str) -> None:
    with st.container(gap=None):
        st.text(str(said["text"]))
        cites = [str(cite) for cite in said["cites"] if not str(cite).startswith("message:")]
        if not cites:
            return
        with st.container(horizontal=True, gap="xsmall"):
            for cite in cites:
                if cite.startswith("fact:"):
                    _own_rows(cite, found, turn, key=f"{key}.{cite}")
                else:
                    _source(cite, turn.text, key=f"{key}.{cite}")


def _own_rows(cite: str, found: Chat, turn: Turn, *, key: str) -> None:
    name = cite.removeprefix("fact:")
    about = name.removeprefix("order.") if name.startswith("order.") else fact_name(name)
    label = _("your records: {name}", name=plain(about))
    with st.popover(label, icon=":material/fact_check:", type="tertiary", key=key):
        rows = chat.own_rows_behind(found, turn, cite)
        for said, fact in rows:
            value = _(FAULTS.get(str(fact.value), FAULTS["unknown"])) if fact.name == "late_fault" else fact_words(fact)
            st.markdown(f"**{_(said) if said else fact_name(fact.name)}** {plain(value)}")
        st.caption(_("As your records have it now.") if rows else _("Your records hold this no more."))


def _source(cite: str, whole: str, *, key: str) -> None:
    title, text = chat.source(cite, whole)
    with st.popover(plain(title, 60) or _("Earlier source"), icon=":material/menu_book:", type="tertiary", key=key):
        st.text(text or _("This passage is no longer in the policy."))
        if text:
            st.caption(policy_place(cite))


def identity_form(found: Chat | None) -> None:
    """Draw who is asking: the verified shop, or the way to show whose it is."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(":material/badge: **" + _("Who is asking") + "**")
        if found is not None and found.shop:
            shop = plain(found.shop, 80)
            st.markdown(f":green[:material/verified_user: {_('Verified as {shop}', shop=shop)}]")
            st.caption(_("Answers may tell this shop's own records, and nobody else's."))
            return
        st.caption(
            _(
                "Not shown yet: only the general policy is answered, nothing of any shop's records. Show that a shop is yours by what only it knows."
            )
        )
        with st.form("chat.identity", border=False):
            st.text_input(_("Merchant id"), key="chat.merchant", max_chars=200)
            st.text_input(
                _("Two recent order numbers, of different buyers"),
                key="chat.orders",
                max_chars=500,
                help=_("Of the last {days} days, with a space or comma between them.", days=number(chat.PROOF_DAYS)),
            )
            st.form_submit_button(
                _("Show that it is mine"), icon=":material/key:", on_click=_verified, args=(_id(found),)
            )


def person_button(found: Chat | None) -> None:
    """Draw the way to a person, or that one has the conversation."""
    if found is not None and found.is_handed_over:
        st.markdown(
            f":orange-badge[:material/support_agent: {_('A person has this conversation; the machine stays silent.')}]"
        )
        return
    st.button(
        _("Talk to a person"),
        icon=":material/support_agent:",
        key="chat.person",
        on_click=_asked_for_person,
        args=(_id(found), _("I would like to talk to a person.")),
    )


def rating(found: Chat) -> None:
    """Draw five stars once the machine or a person has said something."""
    if not any(turn.author != "merchant" for turn in found.turns):
        return
    conversation_id, key = found.conversation.conversation_id, f"chat.stars.{found.conversation.conversation_id}"
    with st.container(border=True, gap="xsmall"):
        st.markdown(_("Did this help you?"))
        score = found.conversation.score
        st.feedback(
            "stars",
            key=key,
            default=None if score is None else score - 1,
            on_change=_rated,
            args=(conversation_id, key),
        )


def _id(found: Chat | None) -> str | None:
    return found.conversation.conversation_id if found is not None else None


def _verified(conversation_id: str | None) -> None:
    merchant, orders = str(st.session_state["chat.merchant"]), str(st.session_state["chat.orders"])

    def step(actor: Actor) -> str:
        mine = chat.started(conversation_id, actor)
        st.query_params[PARAM] = mine  # also where it is not shown: attempts are counted by conversation
        return chat.verify(mine, merchant, orders, actor)

    attempt(step)


def _asked_for_person(conversation_id: str | None, words: str) -> None:
    attempt(lambda actor: chat.ask_for_person(conversation_id, words, actor))


def _rated(conversation_id: str, key: str) -> None:
    stars = st.session_state.get(key)
    if stars is not None:
        attempt(lambda actor: chat.rate(conversation_id, int(stars) + 1, actor))
