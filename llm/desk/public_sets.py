"""Writers on public dialogues against what people wrote there: TweetSumm's summaries, and the next answer of a help desk's agent.

Other trades, other policies and no records: it says how a writer fares away from home. The sets judge only; nothing learns from them.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llm.briefing import build_brief
from llm.desk.evaluate import Judged, Writers, difference, joined, table
from llm.desk.prompt import REPLY, SUMMARY
from llm.desk.rouge import NAMES, rouge
from llm.errors import InputError
from llm.knowledge import Knowledge
from llm.language import ENGLISH
from llm.triage import Triage
from llm.types import Thread, thread_from_json


@dataclass(frozen=True)
class Case:
    """A dialogue, what is to be written of it, and what people wrote."""

    task: str
    language: str
    thread: Thread
    references: tuple[str, ...]


def tweetsumm(folder: Path) -> list[Case]:
    """`valid.ndjson`: brand support in English, each dialogue with two to five summaries. Raises InputError, one line."""
    rows = _rows(folder / "valid.ndjson", "references")
    return [Case(SUMMARY, ENGLISH, thread_from_json(row), tuple(row["references"])) for row in rows]


def helpdesk(folder: Path) -> list[Case]:
    """`threads.ndjson`: each dialogue up to its agent's last answer to a customer, which is the reference. Raises InputError, one line."""
    found = []
    for row in _rows(folder / "threads.ndjson", "language"):
        thread = thread_from_json(row)
        authors = [message.author for message in thread.messages]
        answers = [n for n in range(1, len(authors)) if authors[n] == "agent" and authors[n - 1] == "buyer"]
        if answers:
            asked = replace(thread, messages=thread.messages[: answers[-1]])
            found.append(Case(REPLY, row["language"], asked, (thread.messages[answers[-1]].text,)))
    return found


SETS = {"tweetsumm": tweetsumm, "helpdesk": helpdesk}


def _rows(path: Path, needed: str) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name the folder that holds it.") from error
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}, line {number}: is no JSON ({error}).") from error
        if not isinstance(row, dict) or not row.get(needed):
            raise InputError(f"{path}, line {number}: lacks {needed!r}.")
        yield row


def judged_cases(cases: Iterable[Case], writers: Writers, knowledge: Knowledge, triage: Triage) -> Iterator[Judged]:
    """Every writer on every case; of several references the best counts, for each measure on its own."""
    for case in cases:
        brief = replace(build_brief(case.thread, knowledge, triage=triage), language=case.language)
        for name, write in writers[case.task].items():
            started = time.perf_counter()
            sentences = write(brief)
            seconds = time.perf_counter() - started
            text = joined((sentence.text for sentence in sentences), case.language)
            against = [rouge(text, reference) for reference in case.references]
            scores = {measure: max(one[measure] for one in against) for measure in NAMES}
            yield Judged(case.thread.ticket_id, case.task, case.language, name, text, scores, seconds)


def compared(rows: Sequence[Judged]) -> Iterator[Mapping[str, object]]:
    """The table of the rows; the desk's lines also say what it has more ROUGE-L than the other writer, with its interval."""
    by_writer: dict[tuple[object, ...], list[Judged]] = {}
    for row in rows:
        by_writer.setdefault((row.task, row.language, row.writer), []).append(row)
    for line in table(rows):
        group = (line["task"], line["language"])
        desk = by_writer.get((*group, "desk"), [])
        others = [name for *of, name in by_writer if tuple(of) == group and name != "desk"]
        if line["writer"] == "desk" and others:
            more, low, high = difference(desk, by_writer[(*group, others[0])], "rouge_l", seed=1)
            yield {**line, "more": round(more, 4), "more_ci_low": round(low, 4), "more_ci_high": round(high, 4)}
        else:
            yield line
