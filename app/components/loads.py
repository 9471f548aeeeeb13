"""The Data page's tables of what came in: freshness, loads, snapshots with roll-back; and a load under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.components.card import card_title
from app.components.table import Column, table
from app.i18n import N_, _, duration, joined, moment, ngettext, number, rate
from app.identity import current_actor
from app.page_errors import page_errors
from app.services import data
from app.services.runtime import get_runtime, snapshot_id
from app.services.warehouse import snapshot

if TYPE_CHECKING:
    from app.services.uploads import LoadJob

JOB_KEY = "data.job"
UPLOAD_KEY = "data.upload"
UPLOADER_KEY = "data.uploader"
POLL_SECONDS = 1.0
STEPS = {
    "": N_("Starting"),
    "read": N_("Reading {detail}"),
    "simulate": N_("Simulating the marketplace"),
    "tickets": N_("Writing tickets and messages"),
    "truth": N_("Writing down what is true"),
    "merge": N_("Comparing with what is stored: {detail}"),
    "marts": N_("Computing {detail}"),
    "publish": N_("Publishing the snapshot"),
}


def draw_totals(current: str) -> None:
    """Four figures: rows, newest event, loads, rows set aside."""
    found, totals = snapshot(current), data.totals(current)
    newest = moment(found.data_up_to, found.time_zone, length="short") if found.data_up_to else "–"
    with st.container(horizontal=True, gap="small"):
        st.metric(_("Rows stored"), number(totals.row_count), border=True, icon=":material/database:")
        st.metric(_("Newest event"), newest, border=True, icon=":material/schedule:", help=found.time_zone)
        st.metric(_("Loads"), number(totals.load_count), border=True, icon=":material/input:")
        st.metric(_("Rows set aside"), number(totals.rejected_count), border=True, icon=":material/rule:")


def draw_freshness(current: str) -> None:
    """Rows, newest instant and last load of each table."""
    frame = data.freshness(current)
    with st.container(border=True):
        card_title(
            _("Freshness by table"),
            _(
                "Of events, tickets and messages when they happened; of the rest the newest state. Times in {zone}.",
                zone=_zone(),
            ),
        )
        table(
            frame.assign(title=[_(data.TABLE_NAMES[name]) for name in frame["table_name"]]),
            [
                Column("title", _("Table"), pinned=True),
                Column("row_count", _("Row count"), "count"),
                Column("oldest_at", _("Oldest"), "moment"),
                Column("newest_at", _("Newest"), "moment"),
                Column("loaded_at", _("Last loaded"), "moment"),
            ],
            key="data.freshness",
            title=_("Freshness by table"),
        )


def draw_loads(current: str) -> None:
    """Every load of the snapshot with what became of its rows."""
    frame = data.loads(current)
    with st.container(border=True):
        card_title(
            _("Loads"),
            _("Newest first. Read = loaded + duplicate + conflict + set aside. Times in {zone}.", zone=_zone()),
        )
        table(
            frame.assign(
                took=[duration(seconds) for seconds in frame["seconds"]],
                file=[source_name(file) for file in frame["file"]],
                source=[source_name(s) for s in frame["source"]],
            ),
            [
                Column("finished_at", _("Finished"), "moment", pinned=True),
                Column("source", _("Source")),
                Column("file", _("File")),
                *count_columns(),
                Column("took", _("Took")),
            ],
            key="data.loads",
            title=_("Loads"),
            file_name="loads",
        )


def count_columns() -> list[Column]:
    """What became of a load's rows, as columns."""
    return [
        Column("read", _("Read"), "count"),
        Column("loaded", _("Loaded"), "count"),
        Column("duplicate", _("Duplicate"), "count", help=_("Already there with the same content, or older")),
        Column("conflict", _("Conflict"), "count", help=_("Same id, other content: the first stayed")),
        Column("quarantined", _("Set aside"), "count", help=_("Broke a rule of the table: see Quarantine")),
    ]


def source_name(source: str) -> str:
    """A source or file as the page calls it."""
    return _("simulated marketplace") if source == "demo" else source


def draw_snapshots(current: str) -> None:
    """The snapshots that are kept, and the way back to one of them."""
    frame = data.snapshots(current)
    with st.container(border=True):
        card_title(
            _("Snapshots"),
            _(
                "Each load publishes a new one; the last five are kept. Serving an older one changes no data. "
                "Click one to serve it. Times in {zone}.",
                zone=_zone(),
            ),
        )
        row = table(
            frame.assign(
                state=[_("served") if is_current else "" for is_current in frame["is_current"]],
                source=[source_name(source) for source in frame["source"]],
            ),
            [
                Column("created_at", _("Made"), "moment", pinned=True),
                Column("state", _("State")),
                Column("source", _("Last load")),
                Column("row_count", _("Row count"), "count"),
                Column("data_up_to", _("Data up to"), "moment"),
                Column("load_count", _("Loads"), "count"),
                Column("snapshot_id", _("Snapshot")),
            ],
            key="data.snapshots",
            title=_("Snapshots"),
            is_clickable=len(frame) > 1,
        )
        for torn in data.torn_snapshots():
            st.warning(
                _(
                    "The manifest of snapshot {id} is torn: put `snapshots/{id}.json` of the warehouse back, or delete it. "
                    "Until then no file of an older snapshot is deleted.",
                    id=torn,
                ),
                icon=":material/warning:",
            )
    if row is not None and not frame["is_current"].iloc[row]:
        confirm_roll_back(str(frame["snapshot_id"].iloc[row]))


def confirm_roll_back(wanted: str) -> None:
    """Ask before another snapshot is served to everybody."""
    st.dialog(_("Serve another snapshot?"), icon=":material/history:")(_roll_back_body)(wanted)


def _roll_back_body(wanted: str) -> None:
    with page_errors():
        found = snapshot(wanted)
        st.markdown(
            _(
                "Everybody will see the data as loaded on {at}. Nothing is deleted: you can come back the same way. "
                "The step is written to the audit log.",
                at=moment(found.created_at, found.time_zone, length="short"),
            )
        )
        st.caption(_("snapshot {id}", id=wanted))
        if st.button(_("Serve this snapshot"), type="primary", key="data.rollback", disabled=job_is_running()):
            data.roll_back(wanted, current_actor(get_runtime().settings))
            st.session_state.pop(JOB_KEY, None)
            st.rerun()


def watch_job() -> bool:
    """Draw the load that this session started, if any: its progress, then its outcome. Whether one is under way."""
    job: LoadJob | None = st.session_state.get(JOB_KEY)
    if job is None:
        return False
    if not job.is_done:
        st.fragment(run_every=POLL_SECONDS)(_draw_progress)(job)
        return True
    with st.container(horizontal=True, vertical_alignment="top", wrap=False):
        with st.container(), page_errors():
            draw_result(job.result())
        st.button("", on_click=_close_job, args=(job,), help=_("Close"), icon=":material/close:", key="data.close")
    return False


def job_is_running() -> bool:
    """Whether this session has a load under way."""
    job: LoadJob | None = st.session_state.get(JOB_KEY)
    return job is not None and not job.is_done


def _close_job(job: LoadJob) -> None:
    """Forget the load; an upload that was loaded goes with it, one that failed stays to be tried again."""
    st.session_state.pop(JOB_KEY, None)
    if not job.is_failed:
        forget_upload()


def forget_upload() -> None:
    """Drop the uploaded file and draw an empty uploader."""
    st.session_state.pop(UPLOAD_KEY, None)
    st.session_state[UPLOADER_KEY] = st.session_state.get(UPLOADER_KEY, 0) + 1


def _draw_progress(job: LoadJob) -> None:
    if job.is_done:
        st.rerun()
    with st.container(border=True):
        card_title(_("Loading {name}", name=source_name(job.title)), icon=":material/progress_activity:")
        step, _space, detail = job.step.partition(" ")
        words = _(STEPS[step], detail=detail) if step in STEPS else job.step
        done = "" if job.share is None else f" · {rate(job.share, digits=0)}"
        st.progress(min(job.share or 0.0, 1.0), text=words + done)
        st.caption(_("The desk keeps working on the snapshot of before until this is done; you may leave this page."))


def draw_result(result: Mapping[str, object]) -> None:
    """What became of a load's rows, in words."""
    counts = {name: int(str(result[name])) for name in ("read", "loaded", "duplicate", "conflict", "quarantined")}
    if result.get("source") == "quarantine":
        _draw_replay(counts)
        return
    said = [
        ngettext("{n} row read", "{n} rows read", counts["read"]),
        ngettext("{n} loaded", "{n} loaded", counts["loaded"]),
        ngettext("{n} duplicate", "{n} duplicates", counts["duplicate"]),
        ngettext("{n} in conflict", "{n} in conflict", counts["conflict"]),
        ngettext("{n} set aside", "{n} set aside", counts["quarantined"]),
    ]
    if counts["loaded"]:
        st.success(joined(said) + " · " + _("snapshot {id}", id=result["snapshot_id"]), icon=":material/task_alt:")
    else:
        st.info(joined(said) + " · " + _("nothing new, the snapshot stays"), icon=":material/info:")
    notes = result.get("notes")
    for line in notes if isinstance(notes, tuple) else ():
        st.caption(str(line))


def _draw_replay(counts: Mapping[str, int]) -> None:
    """What became of rows tried again: a row that was there already has left the quarantine too."""
    left = counts["conflict"] + counts["quarantined"]
    said = [
        ngettext("{n} row loaded", "{n} rows loaded", counts["loaded"]),
        *([ngettext("{n} there already", "{n} there already", counts["duplicate"])] if counts["duplicate"] else []),
        ngettext("{n} still set aside", "{n} still set aside", left),
    ]
    if left:
        st.warning(joined(said), icon=":material/rule:")
    else:
        st.success(joined(said), icon=":material/task_alt:")


def _zone() -> str:
    return snapshot(snapshot_id()).time_zone
