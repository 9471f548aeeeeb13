"""The measurement of what finds a reply that commits money: the labels' own counts, and a baseline beside it."""

from app.bench.labelled import share
from app.bench.money import measure


def test_both_judges_are_measured_against_the_labels_in_both_languages() -> None:
    rows = {(row.language, row.figure, row.by): row for row in measure()}
    judges = {by for _, _, by in rows}
    assert judges == {"trustdesk", "any word of money"}
    assert len(rows) == 2 * 2 * len(judges)
    assert {row.n for row in rows.values() if row.figure == "recall"} == {50}
    assert all((row.ci_low or 0) <= (row.value or 0) <= (row.ci_high or 1) for row in rows.values())


def test_a_share_of_none_has_no_value() -> None:
    assert share("money", "en", "precision", "nobody", 0, 0).value is None
    half = share("money", "en", "precision", "somebody", 5, 10)
    assert half.to_json() == {
        "record": "money", "language": "en", "figure": "precision", "by": "somebody", "n": 10, "value": 0.5, "ci_low": 0.237, "ci_high": 0.763
    }  # fmt: skip
