"""Adapters: a folder with adapter.toml and one SELECT a canonical table, that turns a source's files into the canonical shape.

Knows nothing of what is stored; docs/adapters.md is the guide.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.engines.days import is_time_zone
from analytics.errors import InputError
from analytics.tables import SQL_FOLDER, TABLES

SOURCES_FOLDER = SQL_FOLDER / "sources"
_FILE_KEYS = ("match", "required", "columns", "one_at_a_time", "delimiter", "encoding", "quote")
_KEYS = ("name", "description", "source_time_zone", "files")


@dataclass(frozen=True)
class FileSpec:
    """A file (or many of one shape) that an adapter reads; the SQL sees it as raw_NAME."""

    name: str
    match: tuple[str, ...]
    is_required: bool
    columns: tuple[str, ...]
    one_at_a_time: bool
    delimiter: str | None
    encoding: str | None
    quote: str | None

    @property
    def globs(self) -> tuple[str, ...]:
        """`match` for letters in either case, so that Events.CSV is found, too; a pattern with [ ] is taken as it stands."""
        either = re.compile("[a-zA-Z]")
        return tuple(
            glob if "[" in glob else either.sub(lambda letter: f"[{letter[0].lower()}{letter[0].upper()}]", glob)
            for glob in self.match
        )


@dataclass(frozen=True)
class Adapter:
    """A source's way into the warehouse. `selects` maps canonical tables to SQL over the raw_NAME views."""

    name: str
    description: str
    source_time_zone: str
    folder: Path
    files: tuple[FileSpec, ...]
    selects: Mapping[str, str]


def list_adapters() -> tuple[Adapter, ...]:
    """The adapters that come with the product, by name."""
    return tuple(read_adapter(path.parent) for path in sorted(SOURCES_FOLDER.glob("*/adapter.toml")))


def find_adapter(source: str | Path) -> Adapter:
    """An adapter by name, or a folder of one's own. InputError names the known ones."""
    known = sorted(path.parent.name for path in SOURCES_FOLDER.glob("*/adapter.toml"))
    if str(source) in known:
        return read_adapter(SOURCES_FOLDER / str(source))
    if (Path(source) / "adapter.toml").is_file():
        return read_adapter(Path(source))
    near = difflib.get_close_matches(str(source), known, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(
        f"There is no source {str(source)!r}.{meant} Known are {', '.join(known)}, or give a folder that has an adapter.toml."
    )


def read_adapter(folder: Path) -> Adapter:
    """Read and check an adapter folder. InputError names the file and the key at fault."""
    path = folder / "adapter.toml"
    document = read_toml(path)
    check_keys(document, _KEYS, path)
    files = tuple(_file_spec(name, spec, path) for name, spec in document.get("files", {}).items())
    selects = {sql.stem: sql.read_text(encoding="utf-8").strip().rstrip(";") for sql in sorted(folder.glob("*.sql"))}
    if unknown := sorted(set(selects) - set(TABLES)):
        raise InputError(f"{folder / unknown[0]}.sql names no canonical table: use one of {', '.join(TABLES)}.")
    if not files or not selects:
        raise InputError(f"{folder} needs at least one [files.NAME] in adapter.toml and one TABLE.sql beside it.")
    zone = document.get("source_time_zone", "UTC")
    check_time_zone(zone, path)
    ordered = {name: selects[name] for name in TABLES if name in selects}
    return Adapter(document.get("name", folder.name), document.get("description", ""), zone, folder, files, ordered)


def _file_spec(name: str, spec: Mapping[str, Any], path: Path) -> FileSpec:
    check_keys(spec, _FILE_KEYS, path, f"[files.{name}] ")
    if not name.isidentifier() or "match" not in spec:
        raise InputError(f"{path}: [files.{name}] needs a name of letters, digits and _ and a `match`.")
    match = spec["match"]
    return FileSpec(
        name=name,
        match=(match,) if isinstance(match, str) else tuple(match),
        is_required=spec.get("required", True),
        columns=tuple(spec.get("columns", ())),
        one_at_a_time=spec.get("one_at_a_time", False),
        delimiter=spec.get("delimiter"),
        encoding=spec.get("encoding"),
        quote=spec.get("quote"),
    )


def find_files(spec: FileSpec, root: Path) -> list[Path]:
    """The files below a folder that a spec matches, in name order. InputError when a required one is missing."""
    found = sorted({path for pattern in spec.globs for path in root.glob(pattern) if path.is_file()})
    if not found and spec.is_required:
        present = ", ".join(sorted(path.name for path in root.iterdir())[:12]) or "nothing"
        raise InputError(f"{root} has no {' or '.join(spec.match)} (found: {present}): check the path and the source.")
    return found


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; InputError in one line when it is missing or broken."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: check the path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no valid TOML ({error}).") from error


def check_keys(document: Mapping[str, Any], known: tuple[str, ...], path: Path, where: str = "") -> None:
    """InputError on a key that means nothing, with the nearest that does."""
    for key in document:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else f" Known are {', '.join(known)}."
            raise InputError(f"{path}: {where}unknown key {key!r}.{meant}")


def check_time_zone(zone: str, where: Path | str) -> None:
    """InputError when the zone is none of the IANA names."""
    if not is_time_zone(zone):
        raise InputError(
            f"{where}: {zone!r} is no time zone: use an IANA name such as Europe/Berlin or America/Sao_Paulo."
        )
