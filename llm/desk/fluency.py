"""Whether sentences read as if a person had joined their words, by n-grams of texts that people wrote. Knows no model under test.

Two shares, 0–1, each lower for better text; figures and names count as one word of their type, every Chinese character as a word.
`misjoined`: among runs of four words whose first three and last three both stand in known texts, those that stand in none: a writer of
little context goes on from any three words as someone somewhere did, and loses the sentence (decision 20). `unknown_pairs`: pairs of
neighbours that stand in no known text, which word salad has many of. Known are the training references, the policy, the macros, and the
sources of the answer. A person is new in whole phrases, so the share of unknown runs alone says nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from llm.desk.corpus import CorpusThread
from llm.desk.rouge import words
from llm.desk.slots import places
from llm.knowledge import Knowledge
from llm.language import WRITTEN, sentences
from llm.types import IssueBrief

MEASURES = ("misjoined", "unknown_pairs")
SIZES = (2, 3, 4)
Run = tuple[str, ...]

_VARIABLE = re.compile(r"\{\w+\}")


class Fluency:
    """The measures, by what people wrote in the threads that may be trained on and in the policy."""

    def __init__(self, threads: Iterable[CorpusThread], knowledge: Knowledge) -> None:
        self._known: dict[str, set[Run]] = {language: set() for language in WRITTEN}
        for thread in threads:
            said = (*thread.summary, *(sentence for reply in thread.replies for sentence in reply.sentences))
            self._known[thread.language].update(_runs(sentence.marked.text for sentence in said))
        for language, known in self._known.items():
            known.update(_runs(_pieces(passage.text for passage in knowledge.passages(language))))
            macros = (_VARIABLE.sub("1", macro.text) for macro in knowledge.macros if macro.language == language)
            known.update(_runs(_pieces(macros)))

    def of(self, texts: Sequence[str], brief: IssueBrief, language: str) -> dict[str, float]:
        """The measures of an answer's sentences in a language, which rest on a brief; 0 where there is nothing to measure."""
        told = (message.text for message in brief.thread.messages)
        held = (f"{fact.value}" for fact in brief.facts)
        here = set(_runs(_pieces((*told, *held, *(passage.text for passage in brief.passages)))))
        known = self._known[language]

        def is_known(run: Run) -> bool:
            return run in known or run in here

        runs = list(_runs(texts))
        pairs = [is_known(run) for run in runs if len(run) == 2]
        joined = [is_known(run) for run in runs if len(run) == 4 and is_known(run[:3]) and is_known(run[1:])]
        return {"misjoined": _share_of_false(joined), "unknown_pairs": _share_of_false(pairs)}


def _share_of_false(found: Sequence[bool]) -> float:
    return found.count(False) / len(found) if found else 0.0


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (piece.text for piece in sentences(text))


def _runs(texts: Iterable[str]) -> Iterator[Run]:
    """Every run of two, three and four words within a sentence; its start and its end count as words."""
    for text in texts:
        told = ["^", *_typed_words(text), "$"]
        for size in SIZES:
            yield from (tuple(told[n : n + size]) for n in range(len(told) - size + 1))


def _typed_words(text: str) -> Iterator[str]:
    at = 0
    for place in places(text):
        yield from words(text[at : place.start])
        yield f"#{place.type}"
        at = place.end
    yield from words(text[at:])
