"""`trustdesk bench vectors`: every way has its row, the second pass computes nothing, and our vectors are those of plain float32."""

from __future__ import annotations

import json

import pytest
import torch

from llm import vector_speed
from llm.vector_speed import sample_messages
from tests.app.conftest import Invoke


def test_every_way_embeds_the_same_and_the_second_pass_is_free(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_speed, "find_spec", lambda _name: None)
    threads = str(torch.get_num_threads())
    result = invoke("bench", "vectors", "--messages", "40", "--threads", threads, "--json")
    assert result.exit_code == 0, result.output
    first, again, plain, other = (json.loads(line) for line in result.stdout.splitlines())
    assert [row["way"] for row in (first, again, plain, other)] == [
        "trustdesk",
        "trustdesk, second pass",
        "transformers, float32",
        "OpenVINO",
    ]
    assert (first["computed"], again["computed"], plain["computed"]) == (40, 0, 40)
    assert min(row["lowest_cosine"] for row in (first, again, plain)) > 0.999
    assert first["messages_per_second"] > 0
    assert (other["status"], other["messages_per_second"]) == ("not installed", None)


def test_messages_are_different_and_the_same_each_time() -> None:
    texts = sample_messages(3_000, lambda text: "refund" not in text)
    assert len(set(texts)) == 3_000
    assert texts == sample_messages(3_000, lambda text: "refund" not in text)
    assert not any("refund" in text for text in texts)
    assert all(text.strip() for text in texts)
