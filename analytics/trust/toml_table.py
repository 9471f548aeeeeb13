"""A strict reader for the TOML files that people edit: score definitions and scenarios.

Every mistake is one sentence that names the file, the key and what was expected. Knows nothing of scores.
"""

from __future__ import annotations

import difflib
import math
import reprlib
import sys
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

from analytics.errors import InputError

_REQUIRED = object()
_MOST = 1_000_000_000  # of what is counted: more than a source holds, and less than any column's type
_MOST_LISTED, _MOST_COMPARED = 60, 50_000
_MOST_BYTES = 10 * 2**20  # of a file
_LONGEST = 200  # bits of a whole number that is told digit by digit
_TOLD = reprlib.Repr()  # cuts what is long, many or deep
_TOLD.maxstring = _TOLD.maxother = 100


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the nearest known word, else the list of what is known where it is short."""
    choices = sorted(known)
    if len(choices) > _MOST_COMPARED:
        return ""
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f" Did you mean '{near[0]}'?"
    return f" Known: {', '.join(choices)}." if 0 < len(choices) <= _MOST_LISTED else ""


def read_toml(path: Path) -> TomlTable:
    """The root table of a file; InputError when it can't be read, isn't UTF-8 or isn't TOML."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)  # no more of what never ends, such as a device
        if len(raw) > _MOST_BYTES:
            raise InputError(
                f"{path}: is longer than {_MOST_BYTES // 2**20} MiB. Give a file of a definition or scenario."
            )
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}). Give the path of a TOML file.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 at byte {error.start}. Save it as UTF-8.") from error
    return parse_toml(text, path.name)


def parse_toml(text: str, where: str) -> TomlTable:
    """The root table of a text; `where` names it in errors."""
    try:
        return TomlTable(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: is not valid TOML: {error}.") from error
    except ValueError as error:
        raise InputError(f"{where}: holds a whole number that is too long to be read. Write a shorter one.") from error
    except RecursionError as error:
        raise InputError(f"{where}: is nested too deeply for a definition.") from error


class TomlTable:
    """One table of a file: typed look-ups that remember which keys were asked for, so that `close` finds unknown ones."""

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        self.where = where
        self._values = values
        self._asked: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether an optional key is there; asking makes it a known one."""
        self._asked.add(key)
        return key in self._values

    def text(self, key: str, default: object = _REQUIRED) -> str:
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"expected text, found {_told(value)}")
        return value

    def one_of(self, key: str, known: Iterable[str], default: object = _REQUIRED) -> str:
        value, choices = self.text(key, default), list(known)
        if value not in choices:
            raise self.error(key, f"unknown value '{value}'", did_you_mean(value, choices))
        return value

    def number(self, key: str, low: float, high: float = math.inf, default: object = _REQUIRED) -> float:
        value = self._get(key, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= min(high, sys.float_info.max)
        ):
            raise self.error(key, f"expected a number {_range(low, high)}, found {_told(value)}")
        return float(value)

    def whole(self, key: str, low: int, high: float = _MOST, default: object = _REQUIRED) -> int:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, f"expected a whole number {_range(low, high)}, found {_told(value)}")
        return value

    def day(self, key: str, first: date, last: date) -> date:
        """A day from `first` to `last`."""
        value = self._get(key, _REQUIRED)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.error(key, f"expected a day such as 2026-01-01 without quotes, found {_told(value)}")
        if not first <= value <= last:
            raise self.error(key, f"expected a day from {first} to {last}, found {value}")
        return value

    def flag(self, key: str, default: object = _REQUIRED) -> bool:
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"expected true or false, found {_told(value)}")
        return value

    def names(self) -> tuple[str, ...]:
        """The keys, of a table whose keys are free."""
        return tuple(self._values)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty when the key is absent."""
        value = self._get(key, ())
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.error(key, f"expected a list of text, found {_told(value)}")
        return tuple(value)

    def table(self, key: str) -> TomlTable:
        """A sub-table; an empty one when the key is absent."""
        value = self._get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"expected a table [{key}], found {_told(value)}")
        return TomlTable(value, f"{self.where} [{key}]")

    def tables(self, key: str) -> list[TomlTable]:
        """An array of tables; at least one."""
        value = self._get(key, _REQUIRED)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"expected one or more tables [[{key}]], found {_told(value)}")
        return [TomlTable(item, f"{self.where} [[{key}]] {number}") for number, item in enumerate(value, 1)]

    def close(self) -> None:
        """InputError when the table holds a key that nothing asked for."""
        for key in self._values:
            if key not in self._asked:
                raise InputError(f"{self.where}: unknown key '{key}'.{did_you_mean(key, self._asked)}")

    def error(self, key: str, problem: str, hint: str = "") -> InputError:
        return InputError(f"{self.where}: {key}: {problem}.{hint}")

    def _get(self, key: str, default: object) -> object:
        self._asked.add(key)
        if key in self._values:
            return self._values[key]
        if default is _REQUIRED:
            similar = [other for other in self._values if other not in self._asked]
            near = difflib.get_close_matches(key, similar, n=1, cutoff=0.75)
            hint = f" Found '{near[0]}': did you mean '{key}'?" if near else ""
            raise InputError(f"{self.where}: key '{key}' is missing.{hint}")
        return default


def _told(value: object) -> str:
    """A value as it was written, cut where it is long."""
    if isinstance(value, int) and value.bit_length() > _LONGEST:
        return "a number with too many digits"
    return _TOLD.repr(value)


def _range(low: float, high: float) -> str:
    return f"of at least {low:g}" if math.isinf(high) else f"from {low:.10g} to {high:.10g}"
