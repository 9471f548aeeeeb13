"""The Satisfaction page's tabs: the command's figures, each tab drawn in both languages, and a reason wherever there is nothing to draw."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics import threads
from analytics.metrics import Scope, compute
from analytics.satisfaction.drivers import CAUSES as CAUSE_IDS
from analytics.satisfaction.segments import BUYER_MEASURES, MERCHANT_MEASURES
from app.charts.shapes import Estimate
from app.charts.studies import bounds, grid, raw_and_adjusted, returns
from app.commands import main as command
from app.components.study_words import CAUSES, HIGH_LOW, MEASURES, OUTCOMES, between, sample_words, trait_words
from app.i18n import use_language
from app.services import inferred, language
from app.services import satisfaction_studies as studies
from app.services.runtime import use_runtime
from app.services.warehouse import cursor
from llm.types import thread_from_json
from tests.app.pages.conftest import runtime

MAIN = Path(__file__).resolve().parents[3] / "app" / "main.py"
TABS = {
    "en": ("Trend", "Coverage", "Drivers", "Loyalty", "Segments", "Chain", "Inferred"),
    "zh-Hans": ("趋势", "覆盖率", "驱动因素", "忠诚", "分群", "链条", "推断"),
}


def drawn(tab: str, language: str = "en") -> AppTest:
    at = AppTest.from_file(str(MAIN), default_timeout=120)
    at.query_params["lang"] = language
    with use_language(language):
        at.run()
        at.session_state["satisfaction.tabs"] = tab
        at.switch_page("views/satisfaction.py").run()
    assert not at.exception
    assert [box.value for box in at.error] == []
    return at


def printed(warehouse: Path, *parts: str) -> list[dict[str, object]]:
    done = CliRunner().invoke(command, ["loyalty", *parts, "--json", "--warehouse", str(warehouse)])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_command_prints_the_pages_figures(demo: str, scope: Scope, demo_warehouse: Path) -> None:
    rows = printed(demo_warehouse, "index", "silence", "returns")
    index = studies.index(demo, scope).index
    assert (rows[0]["value"], rows[0]["ci_low"], rows[0]["n"]) == (index.value, index.ci_low, index.n)
    silence = studies.silence(demo, scope).bounds[0].silence
    assert next(row for row in rows if row["part"] == "silence")["upper_share"] == silence.upper
    cohorts = studies.returns(demo, scope).cohorts
    assert next(row for row in rows if row.get("experience") == "difference")["value"] == cohorts.difference


def test_effective_share_is_the_metrics(demo: str, scope: Scope) -> None:
    with cursor(demo) as opened:
        share = compute(opened, "effective_positive_share", scope)[0]
    silence = studies.silence(demo, scope).bounds[0].silence
    assert silence.effective == pytest.approx(share.value, abs=1e-12)
    assert silence.delivered == share.n


def test_categories_silences_add_up_to_the_whole(demo: str, scope: Scope) -> None:
    year = replace(scope, date_from=scope.date_to - timedelta(days=364))
    whole, *categories = studies.silence(demo, year).bounds
    assert len(categories) > 3
    assert sum(one.silence.delivered for one in categories) == whole.silence.delivered


@pytest.mark.parametrize("language", TABS)
def test_every_tab_is_drawn(demo: str, language: str) -> None:
    for tab in TABS[language]:
        at = drawn(tab, language)
        assert at.get("plotly_chart"), tab


def test_only_the_open_tab_is_computed(demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_study(*_: object) -> None:
        raise AssertionError("not asked for")

    for name in ("index", "silence", "drift", "drivers", "returns", "buyer_segments", "merchant_segments", "chain"):
        monkeypatch.setattr(studies, name, no_study)
    drawn("Trend")


def test_what_a_source_lacks_has_a_reason(warehouse: Path) -> None:
    with use_runtime(runtime(warehouse)):
        said = {}
        for tab in TABS["en"][1:]:
            at = drawn(tab)
            charts = [chart.key for chart in at.get("plotly_chart")]
            assert charts == (["satisfaction.rfm.figure"] if tab == "Segments" else []), tab  # 44 buyers are known
            said[tab] = " ".join(text.value for text in at.markdown)
    assert "No month has enough answers" in said["Coverage"]
    assert "0 raters with three or more reviews" in said["Coverage"]
    assert "Too few orders to tell" in said["Drivers"]
    assert "0 of 43 buyers came back" in said["Loyalty"]
    assert "43 of 60 needed" in said["Segments"]
    assert "The data is too short for it" in said["Chain"]


def test_a_wrong_part_is_wrong_usage(demo_warehouse: Path) -> None:
    done = CliRunner().invoke(command, ["loyalty", "cohort", "--warehouse", str(demo_warehouse)])
    assert done.exit_code == 2
    assert "choose among index" in done.output


def test_every_cause_measure_and_outcome_has_words() -> None:
    assert set(CAUSES) == set(CAUSE_IDS)
    assert set(MEASURES) == set(HIGH_LOW) == {*BUYER_MEASURES, *MERCHANT_MEASURES}
    assert {"rating", "positive", "effective", "bad", "repeat", "merchant_repeat"} == set(OUTCOMES)


def test_a_segment_is_named_in_both_languages() -> None:
    assert trait_words("orders", "count", 6.2, 1.9, 1.4) == "more orders (6.2; all: 1.9)"
    # named by the comparison alone: 85 merchants per 100 orders are no faithfulness, and −5 % is no growth
    assert trait_words("variety", "rate", 0.85, 0.92, -0.6) == "fewer merchants per order (85%; all: 92%)"
    assert trait_words("growth", "rate", -0.05, -0.2, 0.9) == "higher growth (-5%; all: -20%)"
    assert trait_words("late_share", "rate", 0.02, 0.05, -0.8) == "fewer late deliveries (2%; all: 5%)"
    with use_language("zh-Hans"):
        assert trait_words("days_since", "days", 11.0, 116.0, -2.0) == "近期更常下单（11 天；整体：116 天）"


def test_figures_carry_their_interval_and_nothing_is_no_zero() -> None:
    assert between(-0.31, -0.36, -0.26, "stars") == "−0.31 (−0.36 to −0.26)"
    assert between(None, None, None, "rate") == "–"
    assert sample_words(1) == ""
    assert "one in 25" in sample_words(25)


def test_a_row_without_an_estimate_keeps_its_name() -> None:
    found = raw_and_adjusted(
        ["Excellent", "Poor"],
        [Estimate("", 4.5, 4.4, 4.6, 90), Estimate("", None)],
        [Estimate("", 4.4, 4.3, 4.5, 90), Estimate("", None)],
        labels=("Raw", "Adjusted"),
        unit="stars",
        x_title="Stars",
        has_zero=False,
    )
    assert list(found.layout.yaxis.ticktext) == ["Excellent", "Poor"]
    assert list(found.data[1].x) == [4.4, None]
    assert found.data[1].error_x.array[0] == pytest.approx(0.1)


def test_a_bar_of_silence_reaches_from_bound_to_bound() -> None:
    found = bounds(["All"], [0.3], [0.8], [0.95], labels=("low", "plain", "high"), x_title="Share")
    assert found.data[0].base[0] == pytest.approx(0.3)
    assert found.data[0].x[0] == pytest.approx(0.65)
    assert found.data[1].x[0] == pytest.approx(0.8)


def test_curves_have_a_band_and_a_line_each() -> None:
    frame = pd.DataFrame(
        {
            "experience": ["good", "good"],
            "day": [0, 1],
            "back": [0.0, 0.1],
            "ci_low": [0.0, 0.05],
            "ci_high": [0.0, 0.2],
            "at_risk": [9, 8],
        }
    )
    found = returns(frame, {"good": "Good"}, x_title="Days", y_title="Back")
    assert len(found.data) == 2
    assert list(found.data[0].y) == [0.0, 0.2, 0.05, 0.0]
    assert list(found.data[1].y) == [0.0, 0.1]


def test_a_grid_shows_its_texts() -> None:
    found = grid(["a"], ["1"], [[None]], [[""]], [["none"]], x_title="", y_title="", is_signed=True)
    assert found.data[0].z[0][0] is None
    assert found.data[0].zmin == -2.5


def test_the_conversations_not_read_are_counted(demo: str, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inferred, "MOST_THREADS", 20)
    monkeypatch.setitem(threads.tickets.__kwdefaults__, "limit", 30)
    found = inferred.inferred(demo, scope)
    assert found.read <= 20
    assert found.total > 30


def test_the_command_gives_scores_on_the_surveys_scale(demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inferred, "MOST_THREADS", 150)
    monkeypatch.setattr(inferred, "LEAST_SURVEYS", 30)
    answer, surveyed = inferred.judge()
    assert surveyed["en"].n >= 30
    line = {
        "ticket_id": "t",
        "messages": [{"message_id": "m", "author": "merchant", "text": "Thanks, all solved, great!"}],
    }
    read = language.satisfaction_of(thread_from_json(line))
    found = answer(line)
    said = surveyed["en"].slope * read.score + surveyed["en"].offset
    assert found["score"] == pytest.approx(min(5.0, max(1.0, said)), abs=0.01)
    assert 1.0 <= found["ci_low"] <= found["score"] <= found["ci_high"] <= 5.0  # type: ignore[operator]
    monkeypatch.setattr(inferred, "LEAST_SURVEYS", 10_000)
    assert inferred.judge()[0](line) == read.to_json()
