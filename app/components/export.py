"""One button that takes a table along, as CSV, Excel workbook or Parquet. Nothing is written before it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from app.exports import FORMATS
from app.i18n import N_, _

NAMES = {"csv": "CSV", "xlsx": N_("Excel workbook"), "parquet": "Parquet"}


def export_button(frame: Callable[[], pd.DataFrame], file_name: str, *, key: str) -> None:
    """Draw the button; `frame` gives what is on the screen, `file_name` has no extension."""
    with st.popover(_("Export"), icon=":material/download:", type="tertiary"):
        for ending, (media_type, write) in FORMATS.items():
            st.download_button(
                _(NAMES[ending]),
                partial(_written, write, frame),
                file_name=f"{file_name}.{ending}",
                mime=media_type,
                type="tertiary",
                on_click="ignore",
                key=f"{key}.export.{ending}",
            )


def _written(write: Callable[[pd.DataFrame], bytes], frame: Callable[[], pd.DataFrame]) -> bytes:
    return write(frame())
