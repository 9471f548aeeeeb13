"""Arrow columns from arrays of codes, without a Python loop over rows; and Parquet files with deterministic bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.demo.world import Bools, Ints

ROW_GROUP = 122_880
ArrowColumn = Any  # pyarrow ships no types


def numbered(*parts: tuple[str, Ints, int]) -> ArrowColumn:
    """Strings such as 'TD-00000042': per part a prefix and a number padded to a width; null where a number is < 0."""
    n = len(parts[0][1])
    valid = np.all([numbers >= 0 for _, numbers, _ in parts], axis=0)
    length = sum(len(prefix.encode()) + width for prefix, _, width in parts)
    text = np.empty((int(valid.sum()), length), dtype=np.uint8)
    at = 0
    for prefix, numbers, width in parts:
        raw = np.frombuffer(prefix.encode(), dtype=np.uint8)
        text[:, at : at + len(raw)] = raw
        at += len(raw) + width
        rest = numbers[valid].astype(np.int64)
        for place in range(1, width + 1):
            rest, digit = np.divmod(rest, 10)
            text[:, at - place] = digit + 48
    offsets = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(valid * length, out=offsets[1:])
    return pa.StringArray.from_buffers(
        n, pa.py_buffer(offsets), pa.py_buffer(text.ravel()), _bitmap(valid), int((~valid).sum())
    )


def coded(codes: npt.NDArray[Any], words: list[str] | tuple[str, ...]) -> ArrowColumn:
    """Dictionary column of words by code; null where the code is negative."""
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32), mask=codes < 0), pa.array(list(words), pa.string())
    )


def instants(seconds: Ints) -> ArrowColumn:
    """UTC timestamps from epoch seconds; null where negative."""
    return pa.array(seconds * 1_000_000, mask=seconds < 0).cast(pa.timestamp("us", tz="UTC"))


def money(minor: Ints) -> ArrowColumn:
    """DECIMAL(18,4) major units from minor units (cents); null where negative."""
    raw = np.zeros((len(minor), 2), dtype="<i8")
    raw[:, 0] = np.maximum(minor, 0) * 100
    valid = minor >= 0
    return pa.Array.from_buffers(
        pa.decimal128(18, 4), len(minor), [_bitmap(valid), pa.py_buffer(raw)], int((~valid).sum())
    )


def integers(values: npt.NDArray[Any]) -> ArrowColumn:
    """INTEGER; null where negative."""
    return pa.array(values.astype(np.int32), mask=values < 0)


def flags(values: npt.NDArray[Any]) -> ArrowColumn:
    """BOOLEAN from 0 and 1; null where negative."""
    return pa.array(values > 0, mask=values < 0)


def _bitmap(valid: Bools) -> ArrowColumn:
    return pa.py_buffer(np.packbits(valid, bitorder="little"))


def write(path: Path, columns: dict[str, ArrowColumn]) -> None:
    """Write one Parquet file; the same columns give the same bytes.

    Coded columns are decoded first: written as Arrow dictionaries (26.0.1), some end in pages with stray memory in them,
    which reads well but differs from run to run.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_coded = {name: pa.types.is_dictionary(column.type) for name, column in columns.items()}
    plain = {name: column.dictionary_decode() if is_coded[name] else column for name, column in columns.items()}
    pq.write_table(
        pa.table(plain),
        path,
        compression="zstd",
        compression_level=1,
        row_group_size=ROW_GROUP,
        store_schema=False,
        write_statistics=True,
        use_dictionary=[name for name, coded_column in is_coded.items() if coded_column],
    )
