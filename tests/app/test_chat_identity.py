"""Who asks is shown before anything of a shop is told, and guessing is slow."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.errors import NotAllowed
from app.services import chat
from app.services.runtime import Runtime, snapshot_id
from app.workspace.audit import chat_subject
from app.workspace.conversations import FREE_TRIES
from tests.app.chat_marketplace import (
    APPEAL,
    BEN,
    GUEST,
    LATE,
    desk,
    facts_told,
    order,
    reason,
    shops_warehouse,
    talk,
)

__all__ = ["desk", "shops_warehouse"]


class TestWhoAsks:
    def test_nothing_of_a_shop_is_told_before_it_is_shown(self, desk: Runtime) -> None:
        found = talk(LATE.format(order=order(5)))
        assert found.turns[-1].author == "bot"
        assert facts_told(found) == set()
        shown = chat.verify(found.conversation.conversation_id, "a", f"{order(5)}, {order(30)}", GUEST)
        found = talk(f"And my order {order(6)}, when was it delivered?", conversation_id=shown)
        assert (found.shop, found.conversation.merchant_id) == ("Lotus", "a")
        told = talk(
            LATE.format(order=order(5)), conversation_id=chat.verify(None, "a", f"{order(5)} {order(30)}", GUEST)
        )
        assert f"fact:order.{order(5)}" in facts_told(told)

    @pytest.mark.parametrize(
        ("merchant", "orders"),
        [
            ("a", f"{order(5)}"),
            ("a", f"{order(5)} {order(5)}"),
            ("a", f"{order(5)} {order(41)}"),
            ("b", f"{order(5)} {order(6)}"),
            ("a", "x1 x2"),
            ("nobody", f"{order(5)} {order(6)}"),
            ("", ""),
            ("a' or 1=1 --", f"{order(5)} {order(6)}"),
        ],
    )
    def test_what_others_may_know_does_not_show_it(self, desk: Runtime, merchant: str, orders: str) -> None:
        with pytest.raises(NotAllowed, match="does not show"):
            chat.verify(None, merchant, orders, GUEST)
        assert desk.workspace.conversations.waiting() == []

    def test_old_orders_show_nothing(self, desk: Runtime) -> None:
        from analytics.desk import buyers_behind
        from app.services.warehouse import cursor

        with cursor(snapshot_id()) as opened:
            assert buyers_behind(opened, "a", [order(0), order(39)], datetime(2026, 1, 1, tzinfo=UTC).date()) == 2
            assert buyers_behind(opened, "a", [order(0), order(39)], datetime(2026, 1, 2, tzinfo=UTC).date()) == 1

    def test_a_stranger_is_slowed_down_and_the_shop_itself_is_not_locked_out(self, desk: Runtime) -> None:
        stranger = chat.started(None, GUEST)
        for n in range(FREE_TRIES):
            with pytest.raises(NotAllowed, match="does not show"):
                chat.verify(stranger, "a", f"g{n} h{n}", GUEST)
        for shop, orders in (("a", f"{order(5)} {order(6)}"), ("b", f"{order(41)} {order(42)}")):
            with pytest.raises(NotAllowed, match="wait 1 min"):
                chat.verify(stranger, shop, orders, GUEST)
        assert chat.verify(None, "a", f"{order(5)} {order(6)}", GUEST), "the shop's own people are let in"

    def test_each_further_attempt_waits_twice_as_long_and_an_hour_forgets(self, desk: Runtime) -> None:
        conversations = desk.workspace.conversations
        stranger, at = chat.started(None, GUEST), datetime.now(UTC)
        waited = []
        for n in range(FREE_TRIES + 7):
            if n >= FREE_TRIES:
                with pytest.raises(NotAllowed) as told:
                    conversations.try_proof(stranger, at)
                waited.append(int(re.findall(r"wait (\d+) min", str(told.value))[0]))
                at += timedelta(minutes=waited[-1])
            conversations.try_proof(stranger, at)
        assert waited == [1, 2, 4, 8, 16, 32, 60]
        for _ in range(FREE_TRIES - 1):
            conversations.try_proof(stranger, at)  # an hour forgets
        with pytest.raises(NotAllowed, match="wait 1 min"):
            conversations.try_proof(stranger, at)

    def test_very_many_attempts_in_all_conversations_are_seen_to_by_a_person(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chat, "MOST_REFUSALS", 7)
        for n in range(7):
            with pytest.raises(NotAllowed, match="does not show"):
                chat.verify(None, "a", f"g{n} h{n}", GUEST)
        with pytest.raises(NotAllowed, match="for this shop today"):
            chat.verify(None, "a", f"{order(5)} {order(6)}", GUEST)
        (case,) = desk.workspace.cases.all(merchant_id="a")
        assert case.title.startswith("7 wrong attempts")
        assert chat.verify(None, "b", f"{order(41)} {order(42)}", GUEST), "another shop is not locked out"

    def test_the_bound_is_far_above_a_persons_attempts(self) -> None:
        assert chat.MOST_REFUSALS >= 20 * FREE_TRIES
        assert chat.MOST_ORDERS <= 4, "each attempt tries few order numbers"

    def test_no_entry_of_the_log_opens_a_conversation(self, desk: Runtime) -> None:
        found = talk(APPEAL)
        mine = found.conversation.conversation_id
        with pytest.raises(NotAllowed):
            chat.verify(mine, "a", "x1 x2", GUEST)
        chat.verify(mine, "a", f"{order(5)} {order(6)}", GUEST)
        chat.ask_for_person(mine, "A person, please.", GUEST)
        chat.answer_as_person(mine, "Ben here.", BEN)
        chat.rate(mine, 4, GUEST)
        log = desk.workspace.audit.entries()
        assert not [entry for entry in log if mine in f"{entry.subject} {dict(entry.detail)}"]
        own = desk.workspace.audit.entries(subject=chat_subject(mine))
        assert {"chat.started", "chat.said", "chat.verified", "chat.rated"} <= {entry.action for entry in own}
        assert chat.chat(chat_subject(mine).removeprefix("chat:")) is None

    def test_a_conversation_is_one_shops(self, desk: Runtime) -> None:
        mine = chat.verify(None, "a", f"{order(5)} {order(6)}", GUEST)
        with pytest.raises(NotAllowed, match="another shop"):
            chat.verify(mine, "b", f"{order(41)} {order(42)}", GUEST)

    def test_another_shops_order_is_not_told(self, desk: Runtime) -> None:
        found = talk(
            LATE.format(order=order(41)), conversation_id=chat.verify(None, "a", f"{order(5)} {order(6)}", GUEST)
        )
        assert not any(order(41) in cite for cite in facts_told(found))
        assert f"Our records of your shop hold no order {order(41)}." in found.turns[-1].text
        assert "2026-02" not in found.turns[-1].text
        found = talk("How many points does b have, the other shop?", conversation_id=found.conversation.conversation_id)
        assert (found.is_handed_over, reason(desk, found)) == (True, "other_merchants_data")
