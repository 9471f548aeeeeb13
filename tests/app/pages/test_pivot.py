"""The pivot of the Overview: totals are the cards' figures, a cell opens its own figure, and what is missing is a dash with its n."""

from __future__ import annotations

import math

import pytest

from analytics.metrics import Scope
from app.components import pivot as component
from app.components.table import flat, on_screen
from app.exports import to_parquet
from app.services import figures, pivot
from app.services.pivot import TOTAL


@pytest.mark.parametrize("metric_id", ["orders", "gmv", "rating_mean", "late_seller_rate"])
def test_the_grand_total_is_the_card_and_each_cell_is_the_figure_that_it_opens(
    demo: str, scope: Scope, metric_id: str
) -> None:
    found = pivot.pivot(demo, metric_id, scope, "category", "week")
    (card,) = figures.cards(demo, (metric_id,), scope, "previous")
    whole = found.results[TOTAL, TOTAL]
    assert (whole.value, whole.n, whole.currency) == (card.value, card.n, card.currency)
    for row, column in [
        (found.row_keys[1], found.column_keys[1]),
        (TOTAL, found.column_keys[-1]),
        (found.row_keys[2], TOTAL),
    ]:
        opened = figures.rows(demo, found.number(row, column), 1)
        cell = found.results[row, column]
        assert (opened.value, opened.n) == (cell.value, cell.n), (row, column)


def test_a_total_of_a_rate_is_no_sum_of_its_cells(demo: str, scope: Scope) -> None:
    found = pivot.pivot(demo, "late_seller_rate", scope, "category", "region")
    row = found.row_keys[1]
    cells = [found.results[row, key].value for key in found.column_keys[1:] if (row, key) in found.results]
    assert len(cells) > 1
    assert found.results[row, TOTAL].value != pytest.approx(sum(value or 0 for value in cells))


def test_periods_come_in_their_order_and_groups_by_size(demo: str, scope: Scope) -> None:
    found = pivot.pivot(demo, "orders", scope, "category", "week")
    assert list(found.column_keys) == sorted(found.column_keys)
    sizes = [found.results[key, TOTAL].n for key in found.row_keys[1:]]
    assert sizes == sorted(sizes, reverse=True)


def test_the_largest_groups_are_kept_and_the_rest_is_counted(
    demo: str, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pivot.pivot(demo, "orders", scope, "merchant", "category")
    monkeypatch.setattr(pivot, "ROWS", 5)
    monkeypatch.setattr(pivot, "COLUMNS", 3)
    found = pivot.pivot(demo, "orders", scope, "merchant", "category")
    assert found.row_keys == whole.row_keys[:6]
    assert found.left_out == (len(whole.row_keys) - 6, len(whole.column_keys) - 4)
    assert len(found.results) <= 6 * 4 < len(whole.results)
    assert found.results[TOTAL, TOTAL] == whole.results[TOTAL, TOTAL]


def test_a_cell_below_min_n_is_a_dash_with_its_n(demo: str, scope: Scope) -> None:
    found = pivot.pivot(demo, "late_seller_rate", scope, "merchant", "week")
    few = next(key for key, result in found.results.items() if result.status == "too_few" and result.n)
    cell = component._cell(found, *few)
    assert not math.isfinite(cell)
    assert cell.words == f"– ({found.results[few].n})"


def test_the_file_has_value_and_n_of_every_cell(demo: str, scope: Scope) -> None:
    found = pivot.pivot(demo, "late_seller_rate", scope, "category", "region")
    headings = [component.Column("name", "Category"), *component._columns(found)]
    frame = flat(on_screen(component._named(found), headings), headings)
    assert frame.shape == (len(found.row_keys), 1 + 2 * len(found.column_keys))
    assert frame["Total (%)"].iloc[0] == pytest.approx(100 * (found.results[TOTAL, TOTAL].value or 0))
    assert frame["Total: n"].iloc[0] == found.results[TOTAL, TOTAL].n
    assert to_parquet(frame)
