"""From a thread and its facts to the brief: language, matter, the policy passages and macros that a reply may rest on.

The only place where triage and knowledge meet; knows no writer.
"""

from collections.abc import Collection, Iterable, Sequence

from llm.asked import says_enough
from llm.errors import InputError
from llm.grounding import EvidenceBook
from llm.knowledge import TONES, Knowledge
from llm.language import CHINESE, ENGLISH, WRITTEN, thread_language
from llm.prompting import SENTENCE_COUNTS
from llm.taxonomy import OTHER
from llm.triage import Triage, triage_of
from llm.types import Confidence, Fact, IssueBrief, Macro, Passage, Thread
from llm.vectors import SentenceEncoder, similarities

PASSAGES = 4
RECENT = 3
MATTERS = 2
SECOND_MATTER_FROM = 0.35
SURE_SECOND = 0.45
"""From where what else a message may be about counts; a lower one names more matters that threads do not have, and hardly more that they have."""

NAMED_FROM = 0.8
"""How sure a later message must be of its matter to name one beside its thread's opening; most only ask for news of it."""


def build_brief(
    thread: Thread,
    knowledge: Knowledge,
    facts: Iterable[Fact] = (),
    *,
    encoder: SentenceEncoder | None = None,
    triage: Triage | None = None,
    about: str = "",
    subject: str = "",
    tone: str = "neutral",
    length: str = "normal",
) -> IssueBrief:
    """The brief of a thread, in the language of those who ask; passages and macros are English where that language has none.

    about: the intent that a person says it has; '' where nobody has said, so that `triage` tells. subject: the ticket's, which tells as well as its messages do.
    A merchant who asked last is told what is for merchants, a buyer what is for buyers.
    Raises InputError for a thread without messages and for a tone or length that does not exist.
    """
    if not thread.messages:
        raise InputError(f"thread {thread.ticket_id!r}: has no message; there is nothing to answer. Give at least one.")
    if tone not in TONES or length not in SENTENCE_COUNTS:
        raise InputError(
            f"tone {tone!r} or length {length!r} is unknown; tones: {', '.join(TONES)}; lengths: {', '.join(SENTENCE_COUNTS)}."
        )
    asking = [m for m in thread.messages if m.author in {"merchant", "buyer"}] or list(thread.messages)
    language = thread_language(m.text for m in asking)
    written = language if language in WRITTEN else ENGLISH
    audience = asking[-1].author
    is_opened = asking[0].author == audience  # by whom the reply answers: else only what they wrote last is theirs
    recent = [m.text for m in (asking[:1] + asking[1:][-RECENT:] if is_opened else asking[-RECENT:])]
    if subject.strip():
        recent[0] = f"{subject.strip()}\n{recent[0]}"
    theirs = knowledge.for_audience(audience)
    told = triage or triage_of(knowledge.taxonomy)
    matters = [about] if about else matters_of(recent, told, knowledge.intents_for(audience), is_opened=is_opened)
    macros = _macros(theirs, matters, written, tone)
    hits = theirs.search("\n".join(reversed(recent)), written, PASSAGES, encoder, matters)
    passages = tuple(hit.passage for hit in hits)
    return IssueBrief(
        thread,
        tuple(facts),
        (*passages, *_behind(macros, passages, theirs, matters, written)),
        macros,
        language,
        tone,
        length,
        tuple(matters),
    )


def matters_of(
    texts: list[str], triage: Triage, among: Collection[str] | None = None, *, is_opened: bool = False
) -> list[str]:
    """At most two intents of the texts (with `among`, of these), the newest counting most; `other` only when there is no other.

    is_opened: the first text is the thread's opening, which tells the matter unless a later one plainly names its own."""
    telling = [text for place, text in enumerate(texts) if says_enough(text) or (is_opened and not place)]
    found = triage.intents_of(telling or texts[-1:], among)
    if is_opened:
        plain = [intents for intents in found[1:] if _is_named(intents) and intents[0].confidence >= NAMED_FROM]
        if plain or _is_named(found[0]):
            found = [found[0], *plain]
    return _weighed(found)


def _is_named(intents: Sequence[Confidence]) -> bool:
    return intents[0].name != OTHER


def _weighed(found: Sequence[Sequence[Confidence]]) -> list[str]:
    weights: dict[str, float] = {}
    for age, intents in enumerate(reversed(found)):
        for place, intent in enumerate(intents):
            if intent.name != OTHER and (place == 0 or intent.confidence >= SURE_SECOND):
                weights[intent.name] = weights.get(intent.name, 0.0) + intent.confidence * 0.7**age
    best = sorted(weights, key=lambda name: -weights[name])[:MATTERS]
    return [name for name in best if weights[name] >= SECOND_MATTER_FROM * weights[best[0]]] or [OTHER]


def _macros(knowledge: Knowledge, matters: Iterable[str], language: str, tone: str) -> tuple[Macro, ...]:
    found = {macro.macro_id: macro for matter in matters for macro in knowledge.suggest_macros(matter, language, tone)}
    return tuple(found.values())


def _behind(
    macros: Iterable[Macro], have: tuple[Passage, ...], knowledge: Knowledge, matters: Iterable[str], language: str
) -> tuple[Passage, ...]:
    """The passages behind the macros' own words: for figures one that holds them, of the matters' articles first, then of any;
    for words alone the nearest of the desk's general article."""
    articles = dict.fromkeys(article for matter in matters for article in knowledge.taxonomy.intent(matter).articles)
    near = knowledge.passages_of(articles, language)
    book = EvidenceBook(passages=dict.fromkeys((*have, *near, *knowledge.passages(language))))
    sayable = [macro for macro in macros if macro.kind != "decision"]
    wanted = {cite for macro in sayable for cite in book.supporting(macro.text)}
    wanted |= _nearest(
        [macro.text for macro in sayable if not book.supporting(macro.text)],
        knowledge.passages_of(knowledge.taxonomy.intent(OTHER).articles[:1], language),
        language,
    )
    return tuple(p for p in dict.fromkeys((*near, *knowledge.passages(language))) if p.cite in wanted and p not in have)


def _nearest(texts: list[str], passages: tuple[Passage, ...], language: str) -> set[str]:
    """The cite of the passage that is nearest to the texts together; a single one, since a model's context is small."""
    if not texts or not passages:
        return set()
    near = similarities([*texts, *(p.text for p in passages)], chinese=language == CHINESE)[: len(texts), len(texts) :]
    return {passages[int(near.sum(axis=0).argmax())].cite}
