"""Which penalty a ticket's facts tell of, what of one that was lifted, and which day terms count from."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.services import reply, terms, warehouse
from app.services.matter import Penalty, _penalty_facts, matter
from app.services.runtime import Runtime, remembering, snapshot_id, use_runtime
from app.settings import load_settings
from llm.types import Message, Thread
from tests.app.pages.desk_marketplace import desk, desk_warehouse

__all__ = ["desk", "desk_warehouse"]

STANDING = Penalty("PEN-000011", "F-2.1", {}, 4, date(2026, 10, 2), date(2027, 1, 1), None, None)
LIFTED = replace(STANDING, penalty_id="PEN-000012", clause="F-1.1", points=2, lifted_on=date(2026, 10, 9))


@pytest.mark.parametrize(
    ("text", "clause", "lifted_on"),
    [
        ("Please review PEN-000012.", "F-1.1", "2026-10-09"),
        ("We appeal the points under F-1.1.", "F-1.1", "2026-10-09"),
        ("请复核 PEN-000011。", "F-2.1", None),
        ("Why were we given points?", "F-2.1", None),
    ],
)
def test_a_lifted_penalty_is_told_where_it_is_named(text: str, clause: str, lifted_on: str | None) -> None:
    thread = Thread("T-1", "M-1", (Message("m1", None, "merchant", text),))
    facts = {fact.name: fact.value for fact in _penalty_facts((LIFTED, STANDING), thread, date(2026, 10, 12))}
    assert facts["penalty_clause"] == clause
    assert facts.get("penalty_lifted_on") == lifted_on
    assert ("penalty_points" in facts) is (lifted_on is None)


def on_day(monkeypatch: pytest.MonkeyPatch, *day: int) -> None:
    """The clock stands at noon of that day."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(*day, 12, tzinfo=UTC)  # type: ignore[arg-type,misc]

    monkeypatch.setattr(warehouse, "datetime", Clock)


def told() -> dict[str, object]:
    asked = reply.brief(snapshot_id(), "t-en")
    assert asked is not None
    return {fact.name: fact.value for fact in asked.facts}


def test_terms_of_real_data_count_from_today_and_a_new_day_is_a_new_brief(
    desk: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with remembering({}):
        on_day(monkeypatch, 2026, 2, 13)
        before = told()
        on_day(monkeypatch, 2026, 11, 29)
        after = told()
    assert (before["today"], before["answer_due_date"]) == ("2026-02-13", "2026-02-20")
    assert (before["appeal_until"], before.get("appeal_period_end")) == ("2026-02-15", None)
    assert (after["today"], after["answer_due_date"], after["review_due_date"]) == ("2026-11-29", *["2026-12-04"] * 2)
    assert (after.get("appeal_until"), after["appeal_period_end"]) == (None, "2026-02-15")
    found = matter(snapshot_id(), "t-en", date(2026, 2, 13))
    assert found is not None
    facts = {fact.fact_id: fact.value for fact in found.facts}
    assert facts["today"] == "2026-02-13"
    assert "delivered at 21:00 instead of 20:00 (UTC), late" in str(facts["order.o0"]), (
        "on the promised day, an hour late"
    )


def test_terms_of_simulated_data_count_from_its_last_day(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_day(monkeypatch, 2031, 1, 1)
    overrides = {"warehouse": str(demo_warehouse), "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}"}
    with use_runtime(Runtime(load_settings({}, overrides=overrides))):
        found = warehouse.snapshot(snapshot_id())
        assert found.is_demo
        assert (
            warehouse.desk_day(snapshot_id()) == warehouse.filter_options(snapshot_id()).default_to < date(2031, 1, 1)
        )


def test_a_chargebacks_evidence_is_open_until_its_last_day_and_passed_after_it() -> None:
    for today, name in ((date(2026, 11, 12), "evidence_due_date"), (date(2026, 11, 13), "evidence_period_end")):
        facts = {
            f.name: f.value for f in terms.chargeback_terms("o1", date(2026, 11, 2), today, {"chargeback_evidence": 10})
        }
        assert facts == {"order_chargeback": "o1: 2026-11-02", name: "2026-11-12"}
