"""Makes tiny checkpoints in a second: random weights, a BPE trained on a few lines; Qwen3, T5, mT5, BART, and an adapter."""

from pathlib import Path
from typing import Any, Literal

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LINES = [
    "Your order A-1001 was late because the carrier stopped for three days.",
    "We have lifted the penalty of 4 points and refunded 25.00 USD.",
    "您的订单因承运商中断而延误，我们已撤销扣分。",
    "谢谢您的耐心等待 🙂 system user assistant",
]


def make_tokenizer(*, chat_template: str | None = CHATML) -> Any:
    """Byte-level BPE of at most 500 tokens, with ChatML's special ones."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        LINES,
        trainers.BpeTrainer(
            vocab_size=500,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    return tokenizer


def make_checkpoint(folder: Path, *, context_length: int = 4096, chat_template: str | None = CHATML) -> Path:
    """A Qwen3. Its end token never wins (zero logit), so an answer ends by length, cancel or time-out only."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = make_tokenizer(chat_template=chat_template)
    torch.manual_seed(7)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=context_length,
        tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen3ForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


EncoderDecoder = Literal["t5", "mt5", "bart"]


def make_encoder_decoder(folder: Path, kind: EncoderDecoder, *, context_length: int = 128) -> Path:
    """A T5, mT5 or BART; of T5 and mT5 the tokenizer names the context, as theirs do."""
    import torch
    from transformers import (
        BartConfig,
        BartForConditionalGeneration,
        MT5Config,
        MT5ForConditionalGeneration,
        T5Config,
        T5ForConditionalGeneration,
    )

    tokenizer = make_tokenizer(chat_template=None)
    torch.manual_seed(11)
    tokens: dict[str, Any] = {
        "vocab_size": len(tokenizer) + 12,  # padded, as T5's own is
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "decoder_start_token_id": tokenizer.pad_token_id,
    }
    relative: dict[str, Any] = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
    model: Any
    if kind == "bart":
        sizes = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in _BART_SIDE.items()}
        model = BartForConditionalGeneration(
            BartConfig(**tokens, d_model=32, max_position_embeddings=context_length, **sizes)
        )
        model.generation_config.num_beams = 4  # as BART's summarisers say
        model.generation_config.early_stopping = True
    else:
        tokenizer.model_max_length = context_length
        shape = (MT5Config, MT5ForConditionalGeneration) if kind == "mt5" else (T5Config, T5ForConditionalGeneration)
        model = shape[1](shape[0](**tokens, **relative))
    with (
        torch.no_grad()
    ):  # neither a special token nor one of the padding, so that an answer has words and the length asked for
        model.get_output_embeddings().weight[:3] = 0
        model.get_output_embeddings().weight[len(tokenizer) :] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


_BART_SIDE = {"layers": 2, "attention_heads": 4, "ffn_dim": 64}


def make_adapter(folder: Path, base: Path, *, named: str | None = None) -> Path:
    """A LoRA of random weights (both factors, so that it changes answers) on the causal model in `base`."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(13)
    causal: Any = AutoModelForCausalLM
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    adapted = get_peft_model(causal.from_pretrained(base), config)
    config.base_model_name_or_path = named or str(base)
    adapted.save_pretrained(folder)
    return folder
