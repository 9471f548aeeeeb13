"""`python -m llm.desk.phrasings`: the knowledge's `phrasings.jsonl`, from the written corpus: threads that are not held out, and askings.

What a reply's sentence cites, that sentence phrases; what a thread's replies cite, its askers asked for; an asking was written for what it
cites. Knows no labelled set.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from llm.desk.corpus import CorpusThread, read_corpus
from llm.encoder import SentenceModel, find_weights
from llm.errors import KnowledgeError
from llm.knowledge import Knowledge
from llm.language import ENGLISH, WRITTEN
from llm.phrasings import FILE, digest
from llm.types import Json, Passage

ROOT = Path(__file__).resolve().parents[2]
ASKING = ("merchant", "buyer")


def rows(threads: Iterable[CorpusThread], knowledge: Knowledge) -> Iterator[Json]:
    """What was told and asked, then a row for each passage, with the mean of the English vectors."""
    passages = {(p.language, p.cite): p for language in WRITTEN for p in knowledge.passages(language)}
    told: dict[tuple[str, str], list[str]] = defaultdict(list)
    for thread in threads:
        if thread.is_held_out:
            continue
        sentences = {s.marked.text: _articles(s.cites) for reply in thread.replies for s in reply.sentences}
        for text, cites in sentences.items():
            if cites:
                yield {"kind": "told", "language": thread.language, "cites": cites, "text": text}
            for cite in cites:
                told[thread.language, cite].append(text)
        cited = sorted({cite for cites in sentences.values() for cite in cites})
        asked = "\n".join(m.text for m, who in zip(thread.messages, thread.authors, strict=True) if who in ASKING)
        if cited and asked:
            yield {"kind": "asked", "language": thread.language, "cites": cited, "text": asked}
    yield from _passage_rows(sorted(passages), passages, told)


def _passage_rows(
    known: Sequence[tuple[str, str]],
    passages: dict[tuple[str, str], Passage],
    told: dict[tuple[str, str], list[str]],
) -> Iterator[Json]:
    model = SentenceModel(find_weights())
    for language, cite in known:
        texts = told[language, cite] if language == ENGLISH else []
        mean = np.mean(model.encode(texts), axis=0).astype("<f2").tobytes() if texts else b""
        yield {
            "kind": "passage",
            "language": language,
            "cites": [cite],
            "digest": digest(passages[language, cite]),
            "mean": base64.b64encode(mean).decode(),
        }


def asking_rows(folder: Path, knowledge: Knowledge) -> Iterator[Json]:
    """The single questions of `LANGUAGE.jsonl` files, English ones with their vector. Raises KnowledgeError for one that cites no passage."""
    for language in WRITTEN:
        path = folder / f"{language}.jsonl"
        known = {passage.cite for passage in knowledge.passages(language)}
        asked = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for number, row in enumerate(asked, start=1):
            if unknown := set(row["cites"]) - known:
                raise KnowledgeError(f"{path}, line {number}: no passage is {', '.join(sorted(unknown))}.")
        texts = [row["text"] for row in asked]
        vectors = (
            SentenceModel(find_weights()).encode(texts).astype("<f2") if language == ENGLISH else [b""] * len(texts)
        )
        for row, vector in zip(asked, vectors, strict=True):
            yield {"kind": "asking", **row, "vector": base64.b64encode(vector).decode()}


def _articles(cites: Iterable[str]) -> list[str]:
    return [cite for cite in cites if cite.startswith("article:")]


def main() -> None:
    """Writes the file beside the articles."""
    folder = ROOT / "data" / "knowledge"
    corpus, knowledge = ROOT / "data" / "corpus", Knowledge.load(folder)
    found = (*rows(read_corpus(corpus / "threads"), knowledge), *asking_rows(corpus / "askings", knowledge))
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
    (folder / FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
