"""Which penalty a ticket's facts tell of, and what of one that was lifted."""

from dataclasses import replace
from datetime import date

import pytest

from app.services.matter import Penalty, _penalty_facts
from llm.types import Message, Thread

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
