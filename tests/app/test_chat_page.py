"""The chat page itself, without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from app.services import chat
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id, use_runtime
from tests.app.chat_marketplace import (
    GUEST,
    HOSTILE,
    LATE,
    PAGES,
    desk,
    order,
    shops_warehouse,
    talk,
)

__all__ = ["desk", "shops_warehouse"]


def shown(page: AppTest) -> str:
    return " ".join(item.value for item in (*page.text, *page.markdown, *page.caption, *page.warning))


class TestPage:
    def page(self, conversation_id: str | None = None) -> AppTest:
        page = AppTest.from_file(str(PAGES / "chat.py"), default_timeout=120)
        page.session_state[SNAPSHOT_KEY] = snapshot_id()
        if conversation_id:
            page.query_params["chat"] = conversation_id
        return page.run()

    def test_it_is_a_machine_and_a_person_is_there_from_the_first_moment(self, desk: Runtime) -> None:
        page = self.page()
        assert "I am a machine" in shown(page)
        page.button(key="chat.person").click().run()
        assert not page.exception
        assert "A person has this conversation" in shown(page)
        assert len(chat.waiting()) == 1

    def test_a_question_is_answered_with_its_sources_and_survives_a_reload(self, desk: Runtime) -> None:
        page = self.page()
        page.chat_input[0].set_value(HOSTILE).run()
        assert not page.exception
        assert HOSTILE in [item.value for item in page.text], "what was written is text, never markup"
        conversation_id = str(page.query_params["chat"])
        again = shown(self.page(conversation_id))
        assert "automatic answer by a machine" in again
        assert again.count("Every penalty can be appealed within 14 days") > 1, "answered, and in its source"

    def test_a_records_mark_opens_the_shops_own_row_and_for_nobody_else(self, desk: Runtime) -> None:
        started = chat.started(None, GUEST)
        chat.verify(started, "a", f"{order(5)} {order(6)}", GUEST)
        found = talk(LATE.format(order=order(5)), conversation_id=started)
        said = shown(self.page(started))
        assert "**Delivered** Jan 6, 2026" in said
        assert "**Late** merchant" in said
        assert "As your records have it now." in said
        machine = found.turns[-1]
        cite = f"fact:order.{order(5)}"
        assert next(fact.value for _, fact in chat.own_rows_behind(found, machine, cite)) == order(5)
        assert chat.own_rows_behind(found, machine, f"fact:order.{order(41)}") == (), "another shop's"
        unknown = replace(found, conversation=replace(found.conversation, merchant_id=""))
        assert chat.own_rows_behind(unknown, machine, cite) == ()

    def test_what_does_not_show_the_shop_is_one_line(self, desk: Runtime) -> None:
        page = self.page()
        page.text_input(key="chat.merchant").set_value("a")
        page.text_input(key="chat.orders").set_value(f"{order(5)} {order(41)}")
        next(each for each in page.button if each.label == "Show that it is mine").click().run()
        assert "does not show" in page.warning[0].value
        page.text_input(key="chat.orders").set_value(f"{order(5)} {order(6)}")
        next(each for each in page.button if each.label == "Show that it is mine").click().run()
        assert "Verified as Lotus" in shown(page)

    def test_a_wrong_address_says_so(self, desk: Runtime) -> None:
        assert "There is no such conversation" in shown(self.page("nothing"))

    @pytest.mark.parametrize("chat_only", [True, False])
    def test_merchants_are_served_this_page_alone(self, desk: Runtime, chat_only: bool) -> None:
        with use_runtime(Runtime(replace(desk.settings, chat_only=chat_only))):
            page = AppTest.from_file(str(PAGES.parent / "main.py"), default_timeout=120).run()
        assert not page.exception
        assert ("I am a machine" in shown(page)) == chat_only
        assert bool(page.sidebar.children) != chat_only, "filters lead to the desk's own pages"
