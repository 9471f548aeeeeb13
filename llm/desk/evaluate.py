"""Writers side by side on threads that no one trained on: ROUGE, faithfulness, fluency, with bootstrap intervals by language and task.

Every writer gets the brief that the product would build: language, policy by search, macros. Knows no warehouse and no page.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from llm.briefing import build_brief
from llm.desk.corpus import CitedText, CorpusThread
from llm.desk.fluency import MEASURES, Fluency
from llm.desk.prompt import REPLY, SUMMARY, Asked
from llm.desk.rouge import NAMES, rouge, words
from llm.desk.slots import known_names, places
from llm.grounding import Evidence, EvidenceBook, missing_figures
from llm.knowledge import Knowledge
from llm.language import CHINESE
from llm.reply import draft
from llm.summarise import summarise
from llm.triage import Triage
from llm.types import IssueBrief, Sentence
from llm.vectors import SentenceEncoder

if TYPE_CHECKING:
    from llm.desk.writer import DeskWriter

RESAMPLES = 1_000
COMMON_SHARE = 0.02
FIGURES_AT_LEAST = 0.99
"""The share of sentences whose figures must stand in their sources."""

REFERENCE = "reference"
"""The writer's name in the rows of the references themselves, which are measured like any text: people wrote them."""


@dataclass(frozen=True)
class Judged:
    """One text of one writer: its scores (0–1) and how long it took."""

    thread_id: str
    task: str
    language: str
    writer: str
    text: str
    scores: Mapping[str, float]
    seconds: float

    def to_json(self) -> dict[str, object]:
        """The fields as they are kept."""
        return asdict(self)


Writers = dict[str, dict[str, Callable[[IssueBrief], Sequence[Sentence]]]]
"""Who writes what: by task, a name and its function from a brief to sentences."""


def writers_of(
    knowledge: Knowledge, triage: Triage, desk: "DeskWriter | None", encoder: SentenceEncoder | None = None
) -> Writers:
    """The extractive and macro writers, and the desk's model."""

    def extractive(brief: IssueBrief) -> Sequence[Sentence]:
        return summarise(brief.thread, knowledge.taxonomy, encoder, triage).sentences

    def macro(brief: IssueBrief) -> Sequence[Sentence]:
        return draft(brief).sentences

    def language_of(brief: IssueBrief) -> str:
        assert desk is not None
        return brief.language if brief.language in desk.languages else desk.languages[0]

    def desk_summary(brief: IssueBrief) -> Sequence[Sentence]:
        assert desk is not None
        asked = Asked(SUMMARY, language_of(brief))
        return [w.sentence for w in desk.write(asked, brief.thread.messages)]

    def desk_reply(brief: IssueBrief) -> Sequence[Sentence]:
        assert desk is not None
        asked = Asked(REPLY, language_of(brief), brief.tone, brief.length)
        return [w.sentence for w in desk.write(asked, brief.thread.messages, brief.facts, brief.passages)]

    found: Writers = {SUMMARY: {"extractive": extractive}, REPLY: {"macro": macro}}
    if desk is not None:
        found[SUMMARY]["desk"] = desk_summary
        found[REPLY]["desk"] = desk_reply
    return found


def judged(
    threads: Iterable[CorpusThread],
    writers: Writers,
    knowledge: Knowledge,
    triage: Triage,
    fluency: Fluency,
    encoder: SentenceEncoder | None = None,
) -> Iterable[Judged]:
    """Every writer, and the reference itself, on every thread: a summary, and a reply in the tone and length of each reference."""
    threads = list(threads)
    common = common_words(threads)
    for thread in threads:
        for reply in (None, *thread.replies):
            task = REPLY if reply else SUMMARY
            tone, length = (reply.tone, reply.length) if reply else ("neutral", "normal")
            brief = build_brief(
                thread.plain, knowledge, thread.plain_facts, encoder=encoder, triage=triage, tone=tone, length=length
            )
            cited = reply.sentences if reply else thread.summary
            reference = joined((s.marked.text for s in cited), thread.language)
            for name, write in {REFERENCE: _as_written(cited), **writers[task]}.items():
                started = time.perf_counter()
                sentences = write(brief)
                seconds = time.perf_counter() - started
                text = joined((s.text for s in sentences), thread.language)
                scores = {**rouge(text, reference), **faithfulness(sentences, brief, common)}
                scores |= fluency.of([s.text for s in sentences], brief, thread.language)
                yield Judged(thread.thread_id, task, thread.language, name, text, scores, seconds)


def _as_written(cited: Sequence[CitedText]) -> Callable[[IssueBrief], Sequence[Sentence]]:
    """The person who wrote the reference, as a writer."""
    return lambda _: [Sentence(sentence.marked.text, sentence.cites) for sentence in cited]


def joined(sentences: Iterable[str], language: str) -> str:
    """Sentences as one text."""
    return ("" if language == CHINESE else " ").join(sentences)


def common_words(threads: Sequence[CorpusThread]) -> set[str]:
    """Words that the references of many threads use, whatever the matter: they need no source."""
    counts: dict[str, int] = {}
    for thread in threads:
        texts = [s.marked.text for s in (*thread.summary, *(s for reply in thread.replies for s in reply.sentences))]
        for word in set(words(" ".join(texts))):
            counts[word] = counts.get(word, 0) + 1
    least = max(3, COMMON_SHARE * len(threads))
    return {word for word, count in counts.items() if count >= least}


def faithfulness(sentences: Sequence[Sentence], brief: IssueBrief, common: set[str]) -> dict[str, float]:
    """`figures`: the share of sentences whose figures all stand in their sources. `names`: likewise their names. `words`: the share of
    the words that are not common which a cited source (or its title) holds."""
    book = EvidenceBook.of(brief)
    if not sentences:
        return {"figures": 1.0, "names": 1.0, "words": 1.0, "sentences": 0.0}
    right = named = told = rare = 0
    known = known_names((fact.name, str(fact.value)) for fact in brief.facts)
    for sentence in sentences:
        evidence = book.cited(sentence.cites)
        right += not missing_figures(sentence.text, evidence)
        held = {word for entry in evidence for word in words(entry.text)}
        named += _names_stand(sentence.text, evidence, known)
        uncommon = [w for w in words(sentence.text) if w not in common and not w.isdigit()]
        rare += len(uncommon)
        told += sum(_is_held(word, held) for word in uncommon)
    return {
        "figures": right / len(sentences),
        "names": named / len(sentences),
        "words": told / rare if rare else 1.0,
        "sentences": float(len(sentences)),
    }


def _names_stand(text: str, evidence: Sequence[Evidence], known: Mapping[str, str]) -> bool:
    said = "\n".join(entry.text for entry in evidence).casefold()
    return all(
        place.text.casefold() in said for place in places(text, known) if place.type in {"name", "merchant", "carrier"}
    )


def _is_held(word: str, held: set[str]) -> bool:
    """A word is held in any inflection: its first letters, all but three, stand at the start of a word of the source."""
    stem = word[: max(4, len(word) - 3)]
    return word in held or (len(word) > 4 and any(other.startswith(stem) for other in held))


def table(rows: Sequence[Judged], seed: int = 1) -> list[dict[str, object]]:
    """Means of what was measured by task, language and writer, with the 95 % interval of a bootstrap over threads."""
    groups: dict[tuple[str, str, str], list[Judged]] = {}
    for row in rows:
        groups.setdefault((row.task, row.language, row.writer), []).append(row)
    found: list[dict[str, object]] = []
    for (task, language, writer), these in sorted(groups.items()):
        line: dict[str, object] = {"task": task, "language": language, "writer": writer, "n": len(these)}
        for name in (n for n in (*NAMES, "figures", "names", "words", *MEASURES, "sentences") if n in these[0].scores):
            value, low, high = interval([(row.thread_id, row.scores[name]) for row in these], seed)
            line[name] = round(value, 4)
            if name in {*NAMES, *MEASURES, "words"}:
                line[f"{name}_ci_low"], line[f"{name}_ci_high"] = round(low, 4), round(high, 4)
        line["seconds"] = round(sum(row.seconds for row in these) / len(these), 3)
        found.append(line)
    return found


def interval(values: Sequence[tuple[str, float]], seed: int) -> tuple[float, float, float]:
    """The mean of (thread, value) and the 95 % percentile interval of resampling threads."""
    by_thread: dict[str, list[float]] = {}
    for name, value in values:
        by_thread.setdefault(name, []).append(value)
    clusters = [(sum(v), len(v)) for v in by_thread.values()]
    deal = random.Random(seed)
    means = []
    for _ in range(RESAMPLES):
        drawn = deal.choices(clusters, k=len(clusters))
        means.append(sum(total for total, _ in drawn) / sum(n for _, n in drawn))
    means.sort()
    mean = sum(total for total, _ in clusters) / sum(n for _, n in clusters)
    return mean, means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def verdicts(rows: Sequence[Judged], seed: int = 1) -> list[dict[str, object]]:
    """By task and language, whether the desk's model beats every other writer, and `fails`, what stands against it.

    It does when the 95 % interval of the difference in ROUGE-L lies above 0 (bootstrap over threads, the same threads for both), the words
    of its sources are no fewer than the other's by more than chance, at least 99 % of its sentences have all figures in their sources, and
    it is misjoined and has unknown pairs no oftener than the references, by more than chance.
    """
    found: list[dict[str, object]] = []
    groups = sorted({(row.task, row.language) for row in rows})
    for task, language in groups:
        by_writer: dict[str, list[Judged]] = {}
        for row in rows:
            if (row.task, row.language) == (task, language):
                by_writer.setdefault(row.writer, []).append(row)
        desk, people = by_writer.pop("desk"), by_writer.pop(REFERENCE)
        figures = sum(row.scores["figures"] for row in desk) / max(1, len(desk))
        fluent = {name: difference(desk, people, name, seed) for name in MEASURES}
        for other, theirs in sorted(by_writer.items()):
            beside = {name: difference(desk, theirs, name, seed) for name in ("rouge_l", "words")}
            fails = {
                "figures": figures < FIGURES_AT_LEAST,
                "rouge_l": beside["rouge_l"][1] <= 0,
                "words": beside["words"][2] < 0,
                **{name: low > 0 for name, (_, low, _) in fluent.items()},
            }
            line: dict[str, object] = {"task": task, "language": language, "against": other}
            line["figures"] = round(figures, 4)
            for name, (value, low, high) in (beside | fluent).items():
                line |= {name: round(value, 4), f"{name}_ci_low": round(low, 4), f"{name}_ci_high": round(high, 4)}
            found.append(
                {**line, "passed": not any(fails.values()), "fails": ", ".join(n for n, bad in fails.items() if bad)}
            )
    return found


def difference(ours: Sequence[Judged], theirs: Sequence[Judged], name: str, seed: int) -> tuple[float, float, float]:
    """The mean difference of a score on the same tasks, with its interval."""
    pairs = zip(ours, theirs, strict=True)
    return interval([(a.thread_id, a.scores[name] - b.scores[name]) for a, b in pairs], seed)
