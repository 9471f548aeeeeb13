"""What the documents say is true: links lead somewhere, and every setting, metric, mart and command is described."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").glob("*.md")])
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [t for t in targets if not (document.parent / t).exists()]
    assert missing == []


def test_every_setting_is_in_the_readme() -> None:
    from app.settings import Settings

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("## Settings", 1)[1].split("\n## ", 1)[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (.*) \|$", table, re.MULTILINE))
    assert rows == {setting.name: setting.metadata["help"] for setting in fields(Settings)}


def test_every_metric_is_in_the_dictionary() -> None:
    from analytics.metrics import CATALOGUE

    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert [m for m in CATALOGUE if f"`{m}`" not in text] == []


def test_every_mart_is_in_the_dictionary() -> None:
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    marts = [path.stem.split("_", 1)[1] for path in (ROOT / "analytics" / "sql" / "marts").glob("*.sql")]
    assert marts
    assert [m for m in marts if f"`{m}`" not in text] == []


def test_every_command_is_in_the_readme() -> None:
    from app.commands import main

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [
        name for name in main.list_commands(None) if f"`{name}" not in readme and f"trustdesk {name}" not in readme
    ] == []


def test_the_make_targets_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)`?", readme)) <= targets


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:3]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
