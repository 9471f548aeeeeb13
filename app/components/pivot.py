"""One metric by two dimensions as a table with totals: each cell with its n, a click opens its figure. Computes no figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.components.empty import empty_state
from app.components.export import export_button
from app.components.figure_menu import open_figure
from app.components.missing import why_missing
from app.components.table import ROW_HEIGHT, Column, flat, on_screen
from app.components.words import dimension_name, group_name
from app.filter_bar import current_filters
from app.i18n import _, compact, figure, joined, number, sentences
from app.services import figures, pivot
from app.services.figures import Number
from app.services.pivot import TOTAL, Pivot
from app.services.runtime import snapshot_id
from app.services.warehouse import filter_options

KEY = "pivot"
TOTAL_STYLE = "background-color: rgba(128, 128, 128, 0.14)"
MISSING_STYLE = "color: gray"
ROWS_IN_SIGHT = 12


class Cell(float):
    """A value that sorts as a number and is shown with its n; −∞ below min_n, NaN where there is no row."""

    words: str


def draw_pivot(metric_id: str) -> None:
    """The choice of rows and columns, the table, and its export."""
    filters = current_filters()
    offered = pivot.dimensions(snapshot_id())
    left, right, _rest = st.columns([1, 1, 2])
    rows = left.selectbox(_("Rows by"), offered, format_func=dimension_name, key=f"{KEY}.by_rows")
    others = [name for name in offered if name not in (rows, "merchant")]
    columns = right.selectbox(_("Columns by"), others, format_func=dimension_name, key=f"{KEY}.by_columns")
    found = pivot.pivot(snapshot_id(), metric_id, filters.scope(), rows, columns)
    spec = figures.definition(Number(metric_id, filters.scope()))
    if found.status in ("not_in_source", "not_applicable") or len(found.row_keys) == 1:
        empty_state(
            why_missing(found.status, 0, spec.min_n), _("Choose another metric, or a longer window."), height=220
        )
        return
    st.caption(_about(found))
    _draw_table(found)
    headings = [Column("name", dimension_name(rows)), *_columns(found)]
    with st.container(horizontal=True, horizontal_alignment="right"):
        export_button(lambda: flat(on_screen(_named(found), headings), headings), _file_name(found), key=KEY)


def _about(found: Pivot) -> str:
    said = [_("Totals are computed on their own, not added up. Click a cell for its definition and rows.")]
    if found.unit != "count":
        said.append(_("n in brackets."))
    rows, columns = found.left_out
    if rows or columns:
        said.append(
            _("Smaller groups left out: {rows} rows, {columns} columns.", rows=number(rows), columns=number(columns))
        )
    if found.other_currencies:
        money = {"currency": str(found.shown.currency), "others": joined(list(found.other_currencies))}
        said.append(_("Amounts in {currency}; there are also {others}.", **money))
    return sentences(*said)


def _name(dimension: str, key: str) -> str:
    if key == TOTAL:
        return _("Total")
    if dimension == "merchant":
        return filter_options(snapshot_id()).merchants.get(key, key)
    name = group_name(dimension, key)
    return f"{name} ({dimension_name(dimension)})" if name == _("Total") else name


def _named(found: Pivot) -> pd.DataFrame:
    frame = pivot.wide(found)
    frame["name"] = [_name(found.row_dimension, key) for key in found.row_keys]
    return frame


def _columns(found: Pivot) -> list[Column]:
    """Value and n of every column, for the file."""
    columns: list[Column] = []
    for place, key in enumerate(found.column_keys):
        name = _name(found.column_dimension, key)
        columns += [Column(f"v{place}", name, found.unit), Column(f"n{place}", f"{name}: n", "count")]
    return columns


def _file_name(found: Pivot) -> str:
    return f"{found.shown.metric_id}-{found.row_dimension}-{found.column_dimension}"


def _cell(found: Pivot, row: str, column: str) -> Cell:
    result = found.results.get((row, column))
    # Below all numbers, for the table shows nothing but a dash where there is none.
    cell = Cell("nan" if result is None else "-inf" if result.value is None else result.value)
    if result is None:
        cell.words = "–"
    else:
        value = figure(result.value, result.unit, currency=result.currency, short=True)
        cell.words = value if result.unit == "count" else f"{value} ({compact(result.n)})"
    return cell


def _words(cell: object) -> str:
    return cell.words if isinstance(cell, Cell) else ""


def _draw_table(found: Pivot) -> None:
    names = [f"c{place}" for place in range(len(found.column_keys))]
    frame = pd.DataFrame({"name": _named(found)["name"]})
    for name, column in zip(names, found.column_keys, strict=True):
        frame[name] = pd.Series([_cell(found, row, column) for row in found.row_keys], dtype=object)
    styler = frame.style.format(dict.fromkeys(names, _words)).apply(_styles, axis=None)
    kind = st.column_config
    configured: dict[str, Any] = {"name": kind.TextColumn(dimension_name(found.row_dimension), pinned=True)}
    for name, column in zip(names, found.column_keys, strict=True):
        configured[name] = kind.NumberColumn(_name(found.column_dimension, column))
    widget_key = f"{KEY}.{_file_name(found)}.{st.session_state.get(f'{KEY}.clicks', 0)}"
    st.dataframe(
        styler,
        hide_index=True,
        height=ROW_HEIGHT * (1 + min(len(frame), ROWS_IN_SIGHT)) + 3,
        row_height=ROW_HEIGHT,
        column_config=configured,
        placeholder="–",
        alt=_("Pivot table"),
        key=widget_key,
        on_select=lambda: _click(widget_key),
        selection_mode="single-cell",
    )
    clicked: tuple[int, str] | None = st.session_state.pop(f"{KEY}.cell", None)
    if clicked is not None:
        row = found.row_keys[clicked[0]]
        column = found.column_keys[names.index(clicked[1])] if clicked[1] in names else TOTAL
        of = [_name(found.row_dimension, row), _name(found.column_dimension, column)]
        open_figure(found.number(row, column), key=f"{KEY}.{row}.{column}", of=" × ".join(dict.fromkeys(of)))


def _styles(frame: pd.DataFrame) -> pd.DataFrame:
    """Totals on a ground of their own, what has no value in grey."""
    styles = pd.DataFrame("", index=frame.index, columns=frame.columns)
    styles.iloc[0, :] = TOTAL_STYLE
    styles["c0"] = TOTAL_STYLE
    missing = frame.drop(columns="name").astype(float).abs().pipe(lambda sizes: ~(sizes < np.inf))
    styles[missing.columns] = styles[missing.columns].where(~missing, styles[missing.columns] + "; " + MISSING_STYLE)
    return styles


def _click(widget_key: str) -> None:
    """Keep the cell for this run, and draw the table under a new key so that the same cell can be clicked again."""
    cells = st.session_state[widget_key].selection.cells
    if cells:
        st.session_state[f"{KEY}.clicks"] = st.session_state.get(f"{KEY}.clicks", 0) + 1
        st.session_state[f"{KEY}.cell"] = (int(cells[0][0]), str(cells[0][1]))
