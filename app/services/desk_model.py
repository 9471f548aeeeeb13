"""Training the desk's own model, and the gate that a model must pass before it may write by default. Knows no page.

Slow: minutes to hours. Only commands call it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.desk import KNOWLEDGE_FOLDER, load_knowledge
from app.settings import project_root

if TYPE_CHECKING:
    from llm.desk.train import TrainingOptions

CORPUS_FOLDER = project_root() / "data" / "corpus" / "threads"
EVALUATIONS_FOLDER = project_root() / "data" / "workspace" / "evaluations"


def train_model(out: Path, options: TrainingOptions, texts: Path | None) -> Mapping[str, object]:
    """Trains into `out`, or goes on where a run with the same options was stopped; gives what `training.json` says, and the file with the
    learning curve. Raises InputError for a corpus that can't be read.
    """
    from app.charts.training import learning_curve
    from llm.desk.train import train

    done = train(CORPUS_FOLDER, KNOWLEDGE_FOLDER, out, options, texts)
    checks = [json.loads(line) for line in (out / "log.jsonl").read_text("utf-8").splitlines()]
    curve = out / "curve.html"
    learning_curve(checks, title=f"{out.resolve().name}: loss").write_html(curve)
    return {**done, "curve": str(curve)}


def evaluate_model(
    folder: Path,
    threads: int | None,
    keep: Path,
    language: str | None = None,
    sets: Mapping[str, Path] | None = None,
) -> Iterator[Mapping[str, object]]:
    """Scores of the model in `folder` beside the extractive and the macro writer, and of the references, on held-out threads of the languages
    that it writes, then a verdict by task and language, then their scores on the public `sets` (`llm.desk.public_sets.SETS`) by their folders.

    The scores and every text are kept as JSON lines in the folder `keep`. Raises CheckpointError for a folder that holds no desk model,
    InputError for a set that can't be read or a `language` that the model does not write.
    """
    from llm.desk.corpus import read_corpus
    from llm.desk.evaluate import judged, table, verdicts, writers_of
    from llm.desk.fluency import Fluency
    from llm.desk.public_sets import SETS, compared, judged_cases
    from llm.desk.writer import DeskWriter
    from llm.errors import InputError
    from llm.triage import triage_of

    writer = DeskWriter(folder)
    if language and language not in writer.languages:
        raise InputError(f"{folder}: writes {' and '.join(writer.languages)}, not {language}.")
    languages = (language,) if language else writer.languages
    cases = {name: SETS[name](path) for name, path in (sets or {}).items()}
    knowledge = load_knowledge()
    triage = triage_of(knowledge.taxonomy)
    writers = writers_of(knowledge, triage, writer)
    corpus = read_corpus(CORPUS_FOLDER)
    held_out = [thread for thread in corpus if thread.is_held_out and thread.language in languages][:threads]
    fluency = Fluency((thread for thread in corpus if not thread.is_held_out), knowledge)
    rows = list(judged(held_out, writers, knowledge, triage, fluency))
    scores: list[Mapping[str, object]] = [{"record": "scores", **line} for line in table(rows)]
    scores += [{"record": "verdict", **line} for line in verdicts(rows)]
    for name, these in cases.items():
        written = list(judged_cases((c for c in these if c.language in languages), writers, knowledge, triage))
        scores += [{"record": "public", "set": name, **line} for line in compared(written)]
        rows += written
    kept = keep / f"{folder.resolve().name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    texts = ({"record": "text", **row.to_json()} for row in rows)
    with kept.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in (*scores, *texts))
    yield from scores
    yield {"record": "kept", "file": str(kept)}


def train_name_tagger(out: Path) -> Iterator[Mapping[str, object]]:
    """Trains the tagger of names into the file `out`, then what the product finds of names in the messages of held-out
    threads, without any tagger and with this one. Raises InputError for a corpus that can't be read."""
    from llm.desk.corpus import read_corpus
    from llm.desk.tagger_training import found_by, train_tagger
    from llm.tagger import using

    threads = read_corpus(CORPUS_FOLDER)
    tagger = train_tagger(threads)
    tagger.save(out)
    held_out = [thread for thread in threads if thread.is_held_out]
    for name, used in (("none", None), ("trained", tagger)):
        with using(used):
            for found in found_by(held_out):
                yield {"tagger": name, **found.to_json()}
    yield {"tagger": "trained", "file": str(out), "bytes": out.stat().st_size, "least": tagger.least}


def train_people_tagger(out: Path) -> Mapping[str, object]:
    """Trains the tagger of people and addresses into the file `out`. Raises InputError for a corpus that can't be read."""
    from llm.desk.corpus import read_corpus
    from llm.desk.people_training import train_people

    tagger = train_people(read_corpus(CORPUS_FOLDER))
    tagger.save(out)
    return {"tagger": "people", "file": str(out), "bytes": out.stat().st_size, "least": tagger.least}


def train_triage_weights(out: Path) -> Mapping[str, object]:
    """Trains triage and inferred satisfaction into the file `out`. Raises InputError for a corpus that can't be read."""
    from llm.desk.corpus import read_corpus
    from llm.desk.triage_training import train_triage

    weights = train_triage(read_corpus(CORPUS_FOLDER), load_knowledge().taxonomy)
    weights.save(out)
    numbers = {language: dict(held.numbers) for language, held in weights.languages.items()}
    return {"file": str(out), "bytes": out.stat().st_size, "numbers": numbers}


def train_money_weights(out: Path) -> Iterator[Mapping[str, object]]:
    """Trains what finds commitments of money into the file `out`; says what it finds of what it had not seen. Raises InputError for a corpus that can't be read."""
    from llm.checks.commitments import save
    from llm.desk.corpus import read_corpus
    from llm.desk.money_training import train_money

    lines, told = train_money(read_corpus(CORPUS_FOLDER), load_knowledge())
    save(lines, out)
    yield from told
    yield {"file": str(out), "bytes": out.stat().st_size}
