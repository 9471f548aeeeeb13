"""An evaluation as rows: the objects that `trustdesk trust --programme` prints, and frames for pages.

Knows no page. Days are local days of the reporting zone; what does not exist is None in objects and missing in frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analytics.trust.programmes.evaluate import ClauseResult, Evaluation, ProgrammeResult


def clause_records(evaluation: Evaluation, merchant_ids: Sequence[str] | None = None) -> Iterator[dict[str, object]]:
    """One object per merchant, programme and clause, in this order: merchants by id, programmes as given, clauses as in their file.

    Keys: merchant_id, programme, clause, value, limit, n, passed, distance, probability_over_limit; status, numerator, denominator, from, to,
    level (the clause's), unit; merchant_level, next_evaluation, projected_level (the merchant's, in this programme).
    """
    ids = evaluation.merchants["merchant_id"].tolist()
    wanted = range(len(ids)) if merchant_ids is None else [i for i, name in enumerate(ids) if name in set(merchant_ids)]
    columns = [(result, [_clause_columns(clause) for clause in result.clauses]) for result in evaluation.programmes]
    for row in wanted:
        for programme, clauses in columns:
            shared = {
                "merchant_level": programme.level[row],
                "next_evaluation": programme.next_evaluation,
                "projected_level": programme.projected_level[row],
            }
            for clause, values in zip(programme.clauses, clauses, strict=True):
                start, end = _window(clause, row)
                yield {
                    "merchant_id": ids[row],
                    "programme": programme.programme.programme_id,
                    "clause": clause.clause.clause_id,
                    **{name: column[row] for name, column in values.items()},
                    "limit": clause.clause.limit,
                    "from": start,
                    "to": end,
                    "unit": clause.clause.unit,
                    **shared,
                }


def clause_frame(evaluation: Evaluation, programme_id: str, *, merchant_id: str | None = None) -> pd.DataFrame:
    """A programme's clauses as one frame, a row a clause and merchant, or of one merchant.

    Columns: merchant_id, clause, label, note, value, limit, operator, unit, currency, n, status, passed (missing where not judged), is_near,
    distance, probability, level, date_from, date_to.
    """
    result = next(r for r in evaluation.programmes if r.programme.programme_id == programme_id)
    ids = evaluation.merchants["merchant_id"]
    rows = np.arange(len(ids)) if merchant_id is None else np.flatnonzero(ids == merchant_id)
    return pd.concat([_frame(clause, ids.to_numpy()[rows], rows) for clause in result.clauses], ignore_index=True)


def standing_frame(evaluation: Evaluation) -> pd.DataFrame:
    """A row a merchant: merchant_id; per programme P `P` (pass, near, fail or too_few), `P.level`, `P.projected`, and of the clause that
    decided `P.clause` (its id, None where none did) and `P.distance`."""
    columns: dict[str, object] = {"merchant_id": evaluation.merchants["merchant_id"].to_numpy()}
    for result in evaluation.programmes:
        columns |= _standing_columns(result)
    return pd.DataFrame(columns)


def _standing_columns(result: ProgrammeResult) -> dict[str, object]:
    name = result.programme.programme_id
    ids = np.array([*(clause.clause.clause_id for clause in result.clauses), None], dtype=object)
    distances = np.vstack([*(clause.distance for clause in result.clauses), np.full(len(result.outcome), np.nan)])
    return {
        name: result.outcome,
        f"{name}.level": result.level,
        f"{name}.projected": result.projected_level,
        f"{name}.clause": ids[result.tightest],
        f"{name}.distance": distances[result.tightest, np.arange(len(result.outcome))],
    }


def _frame(result: ClauseResult, merchant_ids: np.ndarray, rows: np.ndarray) -> pd.DataFrame:
    clause, windows = result.clause, [_window(result, row) for row in rows]
    passed = _passed(result)
    return pd.DataFrame(
        {
            "merchant_id": merchant_ids,
            "clause": clause.clause_id,
            "label": clause.label,
            "note": clause.note,
            "value": result.value[rows],
            "limit": clause.limit,
            "operator": clause.operator,
            "unit": clause.unit,
            "currency": clause.currency,
            "n": result.n[rows],
            "status": result.status[rows],
            "passed": pd.array([passed[row] for row in rows], dtype="boolean"),
            "is_near": result.is_near[rows],
            "distance": result.distance[rows],
            "probability": result.probability[rows],
            "level": result.level[rows],
            "date_from": [start for start, _ in windows],
            "date_to": [end for _, end in windows],
        }
    )


def _window(result: ClauseResult, row: int) -> tuple[object, object]:
    if not result.spans:
        return None, None
    return result.spans[-1] if result.is_short[row] else result.spans[0]


def _clause_columns(result: ClauseResult) -> dict[str, list[object]]:
    """The columns of a clause that differ by merchant, as plain values with None for what does not exist."""
    is_whole = result.clause.form in ("count", "age", "points", "rating")
    has_whole_distance = is_whole or result.clause.form == "rate"
    return {
        "value": _plain(result.value, is_whole=is_whole),
        "n": [None] * len(result.n) if result.clause.form == "age" else result.n.tolist(),
        "passed": _passed(result),
        "distance": _plain(result.distance, is_whole=has_whole_distance),
        "probability_over_limit": _plain(result.probability, is_whole=False),
        "status": result.status.tolist(),
        "level": result.level.tolist(),
        "numerator": _plain(result.numerator, is_whole=True),
        "denominator": _plain(result.denominator, is_whole=True),
    }


def _passed(result: ClauseResult) -> list[object]:
    pairs = zip(result.passed.tolist(), result.is_judged.tolist(), strict=True)
    return [passed if is_judged else None for passed, is_judged in pairs]


def _plain(values: np.ndarray, *, is_whole: bool) -> list[object]:
    present = ~np.isnan(values)
    kept = np.where(present, values, 0)
    listed = kept.astype(np.int64).tolist() if is_whole else kept.tolist()
    return [value if ok else None for value, ok in zip(listed, present.tolist(), strict=True)]
