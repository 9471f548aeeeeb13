"""One frozen Settings. The dataclass fields are the one table of settings: name, default, type and help.

Read once, from TRUSTDESK_* variables over `trustdesk.toml` (in the working directory, or where TRUSTDESK_CONFIG
points) over the defaults. Must not know Streamlit, analytics or llm.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType

from app.errors import SettingsError

PREFIX = "TRUSTDESK_"
CONFIG_VARIABLE = "TRUSTDESK_CONFIG"
FILE_NAME = "trustdesk.toml"
LANGUAGES = ("en", "zh-Hans")
DTYPES = ("auto", "float32", "bfloat16")
AMOUNT = r"\s*\d+(\.\d+)?\s*([KMGT]i?B|%)\s*"
LEAST_NOTICE_DAYS = 30  # before an account is ended: Regulation (EU) 2019/1150, article 4(2)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def project_root() -> Path:
    """The clone that this package runs from; the working directory when it is installed elsewhere."""
    clone = Path(__file__).resolve().parent.parent
    return clone if (clone / "pyproject.toml").is_file() else Path.cwd()


def _port(raw: int) -> int:
    if not 1 <= raw <= 65535:
        raise ValueError("a port from 1 to 65535")
    return raw


def _positive(raw: int) -> int:
    if raw < 1:
        raise ValueError("a whole number of at least 1")
    return raw


def _not_negative(raw: int) -> int:
    if raw < 0:
        raise ValueError("a whole number of at least 0")
    return raw


def _notice(raw: int) -> int:
    if raw < LEAST_NOTICE_DAYS:
        raise ValueError(f"a whole number of at least {LEAST_NOTICE_DAYS}")
    return raw


def _zone(raw: str) -> str:
    from analytics.engines.days import is_time_zone

    if raw and not is_time_zone(raw):
        raise ValueError("an IANA time zone such as Asia/Shanghai")
    return raw


def _language(raw: str) -> str:
    if raw not in ("auto", *LANGUAGES):
        raise ValueError("auto, " + " or ".join(LANGUAGES))
    return raw


def _dtype(raw: str) -> str:
    if raw not in DTYPES:
        raise ValueError("auto, float32 or bfloat16")
    return raw


def _urls(raw: tuple[str, ...]) -> tuple[str, ...]:
    if not all(url.startswith(("https://", "http://")) for url in raw):
        raise ValueError("a list of http(s) addresses")
    return raw


def _memory(raw: str) -> str:
    if not re.fullmatch(AMOUNT, raw, re.IGNORECASE):
        raise ValueError("an amount such as 2GB")
    return raw


def _disk(raw: str) -> str:
    if raw and ("%" in raw or not re.fullmatch(AMOUNT, raw, re.IGNORECASE)):
        raise ValueError("an amount such as 20GB, or nothing")
    return raw


def _keep(raw: object) -> object:
    return raw


@dataclass(frozen=True)
class Settings:
    """Everything that an installation may set. Paths are absolute once read."""

    warehouse: Path = field(default=Path("data/warehouse"), metadata={"help": "folder of the warehouse"})
    workspace_url: str = field(
        default="sqlite:///data/workspace/workspace.sqlite",
        metadata={
            "help": "database of drafts, approvals and the audit log: SQLite or PostgreSQL, as an SQLAlchemy URL"
        },
    )
    programmes: Path = field(
        default=Path("data/workspace/programmes"),
        metadata={"help": "folder of your own copies of seller programmes; they stand beside the presets"},
    )
    port: int = field(default=8501, metadata={"help": "port of the app", "check": _port})
    address: str = field(
        default="127.0.0.1",
        metadata={"help": "address the app listens on; anything but loopback needs OIDC or trusted_user_header"},
    )
    time_zone: str = field(
        default="",
        metadata={"help": "reporting time zone of a new warehouse; empty: that of its first source", "check": _zone},
    )
    language: str = field(default="auto", metadata={"help": "auto (the browser's), en or zh-Hans", "check": _language})
    memory_limit: str = field(
        default="2GB",
        metadata={
            "help": "memory that DuckDB may use for each open database: a load, a snapshot, an as-of day",
            "check": _memory,
        },
    )
    spill_limit: str = field(
        default="",
        metadata={
            "help": "disk that each open database may spill to when memory is short, such as 20GB; "
            "empty: 90 % of what is free",
            "check": _disk,
        },
    )
    query_timeout_seconds: int = field(
        default=30, metadata={"help": "seconds after which a query is stopped", "check": _positive}
    )
    threads: int = field(default=2, metadata={"help": "threads that DuckDB and the models may use", "check": _positive})
    checkpoint: str = field(
        default="",
        metadata={
            "help": "folder of a Hugging Face checkpoint (causal, encoder-decoder or adapter) that writes replies and "
            "summaries; empty: none"
        },
    )
    checkpoint_dtype: str = field(
        default="auto",
        metadata={
            "help": "number type that the checkpoint runs in: auto (as stored), float32 or bfloat16",
            "check": _dtype,
        },
    )
    server_url: str = field(
        default="",
        metadata={
            "help": "address of an OpenAI-compatible server inside the company that writes replies and summaries, such as "
            "http://models.example:8000/v1; empty: none"
        },
    )
    server_model: str = field(default="default", metadata={"help": "name of the model on that server"})
    server_allow: tuple[str, ...] = field(
        default=(),
        metadata={"help": "hosts, or host:port, that server_url may name (comma-separated); nothing is sent to others"},
    )
    targets: str = field(
        default="", metadata={"help": "TOML file of targets, one line a metric (late_seller_rate = 0.02); empty: none"}
    )
    encoder: bool = field(default=True, metadata={"help": "use the MiniLM sentence vectors when they are installed"})
    generation_timeout_seconds: int = field(
        default=60, metadata={"help": "seconds after which a generation is given up", "check": _positive}
    )
    webhook_allow: tuple[str, ...] = field(
        default=(),
        metadata={"help": "addresses that approved replies may be posted to (comma-separated)", "check": _urls},
    )
    chat_only: bool = field(
        default=False,
        metadata={"help": "serve the Chat page alone, for merchants: none of the desk's own pages"},
    )
    answer_webhook: str = field(
        default="",
        metadata={
            "help": "address among webhook_allow to which `trustdesk answer --new` sends what the machine answers, without a "
            "person; empty: its answers wait as drafts"
        },
    )
    four_eyes_above: int = field(
        default=0,
        metadata={
            "help": "US dollars that one person alone may promise in a reply; what decides over more money, or names no sum, takes two people",
            "check": _not_negative,
        },
    )
    trusted_user_header: str = field(
        default="", metadata={"help": "request header in which a trusted proxy names the user; empty: none"}
    )
    operator_name: str = field(
        default="", metadata={"help": "the marketplace's name in statements of reasons; without it none is written"}
    )
    terms_clause: str = field(
        default="",
        metadata={
            "help": "clause of your terms that levels rest on, named in statements of reasons; without it none is written"
        },
    )
    appeal_address: str = field(
        default="",
        metadata={"help": "where merchants appeal, named in statements of reasons; without it none is written"},
    )
    notice_days: int = field(
        default=30,
        metadata={"help": "days from a statement of reasons to the end of an account; at least 30", "check": _notice},
    )
    stale_after_days: int = field(
        default=3, metadata={"help": "days after which the data counts as stale", "check": _positive}
    )
    cache_seconds: int = field(
        default=3600, metadata={"help": "seconds that a computed result is kept", "check": _positive}
    )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the app."""
        return self.address in LOOPBACK


def table() -> list[tuple[str, str, str, str]]:
    """(name, default, type, help) of every setting, as the documentation prints it."""
    return [(item.name, _shown(item.default), str(item.type), item.metadata["help"]) for item in fields(Settings)]


def load_settings(
    environ: Mapping[str, str] | None = None, *, cwd: Path | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Settings from the environment over the TOML file over the defaults; `overrides` (command line) over all.

    Relative paths: of the file, to the file's folder; of the environment and overrides, to `cwd`; of the defaults, to
    the project's root. Raises SettingsError on an unknown name ("did you mean") or a value that a setting can't take.
    """
    environ = os.environ if environ is None else environ
    cwd = cwd or Path.cwd()
    known = {item.name: item for item in fields(Settings)}
    values: dict[str, object] = {
        "warehouse": project_root() / str(known["warehouse"].default),
        "programmes": project_root() / str(known["programmes"].default),
        "workspace_url": _absolute_sqlite(str(known["workspace_url"].default), project_root()),
    }
    file = _file(environ, cwd)
    if file is not None:
        values |= _checked(_read_toml(file), known, base=file.parent, origin=str(file))
    from_environment = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE
    }
    values |= _checked(from_environment, known, base=cwd, origin="the environment")
    values |= _checked(overrides or {}, known, base=cwd, origin="the command line")
    return Settings(**values)  # type: ignore[arg-type]  # _checked gives each field its own type


def origins(environ: Mapping[str, str] | None = None, *, cwd: Path | None = None) -> dict[str, str]:
    """Where each setting's value comes from: "environment", the path of the file, or "default".

    The options of `trustdesk serve` reach the app through its environment. Raises SettingsError as `load_settings`.
    """
    environ = os.environ if environ is None else environ
    file = _file(environ, cwd or Path.cwd())
    in_file = _read_toml(file) if file is not None else {}
    found = {}
    for item in fields(Settings):
        is_in_environment = f"{PREFIX}{item.name.upper()}" in environ
        found[item.name] = "environment" if is_in_environment else str(file) if item.name in in_file else "default"
    return found


def _file(environ: Mapping[str, str], cwd: Path) -> Path | None:
    named = environ.get(CONFIG_VARIABLE)
    if named:
        path = (cwd / named).resolve()
        if not path.is_file():
            raise SettingsError("{variable} names {path}, which is not a file.", variable=CONFIG_VARIABLE, path=path)
        return path
    path = cwd / FILE_NAME
    return path if path.is_file() else None


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError("{path} can't be read as TOML: {error}", path=path, error=error) from error


def _checked(
    raw: Mapping[str, object], known: Mapping[str, Field[object]], *, base: Path, origin: str
) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, value in raw.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            if close:
                raise SettingsError(
                    "Unknown setting {name} in {origin}: did you mean {close}?",
                    name=name,
                    origin=origin,
                    close=close[0],
                )
            raise SettingsError(
                "Unknown setting {name} in {origin}. Known: {known}.",
                name=name,
                origin=origin,
                known=", ".join(sorted(known)),
            )
        item = known[name]
        try:
            check: Callable[[object], object] = item.metadata.get("check", _keep)
            values[name] = check(_as_type(name, str(item.type), value, base))
        except ValueError as error:
            raise SettingsError(
                "Setting {name} in {origin} needs {wanted}, found {found}.",
                name=name,
                origin=origin,
                wanted=error,
                found=repr(value),
            ) from error
    return values


def _as_type(name: str, kind: str, value: object, base: Path) -> object:
    if kind == "tuple[str, ...]":
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise ValueError("a list")
        return tuple(str(item).strip() for item in items if str(item).strip())
    if kind == "bool":
        return _as_bool(value)
    if kind == "int":
        return _as_int(value)
    if not isinstance(value, str | Path) or (kind == "Path" and not str(value).strip()):
        raise ValueError("a folder" if kind == "Path" else "text")
    if kind == "Path":
        return (base / Path(value).expanduser()).resolve()
    if name in ("checkpoint", "targets") and str(value):
        return str((base / Path(value).expanduser()).resolve())
    return _absolute_sqlite(str(value), base) if name == "workspace_url" else str(value)


def _as_int(value: object) -> int:
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise ValueError("a whole number")


def _as_bool(value: object) -> bool:
    words: Mapping[str, bool] = MappingProxyType(
        {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    )
    found = words.get(str(value).lower())
    if found is None:
        raise ValueError("true or false")
    return found


def _absolute_sqlite(url: str, base: Path) -> str:
    """SQLite's path made absolute, so that the working directory does not decide which drafts one sees."""
    marker = "sqlite:///"
    path = url.removeprefix(marker)
    if not url.startswith(marker) or path in ("", ":memory:"):
        return url
    return f"{marker}{(base / path).resolve()}"


def _shown(default: object) -> str:
    return ", ".join(default) if isinstance(default, tuple) else str(default)
