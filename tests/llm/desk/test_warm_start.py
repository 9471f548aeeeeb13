"""A writer warm-started from a sentence encoder, on a tiny random one: what it takes over, what it learns, and that it is served as it was trained."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from llm.desk.corpus import CorpusThread
from llm.desk.prompt import REPLY, SUMMARY, Asked
from llm.desk.slots import SLOT
from llm.desk.warm_model import IGNORED, WarmDecoder, WarmModel, framed, grown_tokenizer
from llm.desk.warm_start import Row, batched, main, stacked
from llm.desk.writer import DeskWriter
from llm.errors import CheckpointError, InputError, PromptTooLongError
from llm.knowledge import Knowledge

MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Path:
    """A BERT of two layers with random weights, and word pieces of the policy."""
    from transformers import BertConfig, BertModel  # two seconds, which no process need spend that only collects

    folder = tmp_path_factory.mktemp("base")
    tokenizer: Any = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    alphabet = list("()<>_;:,.'-?!/\"")
    trainer = trainers.WordPieceTrainer(
        vocab_size=900, special_tokens=MARKS, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([passage.text for passage in knowledge.passages("en")], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(5)
    size: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 48,
    }
    BertModel(BertConfig(vocab_size=tokenizer.get_vocab_size(), **size)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def pieces(base: Path) -> Any:
    return grown_tokenizer(base)


@pytest.fixture
def model(base: Path, pieces: Any) -> WarmModel:
    """Its weights as half precision holds them, so that saving rounds nothing."""
    torch.manual_seed(6)
    made = WarmModel(base, pieces).eval()
    with torch.no_grad():
        made.model.decoder.cls.predictions.bias.normal_()
        made.added.mul_(30)  # else every token is about as likely, whatever is wrong
        for tensor in (*made.parameters(), *made.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(tensor.bfloat16())
    return made


@pytest.fixture
def rows(pieces: Any) -> list[Row]:
    said = [("<s1><merchant>we shipped <order_1>", "<s1>they shipped <order_1>.<line><end>"), ("<s1>a case", "no<end>")]
    return [(framed(pieces.encode(read).ids, pieces), pieces.encode(written).ids) for read, written in said]


def test_what_word_pieces_lose_is_put_back(pieces: Any) -> None:
    text = "it's the seller's (well-known) case <order_1>, isn't it; and I'd ask."
    assert pieces.decode(pieces.encode(text).ids, skip_special_tokens=False) == text


def test_both_sides_begin_with_the_weights_of_the_encoder(base: Path, model: WarmModel) -> None:
    from transformers import BertModel

    began: Any = BertModel.from_pretrained(base)
    layer = began.encoder.layer[1].attention.self.key.weight.detach().bfloat16().float()
    for side in (model.model.encoder, model.model.decoder.bert):
        assert torch.equal(side.encoder.layer[1].attention.self.key.weight, layer)
    assert (
        model.embedded(torch.tensor([[7]]))[0, 0].tolist()
        == began.embeddings.word_embeddings.weight[7].bfloat16().tolist()
    )


def test_padding_changes_no_loss(model: WarmModel, rows: list[Row], pieces: Any) -> None:
    together, count = model.loss(stacked(rows, pieces))
    alone = [model.loss(stacked([row], pieces)) for row in rows]
    assert count == sum(n for _, n in alone) == sum(len(written) for _, written in rows)
    mean = sum(float(loss.detach()) * n for loss, n in alone) / count
    assert float(together.detach()) == pytest.approx(mean, rel=1e-4)


def test_no_written_token_sees_a_later_one(model: WarmModel, rows: list[Row], pieces: Any) -> None:
    reads, is_read, inputs, following = stacked(rows[:1], pieces)
    first = following.clone()
    first[:, 2:] = IGNORED
    changed = inputs.clone()
    changed[:, 2:] = 9
    before, _ = model.loss((reads, is_read, inputs, first))
    after, _ = model.loss((reads, is_read, changed, first))
    assert float(before.detach()) == pytest.approx(float(after.detach()), rel=1e-5)


def test_batches_hold_every_row_and_no_more_tokens_than_they_may(rows: list[Row], pieces: Any) -> None:
    found = list(batched(rows * 9, 60, pieces))
    assert sum(len(batch[0]) for batch in found) == 18
    assert all(reads.numel() + inputs.numel() <= 60 for reads, _, inputs, _ in found)


def test_it_is_served_as_it_was_trained(model: WarmModel, rows: list[Row], pieces: Any, tmp_path: Path) -> None:
    """Saved, loaded and decoded a token at a time from kept keys: the same likelihood as in training."""
    model.save(tmp_path)
    pieces.save(str(tmp_path / "tokenizer.json"))
    decoder = WarmDecoder(tmp_path)
    read, written = rows[0]
    with torch.inference_mode():
        reading = decoder.reading(read[1:-1], len(written))
        state = reading.read(lambda: False)
        loss = 0.0
        for token in written:
            assert state is not None
            loss -= float(decoder.logits(state).log_softmax(0)[token])
            state = reading.advance([token])
    expected, _ = model.loss(stacked(rows[:1], pieces))
    assert loss / len(written) == pytest.approx(float(expected.detach()), rel=1e-3)
    assert decoder.reading(read, 1).read(lambda: True) is None
    with pytest.raises(PromptTooLongError, match="512"):
        decoder.reading([9] * 600, 1).read(lambda: False)


@pytest.mark.slow
def test_training_keeps_the_words_and_learns_the_rest(
    base: Path, pieces: Any, corpus: tuple[CorpusThread, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--minutes", "0.02", "--threads", "6", "--batch-tokens", "700", "--checks", "1", "--base", str(base)]
    assert main(["--out", str(tmp_path), *options]) == 0
    assert '"pairs"' in capsys.readouterr().out
    began = WarmModel(base, pieces)
    decoder = WarmDecoder(tmp_path)
    words = decoder.model.encoder.embeddings.word_embeddings.weight
    assert torch.equal(words, decoder.model.decoder.bert.embeddings.word_embeddings.weight)
    assert torch.equal(words[: len(began.words)], began.words.bfloat16().float())
    assert len(words) == len(began.words) + len(began.added)
    key = "encoder.encoder.layer.0.attention.self.key.weight"
    assert not torch.equal(decoder.model.state_dict()[key], began.model.state_dict()[key].bfloat16().float())
    writer = DeskWriter(tmp_path)
    assert writer.languages == ("en",)
    thread = next(t for t in corpus if t.language == "en" and t.facts)
    for task in (SUMMARY, REPLY):
        written = list(writer.write(Asked(task, "en"), thread.plain.messages, thread.plain_facts))
        assert written
        assert all(line.sentence.cites and not SLOT.search(line.sentence.text) for line in written)
    with pytest.raises(InputError, match="writes en"):
        list(writer.write(Asked(SUMMARY, "zh-Hans"), thread.plain.messages))
    (tmp_path / "config.json").write_text('{"model_type": "encoder-decoder", "is_encoder_decoder": true}', "utf-8")
    with pytest.raises(CheckpointError, match=r"^[^\n]*$"):
        DeskWriter(tmp_path)
