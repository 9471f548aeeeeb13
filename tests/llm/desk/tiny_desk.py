"""Makes a model of the desk's own in a second: random weights, a tokenizer trained on the policy, no word of the house."""

from pathlib import Path

from llm.desk.model import Geometry
from llm.desk.speed import random_writer
from llm.knowledge import Knowledge

KNOWLEDGE = Path(__file__).parents[3] / "data" / "knowledge"
TINY = Geometry(vocabulary=1_400, width=32, layers=2, heads=2, inner=48, context=1_024)


def make_desk_model(folder: Path) -> Path:
    """One that writes words of the sources that a sentence names: without words of the house the grammar allows no others."""
    knowledge = Knowledge.load(KNOWLEDGE)
    texts = [passage.text for language in ("en", "zh-Hans") for passage in knowledge.passages(language)]
    return random_writer(folder, TINY, texts)
