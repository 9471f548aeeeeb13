"""Ad-hoc analysis: questions in SQL of the served marts, for the page and the command, and those that people saved. Knows no page.

A question runs in a process of its own (`analytics.adhoc`); nothing here keeps what it gave.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from app.errors import NotAllowed, NotFound
from app.i18n import undirected
from app.services.reading import base_id
from app.services.runtime import get_runtime
from app.services.warehouse import snapshot

if TYPE_CHECKING:
    from analytics.adhoc.door import Answer, Limits, Question
    from analytics.dictionary import ColumnDoc
    from app.identity import Actor
    from app.workspace import Document

Kind = Literal["bar", "line", "points"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class ServedTable:
    """A table that can be asked: what one row is, and its columns."""

    name: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[ColumnDoc, ...]


@dataclass(frozen=True)
class Plot:
    """How a result is drawn: `y` over `x`."""

    kind: Kind
    x: str
    y: str


@dataclass(frozen=True)
class SavedQuery:
    """A question that somebody kept. `query_id` is what a link carries; the instant is UTC."""

    query_id: str
    name: str
    author_id: str
    author: str
    updated_at: datetime
    version: int
    sql: str
    plot: Plot | None


def limits() -> Limits:
    """What a question may take, by the settings."""
    from analytics.adhoc.door import Limits

    settings = get_runtime().settings
    return Limits(seconds=settings.query_timeout_seconds, threads=settings.threads)


def start(snapshot_id: str, sql: str) -> Question:
    """Begins to answer a question of a snapshot. Raises QueryError, and WarehouseError where its file can't be made."""
    from analytics.adhoc.door import Question
    from analytics.adhoc.served import serving_file

    base = base_id(snapshot_id)
    path = serving_file(get_runtime().warehouse, base)
    return Question(path, sql, snapshot(base).time_zone, limits())


def ask(snapshot_id: str, sql: str) -> Answer:
    """A question and its answer. Raises QueryError."""
    return start(snapshot_id, sql).answer()


def rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Each row under its columns' names; what is missing is None."""
    whole = frame.astype(object)
    names = [str(name) for name in frame]
    cells = whole.where(whole.notna(), None).itertuples(index=False, name=None)
    return [dict(zip(names, row, strict=True)) for row in cells]


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows for a screen: texts without controls that would turn the line around them."""
    return frame.map(lambda cell: undirected(cell) if isinstance(cell, str) else cell)


def example() -> str:
    """A question to begin with."""
    from analytics.adhoc.served import example

    return example()


def tables() -> tuple[ServedTable, ...]:
    """What can be asked, in the order of the allow-list."""
    from analytics.adhoc.served import SERVED, served_columns
    from analytics.dictionary import describe_tables

    described = {table.name: table for table in describe_tables()}
    return tuple(
        ServedTable(name, described[name].description, _served_grain(name, described[name].grain), served_columns(name))
        for name in SERVED
    )


def _served_grain(name: str, grain: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that tell rows apart, of those served; a table without them has one row an event."""
    from analytics.adhoc.served import served_columns

    served = {column.name for column in served_columns(name)}
    return grain if set(grain) <= served else ()


def plottable(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Columns for x and for y: y needs numbers, x is drawn whatever it is."""
    numbers = [
        str(name)
        for name in frame
        if pd.api.types.is_numeric_dtype(frame[name].dtype) and not pd.api.types.is_bool_dtype(frame[name].dtype)
    ]
    return [str(name) for name in frame], numbers


def first_plot(frame: pd.DataFrame) -> Plot | None:
    """What to draw before anybody chose: the first number over the first column that isn't it; a line over days. None without a number."""
    columns, numbers = plottable(frame)
    others = [name for name in columns if name not in numbers] or columns
    if not numbers or len(columns) < 2:
        return None
    x = others[0]
    y = next((name for name in numbers if name != x), numbers[0])
    return Plot("line" if pd.api.types.infer_dtype(frame[x]) in ("date", "datetime", "datetime64") else "bar", x, y)


def saved() -> list[SavedQuery]:
    """Questions that people kept, last changed first."""
    return [_saved(document) for document in get_runtime().workspace.queries.all()]


def opened(query_id: str) -> SavedQuery:
    """The question that a link names. Raises NotFound."""
    found = next((query for query in saved() if query.query_id == query_id), None)
    if found is None:
        raise NotFound("There is no saved query with this link: it may have been removed.")
    return found


def save(name: str, sql: str, plot: Plot | None, actor: Actor) -> SavedQuery:
    """Keeps a question under a name of its own. Raises StaleDocument for a taken name, NotAllowed for a bad one and for what can't be asked."""
    from analytics.adhoc.door import MOST_SQL

    if len(sql) > MOST_SQL:  # every visit of the page reads all that is kept
        raise NotAllowed("A question has at most {limit} characters; this has {n}.", limit=MOST_SQL, n=len(sql))
    body = json.dumps({"sql": sql, "plot": vars(plot) if plot else None}, ensure_ascii=False)
    return _saved(get_runtime().workspace.queries.save(name, body, actor))


def remove(query_id: str, actor: Actor) -> None:
    """Puts a saved question away. Raises NotFound, and NotAllowed for another person's."""
    get_runtime().workspace.queries.remove(query_id, actor)


def _saved(document: Document) -> SavedQuery:
    body = json.loads(document.body)
    return SavedQuery(
        document.document_id,
        document.name,
        document.author_id,
        document.author_name,
        document.updated_at,
        document.version,
        body["sql"],
        Plot(**body["plot"]) if body["plot"] else None,
    )
