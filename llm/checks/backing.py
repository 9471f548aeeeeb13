"""Whether what a sentence cites says the contrary, or is only somebody's word: as far as words can tell. Paraphrase is beyond it.

Three signs: it rests on messages alone and doesn't say that somebody wrote so; the sentence of the source that is nearest in words denies what
it affirms (or the other way round); it gives a cause that no cited record holds.
"""

import re
from collections.abc import Sequence

from llm.checks.clauses import denies, is_conditional
from llm.language import is_chinese, sentences
from llm.spans import extract

NEAR = 0.45
"""Share of a sentence's words that the nearest sentence of a source must hold before their denials are compared."""
_STOP = frozenset(
    "the a an of to and or in on at for with by from is are was were be been it its this that these those as not no nor never any all will can may your you we our us".split()  # noqa: SIM905
)
_ATTRIBUTED = re.compile(
    r"\b(?:you|your|yours|we have (?:received|read)|thank|message|letter|wrote|writes?|says?|said|according|asks?|reports?|states?|claims?|mentions?)\b|您|你|贵店|来信|消息|来函|反映|据|称|说|写|感谢|谢谢|我们已(?:收到|看)",
    re.I,
)
_HAPPENED = re.compile(r"\b(?:has|have|had|was|were|did|admitted|agreed|confirmed)\b|已|了|过", re.I)
_CAUSE = re.compile(
    r"\b(?:because(?: of)?|comes? from|came from|due to|caused by|the reason is|owing to|on account of)\b(.*)|(?:是因为|因为|由于|原因是|源于|起因是)(.*)",
    re.I,
)


def contrary_to(text: str, messages: Sequence[str], records: Sequence[str], passages: Sequence[str]) -> str:
    """Why the cited sources don't bear the sentence, or nothing. `messages`, `records` and `passages` are the texts that it cites."""
    if messages and not records and not passages and _is_told_as_fact(text):
        return "a message alone says so, and the sentence tells it as a fact"
    if records and not passages and not messages and _is_other_cause(text, records):
        return "the cited record names another cause"
    denied = _denied_by(text, passages)
    return f"the source says otherwise: “{denied[:100]}”" if denied else ""


def _is_told_as_fact(text: str) -> bool:
    """Something that happened, told without whose word it is; figures and ids that a message holds may be repeated."""
    return not _ATTRIBUTED.search(text) and _HAPPENED.search(text) is not None and not extract(text)


def _is_other_cause(text: str, records: Sequence[str]) -> bool:
    match = _CAUSE.search(text)
    if match is None:
        return False
    said = _words(match[1] or match[2] or "")
    return bool(said) and not said & _words(" ".join(records))


def _denied_by(text: str, passages: Sequence[str]) -> str:
    """The sentence of a passage that is nearest in words, where one denies and the other doesn't."""
    if is_conditional(text):
        return ""  # what holds under a condition is denied without it
    said = _words(text)
    best, near = "", NEAR
    for passage in passages:
        for piece in sentences(passage):
            for part in re.split(r"[;；:：]", piece.text):
                shared = len(said & _words(part)) / max(1, len(said))
                if shared > near:
                    best, near = part.strip(), shared
    return best if best and denies(best) != denies(text) else ""


def _words(text: str) -> frozenset[str]:
    """English words by their first five letters, Chinese pairs of characters; without those that carry no matter."""
    latin = {word[:5] for word in re.findall(r"[a-z]{3,}|\d[\d.,]*", text.casefold()) if word not in _STOP}
    if not is_chinese(text):
        return frozenset(latin)
    runs = re.findall(r"[\u4e00-\u9fff]+", text)
    return frozenset(latin | {run[at : at + 2] for run in runs for at in range(len(run) - 1)})
