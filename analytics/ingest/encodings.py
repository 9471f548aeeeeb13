"""Which encoding a text file is in, and a UTF-8 copy of one that is in another.

Knows nothing of CSV or tables.
"""

import codecs
from pathlib import Path

from charset_normalizer import from_bytes

from analytics.errors import InputError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What exports of shops are in when they are not in UTF-8. The Latin code pages can't be told apart by a few accents, so
# only the commonest stands here; the load says which one was taken, and a map can set another.
_LIKELY = ("cp1252", "gb18030", "big5", "shift_jis", "euc_kr", "cp1251", "cp1253", "cp1255", "cp1256")
_CHUNK = 1 << 20
_SAMPLE = 1 << 18


def detect_encoding(path: Path) -> str:
    """The name of a Python codec: from the byte order mark, else UTF-8 when the whole file is, else a guess.

    A file that is mostly UTF-8 with single broken bytes is still UTF-8: its broken lines are rejected one by one.
    """
    with path.open("rb") as stream:
        start = stream.read(_SAMPLE)
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    broken_at = _first_broken_byte(path)
    if (wide := _utf16_without_mark(start)) is not None:
        return wide
    if broken_at is None:
        return "utf-8"
    with path.open("rb") as stream:
        stream.seek(max(0, broken_at - _SAMPLE // 2))
        around = stream.read(_SAMPLE)
    if _is_mostly_utf8(around):
        return "utf-8"
    best = from_bytes(around, cp_isolation=list(_LIKELY)).best()
    return "utf-8" if best is None else best.encoding


def _utf16_without_mark(data: bytes) -> str | None:
    """Text of mostly ASCII in UTF-16 has a zero in every second byte, and the side tells the byte order."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if max(even, odd) * 4 < len(data):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _first_broken_byte(path: Path) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = 0
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return max(0, offset + error.start)
            if not chunk:
                return None
            offset += len(chunk)


def _is_mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", errors="replace")
    broken = text.count("�")
    whole = sum(1 for character in text if ord(character) > 127) - broken
    return whole >= 4 * broken


def to_utf8(path: Path, encoding: str, target: Path) -> Path:
    """The file itself when it is UTF-8, else a copy in UTF-8 at `target`. InputError when it isn't in that encoding."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise InputError(
            f"{encoding!r} is no encoding that Python knows: set one such as utf-8, cp1252 or gb18030."
        ) from None
    if name == "utf-8":
        return path
    try:
        with (
            path.open("r", encoding=name, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as copy,
        ):
            while chunk := source.read(_CHUNK):
                copy.write(chunk)
    except UnicodeError as error:
        where = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise InputError(
            f"{path} is not in the encoding {encoding}{where}: save it as UTF-8, or set encoding under [file] in the map."
        ) from error
    return target
