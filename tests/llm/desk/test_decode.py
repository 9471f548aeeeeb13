"""Fast decoding says what the model says, token for token, however the prompt came to be known; and it always ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from llm.desk import layers
from llm.desk.decode import CHUNK, DeskDecoder, _DeskReading, is_circling
from llm.desk.model import DeskModel, Geometry, load_model, save_model
from llm.errors import CheckpointError, EngineError, InputError, PromptTooLongError

GEOMETRY = Geometry(vocabulary=300, width=32, layers=3, heads=2, inner=48, context=520)
NO_END = GEOMETRY.vocabulary - 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, wide enough apart that the likeliest token is no matter of rounding."""
    torch.manual_seed(11)
    model = DeskModel(GEOMETRY)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2:
                parameter.mul_(
                    3.0 if "embed" in name else 12.0
                )  # the layers outweigh the token itself, which would repeat
            else:
                parameter.add_(torch.rand_like(parameter))
    path = tmp_path_factory.mktemp("desk") / "tiny"
    save_model(model, path, ends=[NO_END], padding=0)
    return path


@pytest.fixture
def decoder(folder: Path) -> DeskDecoder:
    made = DeskDecoder(folder)
    made.stops_circles = False
    return made


def prompt(seed: int, length: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(1, NO_END, (length,), generator=generator).tolist()


def greedy(model: DeskModel, ids: list[int], count: int) -> list[int]:
    """By the whole model at each step, without any cache."""
    with torch.inference_mode():
        for _ in range(count):
            ids = [*ids, int(model(torch.tensor([ids]))[0, -1, :NO_END].argmax())]
    return ids[-count:]


def without_end(_: list[int]) -> Tensor:
    return torch.arange(GEOMETRY.vocabulary) != NO_END


def after(calls: int) -> Callable[[], bool]:
    """False so many times, then true."""
    answers = iter([False] * calls)
    return lambda: next(answers, True)


@pytest.mark.parametrize("length", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_tokens_and_logits_are_the_models(decoder: DeskDecoder, folder: Path, length: int) -> None:
    model, ids = load_model(folder), prompt(length, length)
    found = list(decoder.generate(ids, max_tokens=30, allowed=without_end))
    assert found == greedy(model, ids, 30)
    assert len(set(found)) > 5
    with torch.inference_mode():
        state = decoder.reading(prompt(1, length), 1).read(lambda: False)
        assert state is not None
        expected = model(torch.tensor([prompt(1, length)]))[0, -1]
        assert (decoder.logits(state) - expected).abs().max() < 1e-3 * expected.abs().max()


def test_weights_are_multiplied_in_single_precision_without_the_packed_kernel(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = list(DeskDecoder(folder).generate(prompt(2, 70), max_tokens=10))
    monkeypatch.setattr(layers, "has_half_precision", lambda: False)
    assert list(DeskDecoder(folder).generate(prompt(2, 70), max_tokens=10)) == packed


def test_what_was_asked_before_saves_work_and_changes_no_bit(
    decoder: DeskDecoder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    advance = _DeskReading.advance

    def counted(self: _DeskReading, ids: list[int]) -> Tensor:
        computed.append(len(ids))
        return advance(self, ids)

    monkeypatch.setattr(_DeskReading, "advance", counted)
    fixed = prompt(3, 2 * CHUNK + 10)
    second = [*fixed, *prompt(4, 40)]

    def answered(one: DeskDecoder) -> tuple[list[int], Tensor]:
        computed.clear()
        answer = one.generate(second, max_tokens=8, allowed=without_end)
        return list(answer), one.logits(answer._reading.advance([5]))

    fresh, fresh_logits = answered(decoder)
    assert sum(computed) == len(second) + 8
    for earlier in ([*fixed, *prompt(5, 60)], second, second[: 2 * CHUNK], prompt(6, 200)):
        other = DeskDecoder(folder)
        list(other.generate(earlier, max_tokens=8))
        tokens, logits = answered(other)
        reused = 0 if earlier[0] != second[0] else 2 * CHUNK
        assert sum(computed) == len(second) + 8 - reused
        assert tokens == fresh
        assert torch.equal(logits, fresh_logits)


def test_only_allowed_tokens_are_made_from_what_was_made_before(decoder: DeskDecoder, folder: Path) -> None:
    asked: list[list[int]] = []

    def only_a_band(made: list[int]) -> Tensor | None:
        asked.append(list(made))
        if len(made) == 3:
            return None
        mask = torch.zeros(GEOMETRY.vocabulary, dtype=torch.bool)
        mask[10 * len(made) : 10 * len(made) + 10] = True
        return mask

    model, ids = load_model(folder), prompt(7, 20)
    found = list(decoder.generate(ids, max_tokens=6, allowed=only_a_band))
    assert asked == [found[:count] for count in range(6)]
    for place, token in enumerate(found):
        logits = model(torch.tensor([[*ids, *found[:place]]]))[0, -1]
        first, last = (0, GEOMETRY.vocabulary) if place == 3 else (10 * place, 10 * place + 10)
        assert token == first + int(logits[first:last].argmax())


def test_a_mask_that_allows_nothing_is_an_error(decoder: DeskDecoder) -> None:
    answer = decoder.generate([1, 2], max_tokens=5, allowed=lambda made: torch.full((300,), not made))
    assert next(answer) >= 0
    with pytest.raises(EngineError, match="After 1 tokens no token is allowed"):
        next(answer)


def test_an_answer_ends_at_an_end_token_or_at_its_length(decoder: DeskDecoder) -> None:
    ids = prompt(8, 12)
    long = decoder.generate(ids, max_tokens=20)
    tokens = list(long)
    assert (len(tokens), long.reason) == (20, "length")
    decoder.ends = frozenset({tokens[7]})
    ended = decoder.generate(ids, max_tokens=20)
    assert list(ended) == tokens[: tokens.index(tokens[7])]
    assert ended.reason == "stop"
    assert list(ended) == []


def test_a_full_context_ends_an_answer_and_one_without_room_is_refused(decoder: DeskDecoder) -> None:
    answer = decoder.generate(prompt(9, GEOMETRY.context - 16), max_tokens=100, allowed=without_end)
    assert len(list(answer)) == 16
    assert answer.reason == "length"
    for length in (GEOMETRY.context - 15, GEOMETRY.context + 1):
        with pytest.raises(PromptTooLongError, match=r"has 5\d\d tokens and the context of tiny 520"):
            decoder.generate(prompt(9, length), max_tokens=100)


@pytest.mark.parametrize("ids", [[], [-1], [GEOMETRY.vocabulary]])
def test_ids_that_the_model_does_not_have_are_refused(decoder: DeskDecoder, ids: list[int]) -> None:
    with pytest.raises(InputError, match="token ids of tiny, 0 to 299"):
        decoder.generate(ids, max_tokens=5)


def test_a_cancel_ends_the_reading_of_a_prompt_and_the_answer(decoder: DeskDecoder) -> None:
    ids = prompt(10, 3 * CHUNK)
    whole = list(decoder.generate(ids, max_tokens=6, allowed=without_end))
    decoder.generate(prompt(11, 5), max_tokens=1)
    for calls in range(1, 4):  # once before the prompt, then before each chunk
        reading = decoder.generate(prompt(20 + calls, 3 * CHUNK), max_tokens=6, is_cancelled=after(calls))
        assert list(reading) == []
        assert reading.reason == "cancelled"
    writing = decoder.generate(ids, max_tokens=6, allowed=without_end, is_cancelled=after(1 + 3 + 2))
    assert list(writing) == whole[:3]
    assert writing.reason == "cancelled"
    assert list(decoder.generate(ids, max_tokens=6, allowed=without_end)) == whole


def test_a_model_that_goes_round_in_a_circle_is_stopped(folder: Path) -> None:
    circle = (40, 41, 42)

    def in_a_circle(made: list[int]) -> Tensor:
        wanted = 7 if not made else circle[len(made) % 3]
        return torch.arange(GEOMETRY.vocabulary) == wanted

    answer = DeskDecoder(folder).generate(prompt(13, 10), max_tokens=200, allowed=in_a_circle)
    assert len(list(answer)) == 1 + 24
    assert answer.reason == "repetition"


@pytest.mark.parametrize(
    ("tokens", "circling"),
    [
        ([5] * 24, True),
        ([5] * 23, False),
        ([1, 2] * 11 + [1, 3], False),
        ([9, 9, *range(20)] + list(range(20)) * 2, True),
        (list(range(20)) * 2 + [*range(19), 77], False),
        (list(range(20)) * 3 + [99], False),
        (list(range(65)) * 4, False),
        ([], False),
    ],
)
def test_circles_are_told_from_lists(tokens: list[int], circling: bool) -> None:
    assert is_circling(tokens) is circling


def test_answers_in_turns_are_those_given_one_after_another(decoder: DeskDecoder, folder: Path) -> None:
    """Also where two begin alike, and where one is let go of in the middle of its prompt."""
    fixed = prompt(3, 2 * CHUNK)
    prompts = [[*fixed, *prompt(4, 40)], prompt(5, 30), [*fixed, *prompt(6, 90)], prompt(7, CHUNK + 1)]
    alone = [list(DeskDecoder(folder).generate(ids, max_tokens=12, allowed=without_end)) for ids in prompts]
    answers = [decoder.generate(ids, max_tokens=12, allowed=without_end) for ids in prompts]
    left = decoder.generate([*fixed, *prompt(8, 200)], max_tokens=12, is_cancelled=after(3))
    for _ in range(12):
        assert next(left, None) is None
        for answer in answers:
            next(answer)
    assert [answer.tokens for answer in answers] == alone
    assert left.reason == "cancelled"


def test_end_tokens_come_from_the_folder(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert DeskDecoder(copy).ends == {NO_END}
    (copy / "generation_config.json").unlink()
    config = json.loads((copy / "config.json").read_text("utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, "eos_token_id": 4}), "utf-8")
    assert DeskDecoder(copy).ends == {4}
    (copy / "generation_config.json").write_text("[", "utf-8")
    with pytest.raises(CheckpointError, match=r"generation_config.json: cannot be read"):
        DeskDecoder(copy)
