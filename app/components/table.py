"""A table of a page: columns formatted by unit, a click that reports its row, and an export of what is on screen.

Shows a frame that a service made; knows no warehouse and computes no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from app.components.export import export_button
from app.components.levels import LEVEL_COLOURS, OUTCOME_COLOURS, clause_outcome_names, level_name, level_names
from app.i18n import ngettext

ROW_HEIGHT = 34


@dataclass(frozen=True)
class Column:
    """One column of a table.

    name: the frame's column.
    label: translated heading; its unit is added where the cells do not show it.
    unit: of a metric (count, rate, money, seconds, stars, nps, points), `score` (0–100), `distance` (to a limit, signed), `share` (a bar, 0–1), `change:UNIT` (signed),
        `line` (a list of numbers), `level`, `outcome`, `text`, `date`, `moment`, or `button` (the cell's text is what a press is for).
    help: translated tooltip of the heading.
    pinned: stays in view when the table is scrolled sideways.
    """

    name: str
    label: str
    unit: str = "text"
    help: str | None = None
    pinned: bool = False
    width: int | None = None


# format of a cell, what the stored value is multiplied with, and the unit that the heading names
_NUMBERS: dict[str, tuple[str, float, str]] = {
    "count": ("localized", 1, ""),
    "money": ("%,.2f", 1, ""),
    "rate": ("%.1f%%", 100, "%"),
    "stars": ("%.2f", 1, ""),
    "nps": ("%.1f", 1, ""),
    "points": ("%.1f", 1, ""),
    "score": ("%.1f", 1, ""),
    "distance": ("%+.8g", 1, ""),
    "seconds": ("duration", 1, "s"),
    "change:count": ("%+.0f", 1, ""),
    "change:money": ("%+.0f", 1, ""),
    "change:rate": ("%+.2f pp", 100, "pp"),
    "change:stars": ("%+.2f", 1, ""),
    "change:nps": ("%+.1f", 1, ""),
    "change:points": ("%+.1f", 1, ""),
    "change:score": ("%+.1f", 1, ""),
    "change:fine": ("%+.3f", 1, ""),
    "change:seconds": ("%+.0f s", 1, "s"),
    "share": ("%.1f%%", 100, "%"),
    "change:relative": ("%+.1f%%", 100, "%"),
}


def table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
    title: str,
    is_clickable: bool = False,
    height: int | None = None,
    file_name: str | None = None,
    on_button: Callable[[int], None] | None = None,
) -> int | None:
    """Draw a table. Returns the position in `frame` of the row that was just clicked, once a click; else None.

    Args:
        frame: in the order to show; other columns than those named are left out.
        title: translated; read out for the table and, with `file_name`, part of the export line.
        is_clickable: a click on any cell reports its row. Act on it in the body (`open_merchant(…)`, or `change_filters(…)` and
            `st.rerun()`), in a fragment too.
        height: pixels; by default all rows up to twelve.
        file_name: without extension; adds a line with the number of rows and an export.
        on_button: called in the body with the position of the row whose button was just pressed; it may open a dialog.
    """
    shown = on_screen(frame, columns)
    widget_key = f"{key}.{st.session_state.get(f'{key}.clicks', 0)}"
    st.dataframe(
        shown,
        hide_index=True,
        height=height or ROW_HEIGHT * (1 + min(max(len(shown), 1), 12)) + 3,
        row_height=ROW_HEIGHT,
        column_config={column.name: _configured(column, shown, key) for column in columns},
        placeholder="–",
        alt=title,
        key=widget_key,
        on_select=(lambda: _click(key, widget_key)) if is_clickable else "ignore",
        selection_mode="single-cell",
    )
    if file_name is not None:
        _export(shown, columns, file_name, key)
    pressed: int | None = st.session_state.pop(f"{key}.pressed", None)
    if pressed is not None and on_button is not None:
        on_button(pressed)
    row: int | None = st.session_state.pop(f"{key}.row", None)
    return row


def on_screen(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The frame as the table shows and exports it: its columns in order, rates in per cent, levels in words."""
    shown = frame[[column.name for column in columns]].copy()
    for column in columns:
        if column.unit in _NUMBERS:
            factor = _NUMBERS[column.unit][1]
            shown[column.name] = pd.to_numeric(shown[column.name], errors="coerce") * factor
            if column.unit == "distance":
                shown[column.name] = shown[column.name].round(2)
            if column.unit == "count":
                shown[column.name] = shown[column.name].round().astype("Int64")
        elif column.unit == "level":
            shown[column.name] = [[level_name(str(level))] for level in shown[column.name]]
        elif column.unit == "outcome":
            names = clause_outcome_names()
            shown[column.name] = [[names.get(str(outcome), str(outcome))] for outcome in shown[column.name]]
    return shown


def flat(shown: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The frame of `on_screen` for a file: headings in the reader's language with their unit, one level a cell, no buttons."""
    kept = [column for column in columns if column.unit != "button"]
    found = shown[[column.name for column in kept]].copy()
    for column in kept:
        if column.unit in ("level", "outcome"):
            found[column.name] = [names[0] for names in found[column.name]]
    found.columns = pd.Index([_heading(column, always=True) for column in kept])
    return found


def _click(key: str, widget_key: str) -> None:
    """Keep the row for this run, and draw the table under a new key so that the same row can be clicked again."""
    cells = st.session_state[widget_key].selection.cells
    if cells:
        st.session_state[f"{key}.clicks"] = st.session_state.get(f"{key}.clicks", 0) + 1
        st.session_state[f"{key}.row"] = int(cells[0][0])


def _press(key: str) -> None:
    st.session_state[f"{key}.pressed"] = int(st.session_state[f"{key}.button"].row)


def _heading(column: Column, *, always: bool = False) -> str:
    unit = _NUMBERS[column.unit][2] if column.unit in _NUMBERS else ""
    return f"{column.label} ({unit})" if unit and always else column.label


def _configured(column: Column, shown: pd.DataFrame, key: str) -> Any:
    kind = st.column_config
    common: dict[str, Any] = {"help": column.help, "pinned": column.pinned, "width": column.width}
    if column.unit == "share":
        top = pd.to_numeric(shown[column.name], errors="coerce").max()
        most = float(top) if pd.notna(top) and top > 0 else 1.0
        return kind.ProgressColumn(column.label, min_value=0.0, max_value=most, format=_NUMBERS["share"][0], **common)
    if column.unit in _NUMBERS:
        return kind.NumberColumn(column.label, format=_NUMBERS[column.unit][0], **common)
    if column.unit == "line":
        return kind.LineChartColumn(column.label, **common)
    if column.unit in ("level", "outcome"):
        names = level_names() if column.unit == "level" else clause_outcome_names()
        known = LEVEL_COLOURS if column.unit == "level" else OUTCOME_COLOURS
        colours = [known.get(name, "gray") for name in names]
        return kind.MultiselectColumn(column.label, options=list(names.values()), color=colours, **common)
    if column.unit == "button":
        return kind.ButtonColumn(
            column.label, type="tertiary", on_click=_press, args=(key,), key=f"{key}.button", **common
        )
    if column.unit == "date":
        return kind.DateColumn(column.label, format="YYYY-MM-DD", **common)
    if column.unit == "moment":
        return kind.DatetimeColumn(column.label, format="YYYY-MM-DD HH:mm", **common)
    return kind.TextColumn(column.label, **common)


def _export(shown: pd.DataFrame, columns: Sequence[Column], file_name: str, key: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(ngettext("{n} row", "{n} rows", len(shown)), width="content")
        export_button(lambda: flat(shown, columns), file_name, key=key)
