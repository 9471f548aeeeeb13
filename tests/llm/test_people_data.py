"""What the tagger of people learns from shares no sentence with what it is judged by."""

import json
import re
from pathlib import Path

import pytest

from llm.desk.people_training import deeds, frames
from llm.desk.people_words import names

LABELLED = Path(__file__).parents[2] / "data" / "labelled" / "pii.jsonl"
RUN = {"zh": 8}
LONG_RUN = 18


@pytest.mark.parametrize("language", sorted(frames()))
def test_no_frame_repeats_a_labelled_message(language: str) -> None:
    judged = "\n".join(json.loads(line)["text"] for line in LABELLED.read_text("utf-8").splitlines()).casefold()
    size = RUN.get(language, LONG_RUN)
    for frame in (*frames()[language], *deeds().get(language, [])):
        for fixed in re.split(r"\{\w+\}|[\[\]|]", frame.casefold()):
            runs = {fixed[n : n + size] for n in range(len(fixed) - size + 1)}
            assert not [run for run in runs if run in judged], frame


def test_names_of_many_locales_are_held() -> None:
    assert len(names()) > 40
    assert all(given and family for given, family in names().values())
