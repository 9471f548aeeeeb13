"""Fluency by hand, and what it is for: people and macros pass, a babbler and word salad do not, whatever wrote them."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from statistics import mean

import pytest

from llm.briefing import build_brief
from llm.composer import compose
from llm.desk.corpus import CitedText, CorpusThread, Marked, Reply
from llm.desk.fluency import MEASURES, Fluency
from llm.desk.rouge import words
from llm.knowledge import Knowledge
from llm.types import IssueBrief, Message, Thread

BRIEF = IssueBrief(Thread("T-1", None, (Message("m1", None, "merchant", "the kettle leaks at night"),)))


def test_the_shares_by_hand(corpus: tuple[CorpusThread, ...], knowledge: Knowledge) -> None:
    said = [
        CitedText(Marked(text), ()) for text in ("Zorb ab cd ef.", "Quux cd ef gh.", "Ab cd ef ij!", "Cd ef gh kl.")
    ]
    thread = replace(corpus[0], language="en", summary=tuple(said), replies=(Reply("warm", "short", ()),))
    fluency = Fluency([thread], knowledge)
    # zorb ab cd ef | gh: (ab cd ef) and (cd ef gh) are known, their join is not; (^ zorb ab cd), (zorb ab cd ef) are
    found = fluency.of(["Zorb ab cd ef gh kl."], BRIEF, "en")
    assert found == {"misjoined": pytest.approx(1 / 5), "unknown_pairs": 0.0}
    # of ^ kettle | kettle zorb | zorb $ none is known, of "the kettle" the message
    assert fluency.of(["Kettle zorb."], BRIEF, "en") == {"misjoined": 0.0, "unknown_pairs": 1.0}
    assert fluency.of(["kettle leaks at"], BRIEF, "en")["unknown_pairs"] == pytest.approx(2 / 4)
    assert fluency.of([], BRIEF, "en") == {"misjoined": 0.0, "unknown_pairs": 0.0}


def test_figures_and_names_are_words_of_their_type(fluency: Fluency) -> None:
    one, other = (fluency.of([f"The penalty of {n} points stands."], BRIEF, "en") for n in (4, 6))
    assert one == other


def _babbled(texts: Iterable[str], deal: random.Random) -> Callable[[], str]:
    """Sentences drawn from a Markov chain of two words, as an n-gram model of the training references writes."""
    following: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for text in texts:
        told = ["^", "^", *words(text), "$"]
        for a, b, c in zip(told, told[1:], told[2:], strict=False):
            following[a, b].append(c)

    def sentence() -> str:
        told = ["^", "^"]
        while told[-1] != "$" and len(told) < 40:
            told.append(deal.choice(following[told[-2], told[-1]]))
        return " ".join(told[2:-1])

    return sentence


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_people_and_macros_pass_and_a_babbler_and_salad_do_not(
    fluency: Fluency, corpus: tuple[CorpusThread, ...], knowledge: Knowledge, language: str
) -> None:
    deal = random.Random(5)
    held_out = [t for t in corpus if t.is_held_out and t.language == language][:40]
    learnt = [t for t in corpus if not t.is_held_out and t.language == language]
    babbled = _babbled((s.marked.text for t in learnt for r in t.replies for s in r.sentences), deal)
    scores: defaultdict[str, list[dict[str, float]]] = defaultdict(list)
    for thread in held_out:
        brief = build_brief(thread.plain, knowledge, thread.plain_facts)
        people = [s.marked.text for s in thread.replies[0].sentences]
        salad = [" ".join(deal.sample(told, len(told))) for told in map(words, people)]
        macros = [line.sentence.text for line in compose(brief, language)]
        said = {"people": people, "salad": salad, "macros": macros, "babbler": [babbled() for _ in people]}
        for name, texts in said.items():
            scores[name].append(fluency.of(texts, brief, language))
    found = {name: {m: mean(s[m] for s in these) for m in MEASURES} for name, these in scores.items()}
    print(language, found)
    assert found["macros"]["misjoined"] < found["people"]["misjoined"] < found["babbler"]["misjoined"] - 0.03
    assert found["macros"]["unknown_pairs"] < found["people"]["unknown_pairs"] < found["salad"]["unknown_pairs"] - 0.1
