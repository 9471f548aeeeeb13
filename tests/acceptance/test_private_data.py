"""Private data in sentences that others wrote: what has a form is masked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm.privacy import find

SENTENCES = Path(__file__).resolve().parents[3] / "shared" / "data" / "pii" / "generated_small.json"
TYPES = {
    "PERSON": "PERSON",
    "PHONE_NUMBER": "PHONE",
    "EMAIL_ADDRESS": "EMAIL",
    "ADDRESS": "ADDRESS",
    "CREDIT_CARD": "CARD",
    "US_SSN": "NATIONAL_ID",
    "DOMAIN_NAME": "URL",
    "IP_ADDRESS": "IP",
}

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not SENTENCES.is_file(), reason=f"the public sentences are not at {SENTENCES}"),
]


def test_what_has_a_form_is_masked_in_the_public_sentences() -> None:
    covered = total = 0
    for row in json.loads(SENTENCES.read_text("utf-8")):
        held = {n for span in find(row["full_text"]) for n in range(span.start, span.end)}
        for span in row["spans"]:
            if TYPES.get(span["entity_type"]) not in {None, "PERSON", "ADDRESS"}:
                total += 1
                covered += all(n in held for n in range(span["start_position"], span["end_position"]))
    assert total == 30
    assert covered >= 25, "four of ten telephones have forms that are not told from other numbers"
