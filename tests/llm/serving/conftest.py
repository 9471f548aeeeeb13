from pathlib import Path

import pytest

from tests.llm.serving.tiny_checkpoint import make_checkpoint


@pytest.fixture(scope="session")
def checkpoint_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen3 chat checkpoint; read it, do not change it."""
    return make_checkpoint(tmp_path_factory.mktemp("checkpoints") / "Tiny-Qwen3")
