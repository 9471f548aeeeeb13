"""Private data in sentences that others wrote (`full_text`, `spans` with `entity_type`, as Presidio's generator writes them): how much is masked.

Such sets cut addresses into pieces and mark places too, so a piece counts as found when half of it is masked, under whatever type; what is
found is right when half of it is private there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from app.bench.private import PrivateScore, Span, score
from app.errors import InputFileError
from app.i18n import N_

TYPES = {
    "PERSON": "PERSON", "PHONE_NUMBER": "PHONE", "EMAIL_ADDRESS": "EMAIL", "ADDRESS": "ADDRESS", "STREET_ADDRESS": "ADDRESS", "CREDIT_CARD": "CARD", "IBAN_CODE": "BANK_ACCOUNT",
    "US_SSN": "NATIONAL_ID", "DOMAIN_NAME": "URL", "URL": "URL", "IP_ADDRESS": "IP",
}  # fmt: skip
PLACES = {"LOCATION", "GPE", "ZIP_CODE"}
HALF = 0.5


def measure(path: Path) -> Iterator[PrivateScore]:
    """A row for all types, then one a type; language `public`. Raises InputFileError for a file of another kind."""
    from llm.privacy import find

    counts: dict[str, dict[int, np.ndarray]] = defaultdict(dict)
    sentences = _read(path)
    for place, (text, spans) in enumerate(sentences):
        found = [(s.start, s.end, s.type) for s in find(text)]
        for type_, row in _counts(spans, found).items():
            for key in (type_, "all"):
                counts[key][place] = counts[key].get(place, np.zeros(6)) + row
    for type_ in sorted(counts, key=lambda type_: (type_ != "all", type_)):
        rows = np.array([counts[type_].get(n, np.zeros(6)) for n in range(len(sentences))])
        yield score("trustdesk", "public", type_, rows)


def _read(path: Path) -> list[tuple[str, list[Span]]]:
    try:
        return [
            (row["full_text"], [(s["start_position"], s["end_position"], s["entity_type"]) for s in row["spans"]])
            for row in json.loads(path.read_text("utf-8"))
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputFileError(
            N_(
                "{path} holds no sentences with full_text and spans: give the JSON file that a generator of private data wrote."
            ),
            path=path,
        ) from error


def _counts(marked: Sequence[Span], found: Sequence[Span]) -> dict[str, np.ndarray]:
    """By type: marked, of these masked, found, of these private, exact, left in clear."""
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(6))
    masked = {n for start, end, _ in found for n in range(start, end)}
    private = {n for start, end, of in marked if of in TYPES or of in PLACES for n in range(start, end)}
    for start, end, of in marked:
        if of in TYPES:
            held = sum(n in masked for n in range(start, end))
            counts[TYPES[of]] += (
                1,
                held >= HALF * (end - start),
                0,
                0,
                (start, end, TYPES[of]) in found,
                held < end - start,
            )
    for start, end, of in found:
        held = sum(n in private for n in range(start, end))
        counts[of] += (0, 0, 1, held >= HALF * (end - start), 0, 0)
    return counts
