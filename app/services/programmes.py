"""Seller programmes as commands and pages ask for them: which there are, all merchants' results, one merchant's clauses, its ledger.

A programme belongs to the end of the window. Every function that reads data takes a snapshot id first. Words stay msgids. Knows no page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from app.errors import InputFileError
from app.i18n import N_
from app.services import trust
from app.services.runtime import cached, get_runtime
from app.services.warehouse import cursor, filter_options, merchants

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.trust.programmes import Clause, Evaluation, SellerProgramme

ALL = "all"
OUTCOMES = {"fail": N_("Fails"), "near": N_("Near the limit"), "pass": N_("Passes"), "too_few": N_("Not enough data")}
# Unlike an outcome of a programme, of a clause: it may also be silent.
STATUSES = {
    "too_few": N_("Not enough data"),
    "immature": N_("Too young to judge"),
    "not_in_source": N_("Not in this source"),
    "not_applicable": N_("Does not apply"),
}


@dataclass(frozen=True)
class ProgrammeInfo:
    """A programme as lists show it; `is_own` for one of the installation's folder. name and level labels are msgids of the presets."""

    programme_id: str
    name: str
    source: str
    is_own: bool
    clause_labels: dict[str, str]
    level_labels: dict[str, str]


def available() -> dict[str, SellerProgramme]:
    """Every programme by id: the presets, and those of the settings' folder that can be read."""
    return _read()[0]


def faults() -> list[str]:
    """Why a file of the settings' folder is left out, one line each."""
    return _read()[1]


def _read() -> tuple[dict[str, SellerProgramme], list[str]]:
    from analytics.trust.programmes import presets, read_folder

    wrong: list[str] = []
    own = read_folder(
        get_runtime().settings.programmes, lambda error: wrong.append(" ".join(str(error).split())), tuple(presets())
    )
    return {**presets(), **own}, wrong


def chosen(names: Sequence[str]) -> list[SellerProgramme]:
    """Programmes by id, `all` (that can be read: `faults` names the others), or the path of a file (a name that ends in .toml or holds a folder);
    each once, in the order named.

    Raises InputFileError ("did you mean") for an id that there is not, InputError for a file that is wrong.
    """
    from analytics.trust.programmes import load_seller_programme
    from analytics.trust.toml_table import did_you_mean

    known = available()
    found: dict[str, SellerProgramme] = {}
    for name in names:
        if name == ALL:
            found |= {key: value for key, value in known.items() if key not in found}
        elif name in known:
            found.setdefault(name, known[name])
        elif name.endswith(".toml") or "/" in name:
            programme = load_seller_programme(Path(name))
            bearer = found.get(programme.programme_id, known.get(programme.programme_id, programme))
            if bearer != programme:
                raise InputFileError(
                    "{name} has the id {id}, which another programme bears: give it one of its own.",
                    name=name,
                    id=programme.programme_id,
                )
            found[programme.programme_id] = programme
        else:
            raise InputFileError(
                "There is no programme {name}.{hint} Or give the path of a file that ends in .toml.",
                name=name,
                hint=did_you_mean(name, [*known, ALL]),
            )
    return list(found.values())


def evaluated(snapshot_id: str, as_of: date | None, programmes: Sequence[SellerProgramme]) -> Evaluation:
    """Every merchant's clauses of some programmes, as known at the end of a day (None: of all that is known)."""
    from analytics.trust.programmes import evaluate

    with cursor(snapshot_id, as_of) as opened:
        return evaluate(opened, programmes)


def ledger(
    snapshot_id: str, as_of: date | None, programme: SellerProgramme, merchant_id: str | None = None
) -> pd.DataFrame:
    """Penalties as a programme counts them; see `analytics.trust.programmes.penalty_ledger`."""
    from analytics.trust.programmes import penalty_ledger

    with cursor(snapshot_id, as_of) as opened:
        return penalty_ledger(opened, programme, merchant_id)


def infos() -> dict[str, ProgrammeInfo]:
    """What there is to choose from, presets first."""
    from analytics.trust.programmes import presets

    own = available().keys() - presets().keys()
    borne = Counter(programme.name for programme in available().values())
    return {
        programme_id: ProgrammeInfo(
            programme_id,
            programme.name if borne[programme.name] == 1 else f"{programme.name} ({programme_id})",
            programme.source,
            programme_id in own,
            {clause.clause_id: clause.label for clause in programme.clauses},
            {
                level.level_id: level.label
                for level in (*programme.levels, *(band for clause in programme.clauses for band in clause.bands))
            },
        )
        for programme_id, programme in available().items()
    }


def matrix(snapshot_id: str, scope: Scope) -> pd.DataFrame:
    """A row a merchant of the scope at the end of its window, most failures first: merchant_id, name, category, region, n_failed, and what
    `standing_frame` says of each programme."""
    return _matrix(snapshot_id, scope, tuple(available().values()))


@cached
def _matrix(snapshot_id: str, scope: Scope, programmes: tuple[SellerProgramme, ...]) -> pd.DataFrame:
    from analytics.trust.programmes import standing_frame

    frame = standing_frame(_evaluation(snapshot_id, scope.date_to, programmes))
    profiles = merchants(snapshot_id)[["merchant_id", "name", "category", "region", "tier"]]
    profiles = profiles.assign(name=profiles["merchant_id"].map(filter_options(snapshot_id).merchants))
    frame = profiles.merge(frame, on="merchant_id", how="inner")
    for column, wanted in (
        ("category", scope.categories),
        ("region", scope.regions),
        ("tier", scope.tiers),
        ("merchant_id", scope.merchants),
    ):
        if wanted:
            frame = frame[frame[column].isin(wanted)]
    ids = [programme.programme_id for programme in programmes]
    frame = frame.assign(n_failed=(frame[ids] == "fail").sum(axis=1))
    return frame.sort_values(["n_failed", "name"], ascending=[False, True], kind="stable", ignore_index=True)


def counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Of `matrix`, merchants per programme and outcome: programme, fail, near, pass, too_few."""
    ids = [name for name in frame.columns if f"{name}.level" in frame.columns]
    rows = [{"programme": name, **{word: int((frame[name] == word).sum()) for word in OUTCOMES}} for name in ids]
    return pd.DataFrame(rows, columns=["programme", *OUTCOMES])


def matching(frame: pd.DataFrame, programme_id: str | None, outcomes: Sequence[str]) -> pd.DataFrame:
    """Of `matrix` the merchants with one of the outcomes in a programme (None: in any); all without outcomes."""
    if not outcomes:
        return frame
    ids = [programme_id] if programme_id else [name for name in frame.columns if f"{name}.level" in frame.columns]
    return frame[frame[ids].isin(list(outcomes)).any(axis=1)].reset_index(drop=True)


def clauses(snapshot_id: str, scope: Scope, programme_id: str) -> pd.DataFrame:
    """A row a clause of one programme, over the scope's merchants: clause, label (a msgid), level, operator, limit, unit, currency, note (a msgid),
    and the merchants that fail, near, pass and unjudged."""
    ids = frozenset(matrix(snapshot_id, scope)["merchant_id"])
    return _clauses(snapshot_id, scope.date_to, programme_id, tuple(available().values()), tuple(sorted(ids)))


@cached
def _clauses(
    snapshot_id: str, day: date, programme_id: str, programmes: tuple[SellerProgramme, ...], ids: tuple[str, ...]
) -> pd.DataFrame:
    evaluation = _evaluation(snapshot_id, day, programmes)
    result = next(r for r in evaluation.programmes if r.programme.programme_id == programme_id)
    inside = evaluation.merchants["merchant_id"].isin(ids).to_numpy()
    return pd.DataFrame(
        [
            {
                **_rule(clause.clause),
                "fail": int((clause.is_judged & ~clause.passed & inside).sum()),
                "near": int((clause.is_near & inside).sum()),
                "pass": int((clause.passed & ~clause.is_near & inside).sum()),
                "unjudged": int((~clause.is_judged & inside).sum()),
            }
            for clause in result.clauses
        ]
    )


def _rule(clause: Clause) -> dict[str, object]:
    shared = ("label", "level", "operator", "limit", "unit", "currency", "note")
    return {"clause": clause.clause_id, **{name: getattr(clause, name) for name in shared}}


def of_merchant(snapshot_id: str, day: date, merchant_id: str) -> pd.DataFrame:
    """One merchant's programmes: programme, outcome, level, projected (level ids or outcomes), next_evaluation, clause (that decided), distance."""
    return _of_merchant(snapshot_id, day, merchant_id, tuple(available().values()))


@cached
def _of_merchant(
    snapshot_id: str, day: date, merchant_id: str, programmes: tuple[SellerProgramme, ...]
) -> pd.DataFrame:
    from analytics.trust.programmes import standing_frame

    evaluation = _evaluation(snapshot_id, day, programmes)
    frame = standing_frame(evaluation)
    row = frame[frame["merchant_id"] == merchant_id].iloc[0]
    return pd.DataFrame(
        [
            {
                "programme": (name := result.programme.programme_id),
                "outcome": row[name],
                "level": row[f"{name}.level"],
                "projected": row[f"{name}.projected"],
                "next_evaluation": result.next_evaluation,
                "clause": row[f"{name}.clause"],
                "distance": row[f"{name}.distance"],
            }
            for result in evaluation.programmes
        ]
    )


def merchant_clauses(snapshot_id: str, day: date, merchant_id: str, programme_id: str) -> pd.DataFrame:
    """One merchant's clauses of one programme: the columns of `clause_frame`, and `outcome` (pass, near, fail, or the status)."""
    return _merchant_clauses(snapshot_id, day, merchant_id, programme_id, tuple(available().values()))


@cached
def _merchant_clauses(
    snapshot_id: str, day: date, merchant_id: str, programme_id: str, programmes: tuple[SellerProgramme, ...]
) -> pd.DataFrame:
    from analytics.trust.programmes import clause_frame

    frame = clause_frame(_evaluation(snapshot_id, day, programmes), programme_id, merchant_id=merchant_id)
    judged = frame["passed"].fillna(False).astype(bool)
    outcome = frame["status"].where(frame["status"] != "ok", "fail").mask(judged, "pass")
    return frame.assign(outcome=outcome.mask(judged & frame["is_near"], "near"))


def merchant_ledger(snapshot_id: str, day: date, merchant_id: str, programme_id: str) -> pd.DataFrame:
    """One merchant's penalties as a programme counts them at the end of a day."""
    return _merchant_ledger(snapshot_id, day, merchant_id, available()[programme_id])


@cached
def _merchant_ledger(snapshot_id: str, day: date, merchant_id: str, programme: SellerProgramme) -> pd.DataFrame:
    return ledger(snapshot_id, trust.as_of_day(snapshot_id, day), programme, merchant_id)


@cached
def _evaluation(snapshot_id: str, day: date, programmes: tuple[SellerProgramme, ...]) -> Evaluation:
    return evaluated(snapshot_id, trust.as_of_day(snapshot_id, day), programmes)
