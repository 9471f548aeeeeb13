"""Which checkpoint folders hold a model of the desk's own: those with its card. Knows no model, and no more than a file's name."""

from pathlib import Path

CARD = "desk.json"


def is_desk_model(folder: Path) -> bool:
    """Whether a checkpoint folder holds a model of the desk's own, which takes briefs instead of chats."""
    return (folder / CARD).is_file()
