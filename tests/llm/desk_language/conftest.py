"""The committed knowledge and the classifier fitted on it, once for all tests of the folder."""

from pathlib import Path

import pytest

from llm.knowledge import Knowledge
from llm.triage import Triage, triage_of

KNOWLEDGE_FOLDER = Path(__file__).parents[3] / "data" / "knowledge"


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return Knowledge.load(KNOWLEDGE_FOLDER)


@pytest.fixture(scope="session")
def triage(knowledge: Knowledge) -> Triage:
    return triage_of(knowledge.taxonomy)
