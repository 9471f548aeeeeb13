"""Tables as files for other programs: CSV, Excel workbook and Parquet. Knows no page and no warehouse."""

from __future__ import annotations

import io
import re
from typing import Any

import pandas as pd

XLSX_CHARACTERS = 32_767  # in a cell; openpyxl would cut a longer text and not say so
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def inert(cell: str) -> str:
    """The text, with a leading apostrophe where a spreadsheet would run it as a formula."""
    # Spreadsheets look past white space, and take the full-width signs of a Chinese keyboard for the plain ones.
    is_formula = cell.lstrip().startswith(tuple("=+-@＝＋－＠")) or cell.startswith(("\t", "\r", "\n"))
    return f"'{cell}" if is_formula else cell


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a byte-order mark, which tells spreadsheet programs the encoding; no cell runs as a formula."""
    return _for_spreadsheets(frame).to_csv(index=False).encode("utf-8-sig")


def to_xlsx(frame: pd.DataFrame) -> bytes:
    """A workbook of one sheet, within the format's limits: instants become UTC without a zone, characters that it can't hold become
    U+FFFD, and a text ends after 32,767 characters with an ellipsis."""
    shown = _for_spreadsheets(frame).rename(columns=_fitting)
    for name in shown:
        if isinstance(shown[name].dtype, pd.DatetimeTZDtype):
            shown[name] = shown[name].dt.tz_convert("UTC").dt.tz_localize(None)
        elif not pd.api.types.is_numeric_dtype(shown[name].dtype):
            shown[name] = shown[name].map(lambda cell: _fitting(cell) if isinstance(cell, str) else cell)
    buffer = io.BytesIO()
    shown.to_excel(buffer, index=False, engine="openpyxl")
    return buffer.getvalue()


def to_parquet(frame: pd.DataFrame) -> bytes:
    """The values as they are, with their types."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


# ending → media type and writer
FORMATS = {
    "csv": ("text/csv", to_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", to_xlsx),
    "parquet": ("application/vnd.apache.parquet", to_parquet),
}


def _for_spreadsheets(frame: pd.DataFrame) -> pd.DataFrame:
    shown = frame.copy()
    for name in shown:
        if not (
            pd.api.types.is_numeric_dtype(shown[name].dtype) or pd.api.types.is_datetime64_any_dtype(shown[name].dtype)
        ):
            shown[name] = shown[name].map(_cell)
    return shown.rename(columns=lambda name: inert(str(name)))


def _fitting(text: str) -> str:
    shown = _CONTROL.sub("\ufffd", text)
    return shown if len(shown) <= XLSX_CHARACTERS else shown[: XLSX_CHARACTERS - 1] + "…"


def _cell(cell: Any) -> Any:
    if isinstance(cell, list):
        return ", ".join(str(item) for item in cell)
    return inert(cell) if isinstance(cell, str) else cell
