"""A drafted reply, sentence by sentence, each checked before anyone sees it: by a model when there is one, else by macros.

What fails a check is withheld and named in the draft's checks. Knows no queue, no warehouse and no page; sends nothing.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from itertools import chain

from llm.chat import GenerateOptions, TextModel
from llm.checks.people import is_about_others
from llm.composer import Line, compose
from llm.desk.prompt import REPLY
from llm.desk.request import BriefPrompt, reads_briefs
from llm.errors import InputError, LlmError, PromptTooLongError
from llm.grounding import CHECK_NAMES, EvidenceBook, check_sentence, failing
from llm.language import ENGLISH, UNDETERMINED, WRITTEN, is_chinese
from llm.letter import laid_out, said_sentences
from llm.privacy import find_formed, mask, masked
from llm.promises import promises_in
from llm.prompting import CUTS, SENTENCE_COUNTS, Prompt, lines_of
from llm.repetition import unrepeated
from llm.stream import closable
from llm.types import Check, Draft, IssueBrief, Sentence
from llm.vectors import similarities

MACRO = "macro"
SAME_ABOVE = 0.6
OPTIONS = GenerateOptions(max_tokens=500, temperature=0.0, timeout_s=120.0)


class Drafting:
    """One draft under way: iterate for its checked sentences as they come, then ask for the `draft`.

    Nothing unchecked is ever yielded. A model's sentence that fails is withheld, and macro sentences fill in. A writer that fails before
    it has said anything is followed by the next of `then`; when none says anything that passes, the whole macro draft takes its place.
    """

    def __init__(self, brief: IssueBrief, writer: TextModel | None = None, then: Sequence[TextModel] = ()) -> None:
        if not brief.thread.messages:
            raise InputError(
                f"thread {brief.thread.ticket_id!r}: has no message; there is nothing to answer. Give at least one."
            )
        if brief.length not in SENTENCE_COUNTS:
            raise InputError(f"length {brief.length!r} is unknown; lengths: {', '.join(SENTENCE_COUNTS)}.")
        self.brief = brief
        self.language = brief.language if brief.language in WRITTEN else ENGLISH
        self._writers = (writer, *then) if writer is not None else tuple(then)
        self._engine = MACRO
        self._failed: list[str] = []  # why writers before the last asked said nothing
        self._book = EvidenceBook.of(brief)
        self._common = [*(macro.text for macro in brief.macros), *(passage.title for passage in brief.passages)]
        self._shown: list[Sentence] = []
        self._parts: list[str] = []  # of the plan, beside `_shown`; "" for a model's sentences
        self._withheld: list[tuple[Sentence, list[Check]]] = []
        self._by_writer = 0
        self._writer_error = ""
        self._left_out = ""
        self._started = time.perf_counter()
        self._finished: float | None = None
        self._stream = self._run()

    def __iter__(self) -> Iterator[Sentence]:
        return self._stream

    def draft(self) -> Draft:
        """The whole draft; runs what is left of the stream first."""
        for _ in self._stream:
            pass
        finished = self._finished if self._finished is not None else time.perf_counter()
        parts = zip(self._parts, (sentence.text for sentence in self._shown), strict=True)
        return Draft(
            ticket_id=self.brief.thread.ticket_id,
            reply=laid_out(parts, self.language, self.brief.tone),
            sentences=tuple(self._shown),
            checks=self._checks(),
            language=self.language,
            engine=self._engine,
            latency_ms=round((finished - self._started) * 1000),
        )

    def _run(self) -> Iterator[Sentence]:
        for number, writer in enumerate(self._writers):
            yield from self._written(writer)
            if self._by_writer:
                self._engine = writer.name
            if self._by_writer or not self._writer_error or number == len(self._writers) - 1:
                break
            self._failed.append(self._writer_error)
            self._writer_error = ""
        if self._by_writer == 0:
            yield from self._composed(compose(self.brief, self.language))
        elif self._withheld or self._writer_error:
            lines = [
                line
                for line in compose(self.brief, self.language)
                if line.part in {"fact", "record", "ask", "step"} and not self._is_said(line.sentence)
            ]
            yield from self._composed(lines)
        self._finished = time.perf_counter()

    def _written(self, writer: TextModel) -> Iterator[Sentence]:
        allowed = {action for macro in self.brief.macros if macro.kind != "decision" for action in macro.actions}
        try:
            yield from self._first_that_fits(writer, allowed)
        except LlmError as error:
            self._writer_error = str(error)

    def _first_that_fits(self, writer: TextModel, allowed: Collection[str]) -> Iterator[Sentence]:
        """By the desk's own model, which cuts a brief itself; a chat model is asked with ever less evidence until that fits its context."""
        if reads_briefs(writer):
            prompt = BriefPrompt(REPLY, self.brief)
            yield from self._written_from(writer, prompt, allowed)
            self._left_out = prompt.left_out
            return
        for cut in CUTS:
            try:
                yield from self._written_from(writer, Prompt(self.brief, self.language, cut), allowed)
                self._left_out = cut.left_out
                return
            except PromptTooLongError:
                if cut is CUTS[-1]:
                    raise

    def _written_from(
        self, writer: TextModel, prompt: Prompt | BriefPrompt, allowed: Collection[str]
    ) -> Iterator[Sentence]:
        limit = SENTENCE_COUNTS[self.brief.length]
        with closing(closable(writer.generate(prompt.messages, OPTIONS))) as stream:
            for line in lines_of(unrepeated(stream)):
                sentence = prompt.sentence(line)
                if sentence is not None and self._passes(sentence, allowed):
                    self._by_writer += 1
                    yield sentence
                if self._by_writer >= limit or len(self._withheld) > 2 * limit:
                    return

    def _composed(self, lines: list[Line]) -> Iterator[Sentence]:
        for line in lines:
            is_again = line.part in {"rule", "step"} and self._is_said(line.sentence)
            if not is_again and self._passes(line.sentence, line.actions, line.part):
                yield line.sentence

    def _passes(self, sentence: Sentence, allowed: Collection[str], part: str = "") -> bool:
        """Keeps the sentence among those shown or those withheld, and says which."""
        checks = check_sentence(
            sentence, self._book, language=self.language, allowed_actions=allowed, common=self._common
        )
        failed = failing(checks)
        if failed:
            self._withheld.append((sentence, failed))
            return False
        if sentence.text not in {shown.text for shown in self._shown}:
            self._shown.append(sentence)
            self._parts.append(part)
            return True
        return False

    def _is_said(self, sentence: Sentence) -> bool:
        """Whether the shown sentences already say this: near in words, or holding all its figures."""
        texts = [sentence.text, *(shown.text for shown in self._shown)]
        return (
            len(texts) > 1 and float(similarities(texts, chinese=is_chinese(sentence.text))[0][1:].max()) >= SAME_ABOVE
        )

    def _checks(self) -> tuple[Check, ...]:
        """One check a name over the whole draft: passed when nothing was withheld for it; then language and writer, where they need a word."""
        total = len(self._shown) + len(self._withheld)
        checks = [self._check(name, total) for name in CHECK_NAMES]
        if self.brief.language not in WRITTEN:
            found = "a language that could not be told" if self.brief.language == UNDETERMINED else self.brief.language
            detail = (
                f"the thread is in {found}; the desk writes in {' and '.join(WRITTEN)}, so this draft is in {ENGLISH}"
            )
            checks.append(Check("writers_language", False, detail))
        if self._left_out:
            checks.append(Check("evidence_whole", False, f"the model's context is too short for {self._left_out}"))
        if self._writer_error or self._failed:
            told = [*self._failed, self._writer_error] if self._writer_error else self._failed
            rest = (
                "Macros wrote the rest."
                if self._writer_error or not self._by_writer
                else f"{self._engine} wrote instead."
            )
            checks.append(Check("writer_available", False, f"{' '.join(told)} {rest}"))
        return tuple(checks)

    def _check(self, name: str, total: int) -> Check:
        reasons = [_told(s.text, check) for s, failed in self._withheld for check in failed if check.name == name]
        if reasons:
            return Check(name, False, f"{len(reasons)} of {total} sentences withheld: {'; '.join(reasons[:5])}")
        return Check(
            name,
            bool(self._shown),
            f"{len(self._shown)} of {total} sentences shown, none withheld for this"
            if self._shown
            else "no sentence to check",
        )


def _told(text: str, check: Check, limit: int = 80) -> str:
    """The beginning of a sentence and why it fails, private data masked, but not a name that is the reason."""
    said, why = mask(text), masked(check.detail, find_formed(check.detail))
    return f"“{said if len(said) <= limit else said[:limit] + '…'}” {why}"


def stream_draft(brief: IssueBrief, writer: TextModel | None = None, then: Sequence[TextModel] = ()) -> Drafting:
    """Starts a draft whose checked sentences come one by one; `.draft()` gives the whole. `then`: who writes when the writer fails."""
    return Drafting(brief, writer, then)


def draft(brief: IssueBrief, writer: TextModel | None = None) -> Draft:
    """The reply to a brief. Without a `writer`, or when it fails, from macros; the engine field says which."""
    return Drafting(brief, writer).draft()


def check_edited(text: str, brief: IssueBrief) -> tuple[Check, ...]:
    """The checks on a reply that a person has edited, each sentence held against all of the brief; nothing is withheld."""
    book = EvidenceBook.of(brief)
    cites = tuple(
        chain(
            (m.cite for m in brief.thread.messages),
            (f.cite for f in brief.facts if not is_about_others(f)),
            (p.cite for p in brief.passages),
        )
    )
    allowed = {action for macro in brief.macros for action in (*macro.actions, *promises_in(macro.text))}
    common = [*(macro.text for macro in brief.macros), *(passage.title for passage in brief.passages)]
    language = brief.language if brief.language in WRITTEN else ENGLISH
    found: dict[str, list[str]] = {name: [] for name in CHECK_NAMES}
    for piece in said_sentences(text):
        for check in failing(
            check_sentence(Sentence(piece.text, cites), book, language=language, allowed_actions=allowed, common=common)
        ):
            found[check.name].append(_told(piece.text, check))
    return tuple(Check(name, not reasons, "; ".join(reasons[:5]) or "nothing found") for name, reasons in found.items())
