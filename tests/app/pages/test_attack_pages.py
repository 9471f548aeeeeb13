"""The tabs Attacks and Rings and the card of raters: drawn in both languages, with the services' figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics.metrics import Scope
from app.charts.attacks import rank_shifts
from app.charts.bars import contributions
from app.commands import main as command
from app.errors import InputFileError
from app.filters import default_filters
from app.identity import Actor
from app.services import attacks
from app.services.cases import open_case
from app.services.warehouse import filter_options
from app.workspace import NewCase

MAIN = Path(__file__).resolve().parents[3] / "app" / "main.py"


def opened(tab: str, language: str, **state: str) -> AppTest:
    app = AppTest.from_file(str(MAIN), default_timeout=120)
    app.query_params["lang"] = language
    for key, value in state.items():
        app.query_params[key] = value
    app.session_state["trust.tabs"] = tab
    return app.switch_page("views/trust.py").run()


def test_a_simulated_attack_has_a_row_a_method(demo: str) -> None:
    last = default_filters(filter_options(demo)).date_to
    frame = attacks.simulate(demo, last, "slandered", 0.2, attacks.TOP)
    assert list(frame["method"]) == list(attacks.METHOD_LABELS)
    assert frame["score_before"].between(0, 100).all()
    moved = frame.set_index("method")["shift"]
    assert moved["mean"] < moved["ours"] - 5


def test_the_rings_of_the_demo_are_shown_with_their_members(demo: str, demo_warehouse: Path) -> None:
    truth = pd.read_parquet(demo_warehouse / "truth" / "attackers.parquet")
    last = default_filters(filter_options(demo)).date_to
    found = attacks.rings(demo, last)
    assert {name for ring in found for name in ring.members} == set(truth[truth["attack"] == "ring"]["merchant_id"])
    table = attacks.ring_table(found)
    assert (table["shared"] > 10 * table["expected"]).all()
    members = attacks.ring_members(demo, last, found[0])
    assert list(members["merchant_id"]) == list(found[0].members)
    assert len(attacks.ring_links(demo, found[0])) == len(found[0].links)
    assert len(attacks.ring_reviewers(found[0])) == len(found[0].reviewers)


def test_the_command_prints_what_the_page_shows(demo: str, demo_warehouse: Path) -> None:
    result = CliRunner().invoke(command, ["rings", "--json", "--warehouse", str(demo_warehouse)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    found = attacks.rings(demo, default_filters(filter_options(demo)).date_to)
    assert [row["members"] for row in rows] == [list(ring.members) for ring in found]
    assert [len(row["order_ids"]) for row in rows] == [len(ring.order_ids) for ring in found]
    assert all(link["shared"] > link["expected"] for row in rows for link in row["links"])
    early = CliRunner().invoke(command, ["rings", "--as-of", "1999-01-01", "--warehouse", str(demo_warehouse)])
    assert early.exit_code == 1
    assert len(early.stderr.strip().splitlines()) == 1


def test_the_filters_choose_who_is_attacked(demo: str, scope: Scope) -> None:
    every, (one, *_others) = attacks.targets(demo, scope), attacks.targets(demo, scope)
    assert len(every) > 100
    assert list(attacks.targets(demo, replace(scope, merchants=(one,)))) == [one]
    app = opened("Attacks", "en", merchant=one)
    assert app.selectbox(key="trust.attack.merchant").value == one
    assert "The filters choose who can be attacked" in "\n".join(item.value for item in app.caption)
    assert not app.exception


def test_the_raters_of_a_merchant_add_up(demo: str, scope: Scope) -> None:
    last = default_filters(filter_options(demo)).date_to
    found = attacks.rater_standing(demo, last, next(iter(attacks.targets(demo, scope))))
    assert found is not None
    assert found.credible_share is not None
    assert 0 <= found.credible_share <= 1
    assert found.ci_low <= found.score <= found.ci_high
    assert attacks.rater_standing(demo, last, "nobody") is None


@pytest.mark.parametrize(("language", "tab", "words"), [("en", "Attacks", "Rank before and after"), ("zh-Hans", "刷评团伙", "有共同评价者的商家")])  # fmt: skip
def test_a_tab_is_drawn_in_both_languages(demo: str, language: str, tab: str, words: str) -> None:
    app = opened(tab, language)
    assert not app.exception
    assert any(words in text.value for text in app.markdown)


def test_a_method_without_a_score_has_no_mark() -> None:
    figure = rank_shifts(
        ["a", "b"], [10.0, None], [20.0, None], x_title="x", before_label="before", after_label="after"
    )
    assert list(figure.data[-1].y) == ["a", "b"]
    assert figure.data[-1].x == (20.0, None)
    assert len(figure.data) == 3


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("ring-M-0043", "There is no ring 'ring-M-0043': did you mean 'ring-M-00043'?"),
        ("x", "There is no ring 'x'. Found: ring-M-00043"),
    ],
)
def test_a_case_is_about_a_ring_that_was_found(demo: str, asked: str, message: str) -> None:
    new = NewCase("ring", asked, "", "Look into it")
    with pytest.raises(InputFileError) as caught:
        open_case(demo, new, Actor("local:ann", "Ann", "local"))
    assert message in str(caught.value)
    assert "ring-M-00043" in attacks.ring_ids(demo)


@pytest.mark.parametrize(
    ("peer", "names"), [((1.0, None), ["Most", "Earned", "Peers"]), ((None, None), ["Most", "Earned"])]
)
def test_peers_stand_in_the_legend_where_there_are_any(peer: tuple[float | None, ...], names: list[str]) -> None:
    figure = contributions(
        ["A", "B"], [1.0, 2.0], [3.0, 4.0], list(peer),
        title="", x_title="Points", full_label="Most", points_label="Earned", peer_label="Peers",
    )  # fmt: skip
    assert [trace.name for trace in figure.data] == names
    assert figure.layout.legend.xanchor == "left", "the tools of a chart are on the right"
    assert figure.layout.xaxis.fixedrange
