"""Openings that people wrote, in the demo's tickets: of training threads only, with the ticket's own facts, and nothing else is moved by them."""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from analytics.demo import desk, generate, voices
from analytics.demo.tickets import TicketSpec
from analytics.demo.voices import written
from analytics.demo.voices.written import Written, assigned, opening_of, written_openings
from llm.desk.corpus import read_corpus


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[TicketSpec]]:
    """A small demo and its specs, caught on their way to the desk's tables."""
    caught: list[TicketSpec] = []
    kept = desk.write_desk

    def catch(out: Path, rows: list[tuple[TicketSpec, object]], rng: np.random.Generator) -> tuple[int, int]:
        caught.extend(spec for spec, _ in rows)
        return kept(out, rows, rng)

    folder = tmp_path_factory.mktemp("written")
    with mock.patch("analytics.demo.generate.write_desk", catch):
        generate(folder, scale="small", seed=5)
    return folder, caught


def first_messages(folder: Path) -> dict[str, str]:
    rows = pd.read_parquet(folder / "messages").sort_values(["ticket_id", "sent_at", "message_id"])
    return dict(rows.groupby("ticket_id")["text"].first())


def test_no_held_out_thread_speaks_in_the_demo() -> None:
    corpus = read_corpus(written.FOLDER)
    judging = {thread.thread_id for thread in corpus if thread.is_held_out}
    training = {thread.thread_id for thread in corpus} - judging
    used = {one.thread_id for one in written_openings()}
    assert len(used) > 200
    assert used <= training


def test_many_tickets_of_both_languages_open_in_written_words_each_once(demo: tuple[Path, list[TicketSpec]]) -> None:
    _, specs = demo
    named = [spec.written for spec in specs if spec.written]
    assert len(named) > 0.07 * len(specs)
    assert len(set(named)) == len(named)
    assert {spec.language for spec in specs if spec.written} == {"en", "zh-Hans"}


def test_they_name_the_tickets_own_facts(demo: tuple[Path, list[TicketSpec]]) -> None:
    folder, specs = demo
    texts = first_messages(folder)
    orders = 0
    for spec in specs:
        if spec.written is None:
            continue
        one, text = opening_of(spec.written), texts[spec.ticket_id]
        assert (one.language, one.author, one.intents[0]) == (spec.language, spec.opened_by, spec.intent)
        assert set(re.findall(r"TD-\d+", text)) == set(spec.order_ids), text
        assert not re.search(r"[{}|]", text)
        literal = [said for kind, said in one.pieces if kind in ("", "name")]
        assert all(said in text for said in literal)
        orders += len(spec.orders)
    assert orders > 5


def test_all_else_is_what_it_would_be_without_them(demo: tuple[Path, list[TicketSpec]], tmp_path: Path) -> None:
    folder, specs = demo
    with mock.patch("analytics.demo.generate.assigned", list):
        generate(tmp_path, scale="small", seed=5)
    for part in (
        "tickets/0.parquet",
        "truth/tickets.parquet",
        "truth/merchants.parquet",
        "events/merchant-csat.parquet",
    ):
        pd.testing.assert_frame_equal(pd.read_parquet(folder / part), pd.read_parquet(tmp_path / part))
    with_them, without = (pd.read_parquet(root / "messages") for root in (folder, tmp_path))
    pd.testing.assert_frame_equal(with_them.drop(columns="text"), without.drop(columns="text"))
    moved = with_them[with_them["text"] != without["text"]]
    own = moved.groupby("ticket_id")["text"].apply(list)
    assert set(own.index) <= {spec.ticket_id for spec in specs if spec.written}
    assert all(any("> " in later for later in said[1:]) or len(said) == 1 for said in own), "or quoted in an answer"


def test_the_same_specs_are_given_the_same_openings(demo: tuple[Path, list[TicketSpec]]) -> None:
    bare = [dataclasses.replace(spec, written=None) for spec in demo[1]]
    assert assigned(bare) == demo[1]
    assert assigned(bare, ()) == bare


def test_a_text_fits_what_has_its_facts_and_its_mood(demo: tuple[Path, list[TicketSpec]]) -> None:
    spec = next(spec for spec in demo[1] if len(spec.orders) == 1 and spec.opened_by == "merchant")
    spec = dataclasses.replace(spec, secondary_intent=None, amount=Decimal("12.50"), mood="angry", points=None)
    pieces = (
        ("", "Where is "),
        ("amount", "30 dollars"),
        ("", " for "),
        ("order", "TD-1"),
        ("", "? And "),
        ("order", "TD-1"),
    )
    one = Written("x", spec.language, "merchant", (spec.intent,), -0.6, pieces, 1)
    assert one.fits(spec)
    assert (
        one.filled(spec, {"amount": "USD 12.50"})
        == f"Where is USD 12.50 for {spec.order_ids[0]}? And {spec.order_ids[0]}"
    )
    assert not one.fits(dataclasses.replace(spec, amount=None))
    assert not one.fits(dataclasses.replace(spec, orders=spec.orders * 2))
    assert not one.fits(dataclasses.replace(spec, secondary_intent="fee_question"))
    assert not one.fits(dataclasses.replace(spec, mood="friendly"))
    assert not dataclasses.replace(one, pieces=(("points", "4 points"),)).fits(spec)
    assert dataclasses.replace(one, pieces=(("points", "4 points"),)).filled(spec, {"points": "9"}) == "9 points"


def test_without_a_corpus_the_demo_is_made_of_phrases(tmp_path: Path) -> None:
    assert written_openings(tmp_path) == ()


def test_who_writes_what_is_the_specs_alone(demo: tuple[Path, list[TicketSpec]]) -> None:
    some = [spec for spec in demo[1] if spec.written][:20]
    alone = [row for spec in reversed(some) for row in voices.render([spec], np.random.default_rng(9))]
    assert sorted(alone) == sorted(voices.render(some, np.random.default_rng(1)))
