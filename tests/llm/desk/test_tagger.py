"""The tagger of names: its file, its labels, what it finds in texts of no corpus, and that it finds more than code alone."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from llm.desk.corpus import CorpusThread, Mark, Marked
from llm.desk.slots import places
from llm.desk.tagger_training import _Stock, found_by, labels_of, listed_places, train_tagger
from llm.errors import CheckpointError
from llm.tagger import BUCKETS, KINDS, LABELS, WEIGHTS, NameTagger, Tagged, shipped_tagger, tagged, using, words_of


@pytest.fixture(scope="module")
def small(corpus: tuple[CorpusThread, ...]) -> NameTagger:
    """One of few threads: seconds, not minutes."""
    return train_tagger([thread for thread in corpus if not thread.is_held_out][:60], spoken=5)


def test_words_and_labels_by_hand() -> None:
    text = Marked("我是林小满，Ann O'Neil", (Mark(2, 5, "name", "林小满"), Mark(6, 16, "name", "Ann O'Neil")))
    assert [word.text for word in words_of(text.text)] == ["我", "是", "林", "小", "满", "，", "Ann", "O'Neil"]
    names = [LABELS[n] for n in labels_of(text)]
    assert names == ["O", "O", "B-name", "I-name", "I-name", "O", "B-name", "I-name"]


def test_it_comes_back_from_its_file_without_a_pickle(small: NameTagger, tmp_path: Path) -> None:
    path = tmp_path / "models" / "names.npz"
    small.save(path)
    again = NameTagger.load(path)
    text = "Dear Rosalind, the parcel lay in Rotterdam. 我叫王建国，在杭州。"
    found = again.tag(text)
    assert [(t.start, t.end, t.kind) for t in found] == [(t.start, t.end, t.kind) for t in small.tag(text)]
    assert found
    with np.load(path, allow_pickle=False) as held:
        assert held["weights"].shape == (BUCKETS, len(LABELS))


@pytest.mark.parametrize("broken", ["absent", "text", "pickle", "shape", "bytes"])
def test_a_file_that_is_none_of_ours_is_refused_in_one_line(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "names.npz"
    places_, least = np.frombuffer(b"Rotterdam", np.uint8), np.ones(len(KINDS))
    if broken == "text":
        path.write_text("no weights", "utf-8")
    elif broken == "pickle":
        weights = np.array([{}], dtype=object)
        np.savez(path, weights=weights, bias=np.zeros(1), places=places_, least=least)
    elif broken == "shape":
        np.savez(path, weights=np.zeros((2, 2)), bias=np.zeros(2), places=places_, least=least)
    elif broken == "bytes":
        np.savez(path, weights=np.zeros((BUCKETS, len(LABELS))), bias=np.zeros(len(LABELS)))
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"^[^\n]*names\.npz[^\n]*train-tagger[^\n]*$"):
        NameTagger.load(path)


def test_a_kept_name_is_whole_and_sure_enough(small: NameTagger) -> None:
    text = "Hi, this is Marisol Vega from Lisbon. Regards, Marisol"
    for tag in small.tag(text):
        assert isinstance(tag, Tagged)
        assert tag.confidence >= small.least[tag.kind]
    assert small.tag(text, 1.01) == []
    assert small.tag("") == []
    assert len(small.tag("王 " * 30_000)) < 30_000


def test_the_shipped_one_is_small_and_finds_names_that_no_thread_holds() -> None:
    assert WEIGHTS.stat().st_size < 2_000_000
    assert shipped_tagger() is not None
    assert [t.kind for t in tagged("包裹还在佛山，没有动。")] == ["place"]
    held = [(place.type, place.text) for place in places("我叫陈晓明，包裹还在佛山。")]
    assert ("name", "陈晓明") in held
    assert ("name", "佛山") in held
    with using(None):
        assert ("name", "佛山") not in [(place.type, place.text) for place in places("我叫陈晓明，包裹还在佛山。")]


def test_no_text_copies_its_weights(small: NameTagger, tmp_path: Path) -> None:
    """A product of sparse rows copies weights that lie column by column, as training makes them: megabytes a text."""
    small.save(tmp_path / "names.npz")
    for tagger in (small, NameTagger.load(tmp_path / "names.npz"), shipped_tagger()):
        assert tagger is not None
        assert tagger._weights.flags.c_contiguous


def test_common_words_stay_words() -> None:
    for text in (
        "The parcel is late and the buyer waits.",
        "订单迟迟没有发货，请尽快核查责任。",
        "Please look at it TODAY.",
    ):
        assert tagged(text) == ()


def test_held_out_names_are_found_oftener_and_words_taken_for_names_seldomer(
    corpus: tuple[CorpusThread, ...],
) -> None:
    held_out = [thread for thread in corpus if thread.is_held_out]
    with using(None):
        before = {(f.language, f.kind): f for f in found_by(held_out)}
    for found in found_by(held_out):
        was = before[found.language, found.kind]
        print(found)
        assert found.recall[0] >= was.recall[0] + (0.1 if (found.language, found.kind) != ("en", "place") else 0)
        assert found.precision[0] > was.precision[0] + 0.05


def test_lists_hold_places_of_both_languages() -> None:
    listed = listed_places()
    assert {"Lisbon", "佛山", "Portugal", "葡萄牙", "里斯本"} <= listed
    assert not {"", "PT", "Asia"} & listed


def test_another_names_place_is_marked_anew(corpus: tuple[CorpusThread, ...]) -> None:
    stock = _Stock(corpus[:20], listed_places(), Random(3))
    text = Marked("我叫林小满，住苏州。", (Mark(2, 5, "name", "林小满"), Mark(7, 9, "place", "苏州")))
    for _ in range(20):
        made = stock.swapped(text)
        assert [made.text[m.start : m.end] for m in made.marks] == [m.text for m in made.marks]
        assert made.text.startswith("我叫")
        assert made.text.endswith("。")
