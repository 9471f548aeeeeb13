"""The form that says what the columns and values of one's own file mean: canonical columns, constants, values, time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.i18n import _
from app.services import uploads
from app.services.data import TABLE_NAMES

if TYPE_CHECKING:
    from analytics.ingest import ColumnMap, FilePreview
    from analytics.tables import Column

CONSTANT = "\0constant"  # no file has a column of this name
TIMES = ("time", "deadline")


def mapping_form(preview: FilePreview, seed: ColumnMap, *, key: str) -> ColumnMap:
    """Draw the form, filled with `seed`; returns the map that it now says. `key`: of this file and seed."""
    table, zone = _table_and_zone(seed, key)
    if table != seed.table:
        columns = uploads.guess_for(preview.columns, table, preview.path.name)
        seed = replace(seed, table=table, columns=columns, constants={}, values={}, formats={})
    key = f"{key}.{table}"
    chosen, constants = _columns(preview, seed, key)
    found = replace(seed, columns=chosen, constants=constants, time_zone=zone)
    with_values = replace(found, values=_values(preview, found, key))
    return replace(with_values, formats=_formats(with_values, key))


def _table_and_zone(seed: ColumnMap, key: str) -> tuple[str, str]:
    left, right = st.columns(2)
    tables = list(TABLE_NAMES)
    table = left.selectbox(
        _("The file's rows are"),
        tables,
        index=tables.index(seed.table),
        format_func=lambda name: f"{_(TABLE_NAMES[name])} ({name})",
        key=f"{key}.table",
        persist_state="session",
    )
    zones = uploads.time_zones()
    zone = seed.time_zone or "UTC"
    chosen = right.selectbox(
        _("Time zone of times that name none"),
        zones if zone in zones else [zone, *zones],
        index=zones.index(zone) if zone in zones else 0,
        key=f"{key}.zone",
        persist_state="session",
    )
    return str(table), str(chosen)


def _columns(preview: FilePreview, seed: ColumnMap, key: str) -> tuple[dict[str, str], dict[str, str]]:
    """Canonical column → the file's column, and canonical column → constant."""
    st.caption(_("Above each field what the desk calls it, in it your column. A star marks what must be there."))
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    grid = st.grid(4, min_column_width=190, gap="small")
    for column in uploads.canonical_columns(seed.table):
        with grid.cell():
            source, constant = _one_column(column, preview.columns, seed, key)
        if constant:
            constants[column.name] = constant
        elif source:
            columns[column.name] = source
    return columns, constants


def _one_column(column: Column, found: Sequence[str], seed: ColumnMap, key: str) -> tuple[str | None, str | None]:
    wanted = CONSTANT if column.name in seed.constants else seed.columns.get(column.name)
    options = [*found, CONSTANT]
    source = st.selectbox(
        column.name + (" *" if column.is_required else ""),
        options,
        index=options.index(wanted) if wanted in options else None,
        format_func=lambda name: _("= one value for all rows") if name == CONSTANT else name,
        placeholder=_("not in the file"),
        help=_(column.doc),
        key=f"{key}.{column.name}",
        persist_state="session",
    )
    if source != CONSTANT:
        return source, None
    held, constant_key = seed.constants.get(column.name), f"{key}.{column.name}.constant"
    label = _("Value of {column}", column=column.name)
    if column.allowed:
        place = column.allowed.index(held) if held in column.allowed else None
        return None, st.selectbox(
            label, column.allowed, index=place, label_visibility="collapsed", key=constant_key, persist_state="session"
        )
    typed = st.text_input(
        label, held or "", label_visibility="collapsed", placeholder=label, key=constant_key, persist_state="session"
    )
    return None, typed.strip() or None


def _values(preview: FilePreview, found: ColumnMap, key: str) -> dict[str, Mapping[str, str]]:
    """For columns of fixed values: what each other value of the file means."""
    values: dict[str, Mapping[str, str]] = {}
    for column in uploads.canonical_columns(found.table):
        source = found.columns.get(column.name)
        if not column.allowed or source is None:
            continue
        known = found.values.get(column.name, {})
        strange = [v for v in preview.values.get(source, ()) if v.lower() not in column.allowed]
        if not strange and source not in preview.values:
            values |= {column.name: known} if known else {}
            continue
        if strange:
            meant = _value_editor(column, source, strange, known, key)
            values |= {column.name: meant} if meant else {}
    return values


def _value_editor(
    column: Column, source: str, strange: list[str], known: Mapping[str, str], key: str
) -> dict[str, str]:
    st.markdown(_("**What the values of {source} mean**", source=source.replace("*", "\\*")))
    st.caption(_("Rows whose value has no meaning are set aside."))
    frame = pd.DataFrame(
        {"found": strange, "meaning": [known.get(v) or uploads.guess_value(v, column.allowed) for v in strange]}
    )
    edited = st.data_editor(
        frame,
        hide_index=True,
        disabled=["found"],
        column_config={
            "found": st.column_config.TextColumn(_("In the file")),
            "meaning": st.column_config.SelectboxColumn(
                _("Means {column}", column=column.name), options=list(column.allowed)
            ),
        },
        width=520,
        placeholder=_("set aside"),
        key=f"{key}.{column.name}.values.{source}",
        alt=_("What the values of the file mean"),
    )
    pairs = zip(edited["found"], edited["meaning"], strict=True)
    return {str(value): str(meaning) for value, meaning in pairs if isinstance(meaning, str) and meaning}


def _formats(found: ColumnMap, key: str) -> dict[str, str]:
    """Formats of times that are not understood as they are."""
    times = [c.name for c in uploads.canonical_columns(found.table) if c.kind in TIMES and c.name in found.columns]
    if not times:
        return {}
    formats = {}
    with st.expander(_("Date formats"), icon=":material/calendar_month:"):
        st.caption(
            _(
                "Only where dates are not understood as they are: %d day, %m month, %Y year, %H hour, %M minute, %S second; "
                "31/03/2018 14:05 is %d/%m/%Y %H:%M."
            )
        )
        grid = st.grid(4, min_column_width=190, gap="small")
        for name in times:
            with grid.cell():
                typed = st.text_input(
                    name,
                    found.formats.get(name, ""),
                    placeholder=_("detected"),
                    key=f"{key}.{name}.format",
                    persist_state="session",
                )
            if typed.strip():
                formats[name] = typed.strip()
    return formats
