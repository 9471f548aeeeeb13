"""Overview, Trust, Satisfaction and Merchant: the pages' figures are the commands' figures, and rows add up."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics.metrics import MetricResult, Scope, compute
from app.commands import main as command
from app.components.metric_card import change_colour, change_words
from app.services import figures, merchant, overview, satisfaction, themes, trust
from app.services.figures import Card, Number
from app.services.warehouse import cursor, filter_options
from tests.app.pages.analysis_pages import MAIN


@pytest.fixture(scope="module")
def largest(demo: str) -> str:
    """The merchant with most orders."""
    return next(iter(filter_options(demo).merchants))


def printed(warehouse: Path, *arguments: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(command, [*arguments, "--json", "--warehouse", str(warehouse)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


class TestTheSameFiguresEverywhere:
    def test_cards_are_what_the_command_prints(self, demo: str, scope: Scope, demo_warehouse: Path) -> None:
        cards = [*overview.overview_cards(demo, scope, "previous")]
        cards += [one.card for one in satisfaction.cards(demo, scope, "previous")]
        wanted = [card for card in cards if card.metric_id != trust.METRIC_ID]
        arguments = [part for card in wanted for part in ("--metric", card.metric_id)]
        rows = printed(
            demo_warehouse, "metrics", *arguments, "--from", str(scope.date_from), "--to", str(scope.date_to)
        )
        by_metric = {(row["metric"], row["currency"]): row for row in rows}
        for card in wanted:
            row = by_metric[card.metric_id, card.currency]
            assert (card.value, card.n, card.ci_low, card.ci_high, card.status) == (
                row["value"],
                row["n"],
                row["ci_low"],
                row["ci_high"],
                row["status"],
            ), card.metric_id

    def test_scores_are_what_the_command_prints(self, demo: str, scope: Scope, demo_warehouse: Path) -> None:
        rows = {row["merchant_id"]: row for row in printed(demo_warehouse, "trust")}
        board = trust.board(demo, scope)
        assert len(board) == len(rows)
        for row in board.to_dict("records"):
            printed_score = rows[row["merchant_id"]]["score"]
            assert (None if math.isnan(row["score"]) else row["score"]) == printed_score
        scores = sorted(float(str(row["score"])) for row in rows.values() if row["score"] is not None)
        card = overview.trust_card(demo, scope, "previous")
        assert card.value == pytest.approx(pd.Series(scores).median())
        assert card.n == len(scores)

    def test_a_leaderboard_adds_up_to_its_card(self, demo: str, scope: Scope) -> None:
        board = overview.leaderboard(demo, scope, "previous", "category", "orders")
        assert board["share"].sum() == pytest.approx(1)
        one = str(board["key"].iloc[0])
        narrowed = Scope(scope.date_from, scope.date_to, categories=(one,))
        card = figures.cards(demo, ("orders",), narrowed, "previous")[0]
        assert card.value == board["value"].iloc[0]
        assert card.change_share == pytest.approx(board["change"].iloc[0])

    def test_the_parts_of_a_change_add_up_to_the_cards(self, demo: str, scope: Scope) -> None:
        for metric_id in ("orders", "gmv", "late_seller_rate"):
            card = figures.cards(demo, (metric_id,), scope, "previous")[0]
            found, parts = figures.change_parts(demo, Number(metric_id, scope, card.currency), "previous", "region")
            assert (found.after, found.currency) == (card.value, card.currency)
            assert parts["change"].sum() + found.overlap == pytest.approx(card.change)
            assert parts["change"].abs().is_monotonic_decreasing
            assert list(parts.columns) == ["key", "name", *figures.PART_COLUMNS]

    def test_levels_and_bins_count_every_merchant_once(self, demo: str, scope: Scope) -> None:
        found = trust.scope_scores(demo, scope)
        assert sum(trust.level_counts(found).values()) == len(found)
        assert sum(b.count for b in trust.score_bins(found)) == len(found)


class TestRowsBehindANumber:
    @pytest.mark.parametrize("metric_id", ["gmv", "orders", "rating_mean", "late_seller_rate", "dispute_rate", "nps"])
    def test_rows_add_up_to_the_card(self, demo: str, scope: Scope, metric_id: str) -> None:
        card = figures.cards(demo, (metric_id,), scope, "previous")[0]
        rows = figures.rows(demo, Number(metric_id, scope, card.currency), 100_000)
        assert rows.row_count == len(rows.frame)
        assert rows.value == card.value
        hundredths = 100 if rows.unit == "money" else 1
        assert rows.frame["numerator_part"].sum() / hundredths == pytest.approx(rows.numerator)
        if rows.denominator is not None:
            assert rows.frame["denominator_part"].sum() == rows.denominator
            factor = 100 if rows.unit == "nps" else 1
            assert rows.value == pytest.approx(factor * rows.numerator / rows.denominator)
        else:
            assert rows.value == pytest.approx(rows.numerator)

    def test_rows_of_the_median_score_are_its_merchants(self, demo: str, scope: Scope) -> None:
        rows = figures.rows(demo, Number(trust.METRIC_ID, scope), 10)
        assert len(rows.frame) == 10
        assert rows.value == trust.median_trust(trust.scope_scores(demo, scope)).median

    def test_every_rate_of_a_score_opens_exactly_what_it_counts(self, demo: str, scope: Scope, largest: str) -> None:
        rates = merchant.rates(demo, scope.date_to, largest)
        for rate in rates.to_dict("records"):
            found = merchant.rate_rows(demo, scope.date_to, largest, rate["rate_id"])
            assert found.numerator == rate["numerator"], rate["rate_id"]
            assert found.denominator in (rate["denominator"], None), rate["rate_id"]

    def test_contributions_add_up_to_the_score(self, demo: str, scope: Scope, largest: str) -> None:
        standing = merchant.standing(demo, scope, "previous", largest)
        parts = merchant.contributions(demo, scope.date_to, largest)
        assert sum(part.points for part in parts) == pytest.approx(standing.now.score, abs=1e-9)
        assert sum(part.most for part in parts) == pytest.approx(100)

    def test_instants_are_shown_in_the_reporting_zone(self) -> None:
        frame = pd.DataFrame({"at": pd.to_datetime(["2026-10-31T18:00:00Z"]), "n": [1]})
        assert figures.in_zone(frame, "Asia/Shanghai")["at"].iloc[0] == pd.Timestamp("2026-11-01T02:00:00")

    def test_the_sql_of_a_number_names_its_window(self, demo: str, scope: Scope) -> None:
        assert str(scope.date_from) in figures.sql(demo, Number("dispute_rate", scope))
        assert "merchant_day" in figures.sql(demo, Number(trust.METRIC_ID, scope))


class TestComparisons:
    def test_without_data_before_there_is_no_change(self, demo: str) -> None:
        options = filter_options(demo)
        early = Scope(options.data_from, options.data_from + timedelta(days=20))
        assert all(card.change is None for card in overview.overview_cards(demo, early, "previous"))
        assert overview.what_changed(demo, early, "previous") is None
        assert overview.leaderboard(demo, early, "previous", "category", "orders")["change"].isna().all()

    def test_only_movements_beyond_chance_are_told(self, demo: str, scope: Scope) -> None:
        changes = overview.what_changed(demo, scope, "previous")
        assert changes is not None
        assert len(changes) <= 5
        assert [c.strength for c in changes] == sorted((c.strength for c in changes), reverse=True)
        for change in changes:
            card = figures.cards(demo, (change.metric_id,), scope, "previous")[0]
            assert card.is_significant
            assert (change.after, change.change) == (card.value, card.change)

    @pytest.mark.parametrize(
        ("direction", "change", "is_significant", "colour"),
        [
            ("higher", -0.13, True, "red"),
            ("higher", 0.13, True, "green"),
            ("lower", 0.01, True, "red"),
            ("lower", -0.01, True, "green"),
            ("lower", 0.01, False, "gray"),
            ("neutral", 0.01, True, "gray"),
        ],
    )
    def test_a_change_is_coloured_by_the_metrics_direction(
        self, direction: figures.Direction, change: float, is_significant: bool, colour: str
    ) -> None:
        card = Card("m", "M", "stars", direction, "ok", 4.0, 9, 1, change=change, is_significant=is_significant)
        assert change_colour(card) == colour

    def test_rates_change_in_points_and_counts_in_per_cent(self) -> None:
        late = Card("m", "M", "rate", "lower", "ok", 0.0481, 9, 1, change=0.0011, change_share=0.0228)
        assert change_words(late) == "+0.11 pp"
        orders = Card("m", "M", "count", "higher", "ok", 90, 90, 0, change=-10, change_share=-0.1)
        assert change_words(orders) == "−10.0%"


class TestPeriods:
    def test_a_week_cut_by_the_window_is_incomplete(self, demo: str) -> None:
        options = filter_options(demo)
        monday = options.data_up_to - timedelta(days=options.data_up_to.weekday() + 28)
        scope = Scope(monday, monday + timedelta(days=16))
        points = figures.many_series(demo, ("orders",), scope, "week")["orders"]
        assert [point.is_complete for point in points] == [True, True, False]

    def test_months_follow_each_other(self) -> None:
        found = figures.periods(date(2025, 11, 20), date(2026, 2, 3), "month")
        assert [start for start, _ in found] == [
            date(2025, 11, 1),
            date(2025, 12, 1),
            date(2026, 1, 1),
            date(2026, 2, 1),
        ]
        assert found[-1][1] == date(2026, 2, 28)


class TestCoverage:
    def test_no_more_than_all_deliveries_are_reviewed(self, demo: str, scope: Scope) -> None:
        found = satisfaction.trend(demo, scope, "rating_mean")
        shares = [point.value for point in found.coverage if point.value is not None]
        assert shares
        assert all(0 <= share <= 1 for share in shares)

    def test_a_merchant_without_a_score_or_from_later_on_says_so(self, demo: str) -> None:
        first = filter_options(demo).data_from
        known = {score.merchant_id for score in trust.scores_on(demo, Scope(first, first), first)}
        later = next(one for one in filter_options(demo).merchants if one not in known)
        for merchant_id, words in ((min(known), "No score to explain yet"), (later, "This merchant came later")):
            page = AppTest.from_file(str(MAIN), default_timeout=120)
            page.query_params["from"] = page.query_params["to"] = str(first)
            page.query_params["merchant"] = merchant_id
            page.run()
            page.switch_page("views/merchant.py").run()
            assert [error.value for error in page.error] == []
            assert any(words in text.value for text in page.markdown)


class TestManyThreads:
    def test_they_are_grouped_when_asked(self, demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(themes, "THREADS_AT_ONCE", 10)
        st.cache_data.clear()
        page = AppTest.from_file(str(MAIN), default_timeout=120).run()
        assert not any("growing fastest" in text.value for text in page.markdown)
        (button,) = [one for one in page.button if one.label == "Find the issue themes growing fastest"]
        button.click().run()
        assert any("growing fastest" in text.value for text in page.markdown)
        st.cache_data.clear()


class TestPeers:
    def test_a_trend_says_how_many_of_its_peers_a_merchant_does_better_than(self, demo: str, scope: Scope) -> None:
        year = Scope(filter_options(demo).data_from, scope.date_to)
        with cursor(demo) as opened:
            results = compute(opened, "rating_mean", year, by=("merchant", "category", "size_band"))
        groups: dict[tuple[str, str], list[MetricResult]] = {}
        for result in results:
            if result.value is not None and result.group:
                groups.setdefault((result.group["category"], result.group["size_band"]), []).append(result)
        busiest = max((group for group in groups.values() if len(group) > 5), key=lambda group: min(r.n for r in group))
        largest = {result.group["merchant"]: result.value or 0.0 for result in busiest}
        best, worst = max(largest, key=lambda name: largest[name]), min(largest, key=lambda name: largest[name])
        found = [merchant.trend(demo, year, name, "rating_mean") for name in (best, worst)]
        assert [(one.peer_share, one.peer_count) for one in found] == [(1, len(largest) - 1), (0, len(largest) - 1)]
        page = AppTest.from_file(str(MAIN), default_timeout=120)
        page.query_params["merchant"] = best
        page.query_params["from"], page.query_params["to"] = str(year.date_from), str(year.date_to)
        page.run()
        page.switch_page("views/merchant.py").run()
        metric = next(box for box in page.selectbox if box.key == "merchant.metric")
        assert metric.value == "late_seller_rate"
        metric.select("rating_mean").run()
        said = f"better than 100.0% of {len(largest) - 1} peers"
        assert any(said in text.value for text in page.caption), said
