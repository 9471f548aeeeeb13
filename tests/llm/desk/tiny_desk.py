"""Makes a model of the desk's own in a second: random weights, a tokenizer trained on the policy, no word of the house."""

import json
from pathlib import Path

import torch

from llm.desk.card import CARD
from llm.desk.model import DeskModel, Geometry, save_model
from llm.desk.prompt import END, PAD
from llm.desk.tokenizer import save_tokenizer, train_tokenizer
from llm.knowledge import Knowledge

KNOWLEDGE = Path(__file__).parents[3] / "data" / "knowledge"
TINY = Geometry(vocabulary=1_408, width=32, layers=2, heads=2, inner=48, context=1_024)


def make_desk_model(folder: Path) -> Path:
    """One that writes words of the sources that a sentence names: without words of the house the grammar allows no others."""
    knowledge = Knowledge.load(KNOWLEDGE)
    texts = [passage.text for language in ("en", "zh-Hans") for passage in knowledge.passages(language)]
    tokenizer = train_tokenizer(texts, 1_400)
    torch.manual_seed(7)
    save_model(DeskModel(TINY), folder, ends=[tokenizer.token_to_id(END)], padding=tokenizer.token_to_id(PAD))
    save_tokenizer(tokenizer, folder, TINY.context)
    nothing = [tokenizer.token_to_id(END)]
    (folder / CARD).write_text(json.dumps({"format": 1, "house": {"en": nothing, "zh-Hans": nothing}}), "utf-8")
    return folder
