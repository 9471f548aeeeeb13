"""How well the writers write: by writer, language and size of merchant; the generations behind it, and one opened."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import TYPE_CHECKING

import streamlit as st

from app.components.card import card_title
from app.components.empty import empty_state
from app.components.table import Column, table
from app.components.thread import language_name, plain
from app.i18n import N_, _, joined, moment, ngettext, number, rate
from app.identity import current_actor
from app.services import writing_quality as quality
from app.services.figures import in_zone, time_zone
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    import pandas as pd

    from app.workspace.generations import Kind

SHOWN = 200
ORIGINS: Mapping[bool | None, str] = {
    True: N_("Put together anew from the same evidence: its hash is the one on record."),
    False: N_("The evidence has changed since: this is what would be asked today."),
    None: N_("What was asked can't be put together here any more."),
}


def quality_card(snapshot_id: str) -> None:
    """Draw the figures of all that was generated here, by one property, and the newest generations."""
    with st.container(border=True):
        card_title(
            _("What the writers wrote"),
            _("All drafts, rewritings, summaries and the machine's answers generated here. Kept: how like the approved text is to the generated one; tentative below 30 approved."),
            icon=":material/smart_toy:",
        )  # fmt: skip
        made = quality.generations(snapshot_id)
        if made.empty:
            empty_state(_("Nothing was generated yet"), _("Draft a reply at the reply desk; it is counted here."))
            return
        by = st.segmented_control(
            _("By"),
            list(quality.GROUPINGS),
            default="writer",
            required=True,
            format_func=lambda name: _(quality.GROUPINGS[name]),
            key="performance.quality.by",
        )
        found = quality.quality(made, by)
        _quality_table(found, by)
        if by == "writer":
            _reset(found)
        _newest(made, snapshot_id)


def _quality_table(found: pd.DataFrame, by: str) -> None:
    shown = found.assign(
        group=[_named(str(group), by) for group in found["group"]],
        unchanged_range=_ranges(found, "unchanged"),
        kept_range=_ranges(found, "kept"),
        thumbs=[f"+{number(up)} −{number(down)}" for up, down in zip(found["up"], found["down"], strict=True)],
        note=[_("tentative") if is_tentative else "" for is_tentative in found["is_tentative"]],
    )
    table(
        shown,
        [
            Column("group", _(quality.GROUPINGS[by]), pinned=True),
            Column("n", _("Generated"), "count"),
            Column("approved", _("Approved"), "count"),
            Column("unchanged", _("Unchanged"), "rate", help=_("Share of the approved texts that nobody changed.")),
            Column("unchanged_range", _("95% interval")),
            Column("kept", _("Kept"), "rate", help=_("Mean likeness of approved and generated text, word by word.")),
            Column("kept_range", _("95% interval")),
            Column("failed", _("Check failed"), "rate"),
            Column("thumbs", _("Thumbs")),
            Column("note", _("Note")),
        ],
        key=f"performance.quality.{by}",
        title=_("What the writers wrote"),
        file_name="writing-quality",
    )


def _ranges(found: pd.DataFrame, name: str) -> list[str]:
    lows, highs = found[f"{name}_low"], found[f"{name}_high"]
    return ["–" if isnan(low) else f"{rate(low)} – {rate(high)}" for low, high in zip(lows, highs, strict=True)]


def _named(group: str, by: str) -> str:
    if by == "writer":
        kind, engine, version = group.split("\n")
        return f"{_(quality.KINDS[kind])} · {_engine(engine)} · {version}"
    return language_name(group) if by == "language" else group


def _engine(name: str) -> str:
    return _("policy macros, no model") if name == "macro" else name


def _reset(found: pd.DataFrame) -> None:
    voted = [
        str(group) for group, up, down in zip(found["group"], found["up"], found["down"], strict=True) if up + down
    ]
    if not voted:
        return
    with st.popover(_("Begin the thumbs anew"), icon=":material/restart_alt:", type="tertiary"):
        chosen = st.selectbox(
            _("Writer and version"), voted, format_func=lambda group: _named(group, "writer"), key="performance.reset"
        )
        st.caption(_("The thumbs so far stay on record and count no longer."))
        st.button(_("Begin anew"), key="performance.reset.go", on_click=_begin_anew, args=(chosen,))


def _begin_anew(group: str) -> None:
    kind, engine, version = group.split("\n")
    runtime = get_runtime()
    known: dict[str, Kind] = {"draft": "draft", "rewrite": "rewrite", "summary": "summary", "answer": "answer"}
    gone = runtime.workspace.generations.reset_votes(known[kind], engine, version, current_actor(runtime.settings))
    st.toast(ngettext("{n} thumb counts no longer", "{n} thumbs count no longer", gone))


def _newest(made: pd.DataFrame, snapshot_id: str) -> None:
    newest = made.head(SHOWN)
    shown = in_zone(newest, time_zone(snapshot_id)).assign(
        kind=[_(quality.KINDS[kind]) for kind in newest["kind"]],
        engine=newest["engine"].map(_engine),
        language=newest["language"].map(language_name),
        outcome=[_(quality.OUTCOMES[outcome]) for outcome in newest["outcome"]],
        open=_("Open"),
    )
    table(
        shown,
        [
            Column("at", _("At"), "moment", pinned=True),
            Column("kind", _("Kind")),
            Column("ticket_id", _("Thread")),
            Column("engine", _("Writer")),
            Column("version", _("Version")),
            Column("language", _("Language")),
            Column("outcome", _("Outcome")),
            Column("kept_share", _("Kept"), "rate"),
            Column("open", _("Open"), "button"),
        ],
        key="performance.generations",
        title=_("Generations, newest first"),
        file_name="generations",
        on_button=lambda row: _opened(str(newest["generation_id"].iloc[row]), snapshot_id),
    )


def _opened(generation_id: str, snapshot_id: str) -> None:
    @st.dialog(_("One generation"), width="large")
    def draw() -> None:
        found = quality.opened(snapshot_id, generation_id, current_actor(get_runtime().settings))
        one = found.generation
        at = moment(one.at, time_zone(snapshot_id), length="short")
        who = one.actor_name or _("in the background")
        st.caption(f"{_(quality.KINDS[one.kind])} · {plain(at)} · {plain(who)} · {number(one.latency_ms)} ms")
        st.caption(
            _("Writer {writer}, version {version}, prompt {prompt}", writer=plain(_engine(one.engine)), version=one.version, prompt=one.prompt_version or "–")
        )  # fmt: skip
        failed = [str(check["name"]) for check in one.checks if check["passed"] is False]
        st.caption(_("Checks that failed: {names}", names=joined([plain(name) for name in failed]) or "–"))
        st.markdown("**" + _("Answered") + "**")
        st.text(found.answered or _("Nobody kept this text; its hash is {hash}.", hash=one.output_sha256[:16]))
        st.markdown("**" + _("Asked") + "**")
        is_answer = found.is_same is None and found.asked
        st.caption(_("The messages that it was made from.") if is_answer else _(ORIGINS[found.is_same]))
        st.text(found.asked or "–")
        st.caption(_("Private data is masked. That you opened this is in the audit log."))

    draw()
