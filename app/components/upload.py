"""From a file of one's own to a snapshot: upload, how it is read, what its columns mean, what would be rejected, load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.components.card import card_title
from app.components.loads import JOB_KEY, UPLOAD_KEY, UPLOADER_KEY, forget_upload, job_is_running
from app.components.mapping import mapping_form
from app.components.quarantine import reason_name
from app.components.table import ROW_HEIGHT, Column, table
from app.i18n import N_, _, joined, ngettext, number
from app.identity import current_actor
from app.page_errors import page_errors
from app.services import uploads
from app.services.data import kind_of
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from analytics.ingest import CheckResult, ColumnMap, FilePreview
    from app.services.uploads import Upload
    from app.workspace import Document

CHECKED_AT_ONCE = 2 << 20  # bytes; a larger file is checked on demand
DELIMITER_NAMES = {",": N_("comma"), ";": N_("semicolon"), "\t": N_("tab"), "|": N_("vertical bar")}


@st.fragment
def upload_panel() -> None:
    """The whole way; each step appears when the one before is done, and an error leaves the file where it is."""
    with page_errors():
        upload = _choose_file()
        if upload is None:
            return
        kept = _choose_mapping(upload)
        with st.container(border=True):
            card_title(_("As it is read"))
            encoding, delimiter = _choose_dialect(upload, kept)
            preview = upload.preview(encoding, delimiter)
            _draw_sample(preview)
        name = kept.name if kept else ""
        seed = uploads.seed_map(preview, kept, encoding, delimiter)
        with st.container(border=True):
            card_title(_("What the columns mean"))
            _say_unknown(seed, preview)
            column_map = mapping_form(preview, seed, key=f"map.{upload.key}.{name}.{encoding}.{delimiter}")
        missing = uploads.missing_columns(column_map)
        with page_errors():
            _draw_check(upload, column_map, missing)
        _draw_load(upload, column_map, kept, is_complete=not missing)


def _choose_file() -> Upload | None:
    """The uploader, or the file that was uploaded before the reader looked at another page."""
    widget_key = f"{UPLOADER_KEY}.{st.session_state.get(UPLOADER_KEY, 0)}"
    with st.container(border=True):
        card_title(_("Upload a file"))
        given = st.file_uploader(
            _("CSV, Parquet or JSON lines"),
            type=list(uploads.FILE_TYPES),
            key=widget_key,
            help=_("Encoding, delimiter and columns are guessed; nothing is loaded before you say so."),
        )
        held: tuple[str, Upload] | None = st.session_state.get(UPLOAD_KEY)
        if given is not None and (held is None or held[0] != given.file_id):
            held = (given.file_id, uploads.Upload(given.name, given))
            st.session_state[UPLOAD_KEY] = held
        if held is None:
            st.caption(_("One file holds one table: events, merchants, buyers, products, tickets or messages."))
            return None
        if given is None:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(":material/draft: " + _("{name} is still here.", name=held[1].name.replace("*", "\\*")))
                st.button(_("Remove"), on_click=forget_upload, type="tertiary", icon=":material/close:")
    return held[1]


def _choose_mapping(upload: Upload) -> Document | None:
    """A kept mapping to start from, or None for a guess."""
    kept = {document.name: document for document in uploads.saved_mappings()}
    if not kept:
        return None
    name = st.selectbox(
        _("Start from"),
        list(kept),
        index=None,
        placeholder=_("what the file's columns look like"),
        help=_("Mappings that were kept from earlier loads."),
        key=f"map.{upload.key}.kept",
        persist_state="session",
    )
    return kept.get(name) if name else None


def _choose_dialect(upload: Upload, kept: Document | None) -> tuple[str | None, str | None]:
    """Encoding and delimiter to read with; None = detected."""
    if upload.path.suffix.lower() == ".parquet":
        return None, None
    dialect = uploads.read_mapping(kept).dialect if kept else None
    key = f"map.{upload.key}.{kept.name if kept else ''}"
    left, right = st.columns(2)
    encodings = list(uploads.ENCODINGS)
    held = dialect.encoding if dialect else None
    encoding = left.selectbox(
        _("Encoding"),
        encodings if held is None or held in encodings else [held, *encodings],
        index=None if held is None else ([*encodings, held].index(held) if held in encodings else 0),
        placeholder=_("detected"),
        accept_new_options=True,
        key=f"{key}.encoding",
        persist_state="session",
    )
    if upload.path.suffix.lower() in (".jsonl", ".ndjson"):
        return encoding, None
    held = dialect.delimiter if dialect else None
    delimiter = right.selectbox(
        _("Delimiter"),
        uploads.DELIMITERS,
        index=uploads.DELIMITERS.index(held) if held in uploads.DELIMITERS else None,
        format_func=lambda mark: _(DELIMITER_NAMES[mark]),
        placeholder=_("detected"),
        key=f"{key}.delimiter",
        persist_state="session",
    )
    return encoding, delimiter


def _draw_sample(preview: FilePreview) -> None:
    said = [preview.format.upper()]
    if preview.format != "parquet":
        said.append(preview.encoding)
    if preview.format == "csv":
        said.append(
            _(DELIMITER_NAMES[preview.delimiter]) if preview.delimiter in DELIMITER_NAMES else preview.delimiter
        )
    said.append(ngettext("{n} column", "{n} columns", len(preview.columns)))
    st.caption(" · ".join([*said, _("first rows")]))
    st.dataframe(
        pd.DataFrame([dict(row) for row in preview.rows], columns=list(preview.columns)),
        hide_index=True,
        height=ROW_HEIGHT * (1 + min(max(len(preview.rows), 1), 6)) + 3,
        row_height=ROW_HEIGHT,
        placeholder="–",
        alt=_("The file's first rows"),
    )


def _say_unknown(seed: ColumnMap, preview: FilePreview) -> None:
    gone = [source for source in seed.columns.values() if source not in preview.columns]
    if gone:
        st.warning(
            _("This file has no column {columns}, which the mapping names: choose others.", columns=joined(gone)),
            icon=":material/warning:",
        )


def _draw_check(upload: Upload, column_map: ColumnMap, missing: tuple[str, ...]) -> None:
    with st.container(border=True):
        card_title(_("What would be set aside"))
        if missing:
            st.warning(
                _(
                    "Still missing: {columns}. Choose a column, or one value for all rows.",
                    columns=joined(list(missing)),
                ),
                icon=":material/warning:",
            )
            return
        found = upload.known_check(column_map)
        if found is None and (
            upload.size <= CHECKED_AT_ONCE or st.button(_("Check every row"), icon=":material/rule:")
        ):
            with st.spinner(_("Checking every row")):
                found = upload.check(column_map)
        if found is None:
            st.caption(_("The file is large: check it now, or see what was set aside after the load."))
            return
        _draw_rejects(found)


def _draw_rejects(found: CheckResult) -> None:
    said = [
        ngettext("{n} row read", "{n} rows read", found.read),
        ngettext("{n} can be loaded", "{n} can be loaded", found.good),
        ngettext("{n} set aside", "{n} set aside", found.quarantined),
    ]
    icon = ":green[:material/task_alt:]" if found.quarantined == 0 else ":orange[:material/rule:]"
    st.markdown(f"{icon} " + joined(said))
    for line in found.notes:
        st.caption(line)
    if found.quarantined == 0:
        return
    rejects = found.rejects
    kinds = [kind_of(reason, column) for reason, column in zip(rejects["reason"], rejects["column"], strict=True)]
    table(
        rejects.assign(said=[reason_name(kind) for kind in kinds]),
        [
            Column("line", _("Line"), "count", pinned=True),
            Column("column", _("Column")),
            Column("said", _("Reason")),
            Column("reason", _("In full"), width=380),
            Column("raw", _("Raw content"), width=420),
        ],
        key="upload.rejects",
        title=_("What would be set aside"),
        file_name="rejects",
    )
    if len(rejects) < found.quarantined:
        st.caption(_("The first {shown} of {all} rows.", shown=number(len(rejects)), all=number(found.quarantined)))


def _draw_load(upload: Upload, column_map: ColumnMap, kept: Document | None, *, is_complete: bool) -> None:
    runtime = get_runtime()
    with st.container(border=True):
        card_title(_("Load"))
        if runtime.warehouse.exists() and runtime.warehouse.snapshot().is_demo:
            st.markdown(
                ":orange[:material/swap_horiz: "
                + _("Your first file replaces the simulated data; its snapshot stays, and you can go back to it.")
                + "]"
            )
        name = st.text_input(
            _("Keep this mapping as"),
            kept.name if kept else Path(upload.name).stem,
            max_chars=200,
            help=_("Empty: it is not kept."),
            key=f"map.{upload.key}.name",
            persist_state="session",
        )
        held = next((found for found in uploads.saved_mappings() if found.name == name.strip()), None)
        if held is not None and held.body != uploads.mapping_text(column_map):
            st.caption(_("Replaces the mapping of this name by {author}.", author=held.author_name))
        with st.container(horizontal=True):
            is_asked = st.button(
                _("Load {name}", name=upload.name),
                type="primary",
                icon=":material/upload:",
                disabled=not is_complete or job_is_running(),
                key="upload.load",
            )
            is_kept = st.button(_("Keep mapping"), icon=":material/bookmark_add:", disabled=not name.strip())
            st.download_button(
                _("Download mapping"),
                uploads.mapping_text(column_map),
                file_name=f"{Path(upload.name).stem}.toml",
                mime="application/toml",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                help=_("TOML for `trustdesk ingest canonical FILE --map MAPPING.toml`"),
                key="upload.toml",
            )
    if not is_asked and not is_kept:
        return
    actor = current_actor(runtime.settings)
    if name.strip():
        uploads.keep_mapping(name, column_map, actor, version=held.version if held else 0)
    if is_asked:
        st.session_state[JOB_KEY] = uploads.start_upload(upload, column_map, actor)
    st.rerun()


@st.fragment
def folder_panel() -> None:
    """A folder of this machine, for the person who sits at it; nothing for anybody else."""
    actor = current_actor(get_runtime().settings)
    if actor.source != "local":
        return
    with page_errors(), st.container(border=True):
        card_title(_("A folder on this machine"))
        left, right = st.columns([1, 3])
        source = left.selectbox(_("Source"), uploads.SOURCES, key="folder.source", persist_state="session")
        path = right.text_input(
            _("Folder or file"), placeholder="/data/shop", key="folder.path", persist_state="session"
        )
        asked = st.button(
            _("Load folder"), icon=":material/folder_open:", disabled=not path.strip() or job_is_running()
        )
        if asked:
            st.session_state[JOB_KEY] = uploads.start_folder(source, path, actor)
            st.rerun()
