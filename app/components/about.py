"""The Settings page's cards: language and theme, who acts, the models, the score's programme, settings, versions, audit log."""

from __future__ import annotations

import streamlit as st

from app.components.card import card_title
from app.components.levels import level_name
from app.components.table import Column, table
from app.i18n import (
    LANGUAGES,
    N_,
    _,
    choose_session_language,
    duration,
    figure,
    language,
    ngettext,
    number,
)
from app.identity import current_actor
from app.page_errors import page_errors
from app.services import settings_page
from app.services.figures import in_zone
from app.services.runtime import SNAPSHOT_KEY, get_runtime
from app.services.settings_page import MODEL_WEIGHTS, CheckpointCard, Tried
from app.services.warehouse import snapshot

STATES = {
    "unavailable": N_("no model on this machine"),
    "stopped": N_("asleep until it is needed"),
    "loading": N_("loading"),
    "ready": N_("ready"),
    "busy": N_("at work"),
    "closed": N_("closed"),
}
ACTOR_SOURCES = {
    "oidc": N_("signed in"),
    "header": N_("named by the proxy"),
    "local": N_("the person at this machine"),
}


def facts(rows: dict[str, str]) -> None:
    """Names on the left, values on the right."""
    for name, value in rows.items():
        left, right = st.columns([2, 3], vertical_alignment="top")
        left.caption(name)
        right.markdown(value)


def language_card() -> None:
    """Language of this session, theme, and the zone that days are cut by."""
    with st.container(border=True, height="stretch"):
        card_title(_("Language and look"), icon=":material/translate:")
        chosen = st.segmented_control(
            _("Language"),
            list(LANGUAGES),
            default=language(),
            required=True,
            format_func=lambda tag: LANGUAGES[tag],
            key=f"settings.language.{language()}",
        )
        if chosen and chosen != language():
            choose_session_language(chosen)
            st.rerun()
        theme = {"dark": _("dark"), "light": _("light")}.get(st.context.theme.type or "", "–")
        facts(
            {
                _("Theme"): _("{theme}; change it in the menu ⋮ at the top right", theme=theme),
                _("Time zone"): _time_zone(),
            }
        )


def _time_zone() -> str:
    found = st.session_state.get(SNAPSHOT_KEY)
    if isinstance(found, str):
        return _("{zone}: days and times on every page are those of this zone", zone=snapshot(found).time_zone)
    wanted = get_runtime().settings.time_zone
    return wanted or _("that of the first source loaded")


def person_card() -> None:
    """Who acts in this session: the name that stands on drafts, approvals and loads."""
    settings = get_runtime().settings
    actor = current_actor(settings)
    with st.container(border=True, height="stretch"):
        card_title(_("Who am I"), icon=":material/person:")
        facts(
            {
                _("Name"): actor.name,
                _("Identity"): f"`{actor.actor_id}`",
                _("Known because"): _(ACTOR_SOURCES[actor.source]),
                _("Reachable from"): _("this machine only") if settings.is_loopback else settings.address,
            }
        )
        st.caption(_("Each draft, approval, load and roll-back is written to the audit log under this name."))
        if actor.source == "oidc":
            st.button(_("Sign out"), on_click=st.logout, icon=":material/logout:")


@st.fragment
def model_card() -> None:
    """Which models write and read here, their state and memory; a button that tries them."""
    with page_errors(), st.container(border=True, height="stretch"):
        card_title(_("Models"), icon=":material/neurology:")
        status = settings_page.engine_status()
        checkpoint = settings_page.checkpoint_card()
        rows = {
            _("Replies are written by"): _writer(checkpoint),
            _("Sentence vectors"): status.encoder_unavailable or _encoder_words(),
            _("State"): _(STATES[status.state]),
            _("Memory in use"): _gigabytes(status.memory_bytes),
            _("Waiting"): ngettext("{n} request", "{n} requests", status.queue_length),
        }
        if status.restart_count:
            rows[_("Restarted")] = ngettext("{n} time", "{n} times", status.restart_count)
        facts(rows)
        if status.state == "unavailable" and (checkpoint is None or checkpoint.kind != "server" or checkpoint.fault):
            st.caption(_("Without a model the desk summarises by extraction and composes replies from macros."))
            return
        if st.button(_("Load and test"), icon=":material/bolt:", key="settings.try"):
            with st.spinner(_("Loading the models")):
                st.session_state["settings.tried"] = settings_page.try_models()
            st.rerun(scope="fragment")
        tried: Tried | None = st.session_state.get("settings.tried")
        if tried is not None:
            _draw_tried(tried)


def _writer(checkpoint: CheckpointCard | None) -> str:
    if checkpoint is None:
        return _("facts, policy and macros; set `checkpoint` for a chat model")
    if checkpoint.fault:
        return f":orange[:material/warning: {checkpoint.fault}]"
    said = [f"**{checkpoint.name}**", checkpoint.architecture]
    if checkpoint.base:
        said.append(_("adapter on {name}", name=checkpoint.base))
    if checkpoint.kind == "encoder-decoder":
        said.append(_("encoder-decoder"))
    if checkpoint.is_desk:
        said.append(_("the desk's own model, which writes summaries too"))
    if checkpoint.weight_bytes:
        said.append(_gigabytes(checkpoint.weight_bytes))
    if checkpoint.context_length:
        said.append(_("{n} tokens of context", n=number(checkpoint.context_length)))
    if checkpoint.is_plain:
        said.append(_("no chat template: plain prompt layout"))
    return " · ".join(said)


def _encoder_words() -> str:
    name, licence = MODEL_WEIGHTS
    return _(
        "{name} ({licence}): English, {n} dimensions, weights checked by hash; Chinese goes through character n-grams",
        name=name,
        licence=licence,
        n=number(settings_page.vector_dimensions()),
    )


def _gigabytes(size: int) -> str:
    return f"{number(size / 2**30, digits=2)} GiB" if size >= 2**30 else f"{number(size / 2**20)} MiB"


def _draw_tried(tried: Tried) -> None:
    said = []
    if tried.encode_seconds is not None:
        said.append(_("one sentence's vector in {ms} ms", ms=number(tried.encode_seconds * 1000, digits=1)))
    if tried.write_seconds is not None:
        said.append(_("wrote for {time}: “{text}”", time=duration(tried.write_seconds), text=tried.written))
    st.success(" · ".join(said) or _("Nothing to test."), icon=":material/task_alt:")


def programme_card() -> None:
    """The definition of the trust score: levels, memory, and what each rate may earn."""
    found = settings_page.programme()
    with st.container(border=True):
        card_title(_("Programme: {name}", name=_(found.name)), icon=":material/verified_user:")
        bands = [f"{level_name(level.level_id)} ≥ {figure(level.minimum, 'count')}" for level in found.levels]
        st.caption(
            " · ".join(
                [
                    *bands,
                    _("an order counts half after {n} days", n=number(found.half_life_days)),
                    _("and not at all after {n}", n=number(found.window_days)),
                    _("no score below {n} orders", n=number(found.min_n)),
                ]
            )
        )
        frame = settings_page.weight_table()
        table(
            frame.assign(component=[_(c) for c in frame["component"]], label=[_(label) for label in frame["label"]]),
            [
                Column("component", _("Component"), pinned=True),
                Column("label", _("Rate")),
                Column("points", _("Points"), "points"),
                Column("good", _("All points at"), "rate"),
                Column("bad", _("None at"), "rate"),
            ],
            key="settings.weights",
            title=_("What the score consists of"),
            height=34 * (1 + len(frame)) + 3,
        )
        st.caption(
            _("Edit `{file}` to change it; the score follows at the next start.", file="data/programmes/trustdesk.toml")
        )


def settings_card() -> None:
    """Every setting with its value and where that comes from."""
    frame = settings_page.settings_table()
    places = {"default": _("default"), "environment": _("environment")}
    with st.container(border=True):
        card_title(
            _("All settings"),
            _(
                "From `TRUSTDESK_NAME` in the environment, else from `trustdesk.toml`, else the default; read at the start."
            ),
            icon=":material/tune:",
        )
        table(
            frame.assign(
                help=[_(text) for text in frame["help"]],
                origin=[places.get(origin, origin) for origin in frame["origin"]],
            ),
            [
                Column("name", _("Setting"), pinned=True, width=220),
                Column("value", _("Value"), width=320),
                Column("origin", _("Set in")),
                Column("help", _("What it is"), width=480),
            ],
            key="settings.table",
            title=_("All settings"),
            height=34 * (1 + len(frame)) + 3,
        )


def versions_card() -> None:
    """TrustDesk, what it is built on, and the model weights, with version and licence."""
    frame = settings_page.versions()
    with st.container(border=True):
        card_title(_("Versions and licences"), icon=":material/balance:")
        table(
            frame,
            [
                Column("name", _("Package"), pinned=True, width=200),
                Column("version", _("Version")),
                Column("licence", _("Licence"), width=360),
            ],
            key="settings.versions",
            title=_("Versions and licences"),
            file_name="licences",
        )


def audit_card() -> None:
    """The last steps, and whether the log is whole."""
    check = settings_page.verify_audit()
    with st.container(border=True):
        card_title(_("Audit log"), icon=":material/history_edu:")
        if check.passed:
            said = ngettext(
                "{n} entry, each sealed with the hash of the one before: the chain is whole",
                "{n} entries, each sealed with the hash of the one before: the chain is whole",
                check.entry_count,
            )
            st.caption(f":green[:material/verified:] {said}")
        else:
            st.error(
                _("Entry {n} does not fit the chain: it or one before it was changed.", n=number(check.broken_at or 0)),
                icon=":material/gpp_bad:",
            )
        frame, zone = settings_page.audit_tail(), _zone()
        if frame.empty:
            return
        table(
            in_zone(frame, zone),
            [
                Column("at", _("Time in {zone}", zone=zone), "moment", pinned=True),
                Column("actor", _("Who")),
                Column("action", _("Step")),
                Column("subject", _("On what")),
                Column("detail", _("Detail"), width=420),
                Column("hash", _("Seal")),
                Column("seq", _("Entry"), "count"),
            ],
            key="settings.audit",
            title=_("Audit log"),
            file_name="audit",
        )


def _zone() -> str:
    found = st.session_state.get(SNAPSHOT_KEY)
    return snapshot(found).time_zone if isinstance(found, str) else "UTC"
