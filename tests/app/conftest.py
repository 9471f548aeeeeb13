"""A small warehouse of hand-made events that the commands are asked about."""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine
from streamlit.components.v2 import manifest_scanner

from analytics.warehouse import Warehouse
from app.commands import main
from app.services import answering
from app.services.runtime import Runtime
from app.settings import Settings, load_settings
from app.workspace import database
from llm.confidence import Calibration
from llm.handover import FILE, read_reasons

Invoke = Callable[..., Result]


def write_source(folder: Path) -> Path:
    """Two merchants: a sells 40 orders, 10 of them late by its own fault; b sells 4. One day an order, from 2026-01-01."""
    folder.mkdir()
    events = []
    for place in range(44):
        merchant = "a" if place < 40 else "b"
        day = f"2026-{1 + place // 28:02d}-{1 + place % 28:02d}"
        order = {"order_id": f"o{place}", "merchant_id": merchant, "buyer_id": f"u{place}"}
        is_late = place < 10
        events += [
            {
                **order,
                "event_id": f"p{place}",
                "kind": "order_placed",
                "occurred_at": f"{day}T08:00:00Z",
                "line_id": "1",
                "product_id": "x",
                "quantity": 1,
                "amount": "10.50",
                "currency": "USD",
                "ship_by_at": f"{day}T12:00:00Z",
                "deliver_by_at": f"{day}T20:00:00Z",
            },
            {
                **order,
                "event_id": f"s{place}",
                "kind": "order_shipped",
                "occurred_at": f"{day}T{13 if is_late else 10}:00:00Z",
            },
            {
                **order,
                "event_id": f"d{place}",
                "kind": "order_delivered",
                "occurred_at": f"{day}T{21 if is_late else 18}:00:00Z",
            },
        ]
    merchants = [
        {
            "merchant_id": merchant,
            "name": name,
            "category": "Toys",
            "region": "North",
            "updated_at": "2026-01-01T00:00:00Z",
        }
        for merchant, name in (("a", "Lotus"), ("b", "Kite"))
    ]
    for name, rows in (("events", events), ("merchants", merchants)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="session", autouse=True)
def components_found_once() -> Iterator[None]:
    """Streamlit looks through every installed package for each AppTest; what is installed stays the same."""
    with pytest.MonkeyPatch.context() as patch:
        found = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new SQLite workspace begins as a copy of one that the migrations made: they run once, not for every test."""
    made = tmp_path_factory.mktemp("migrated") / "workspace.sqlite"
    migrate = database.migrate
    database.open_database(f"sqlite:///{made}").engine.dispose()

    def copied(engine: Engine) -> None:
        at = Path(engine.url.database or ":memory:")
        if engine.dialect.name == "sqlite" and at.name != ":memory:" and not at.exists():
            with suppress(OSError):  # no such place, or another thread was first: migrations meet it as they always do
                copy = Path(shutil.copyfile(made, at.with_name(f"{at.name}.{uuid4().hex}")))
                os.link(copy, at)
                copy.unlink()
                return
        migrate(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", copied)
        yield


@pytest.fixture(scope="session")
def opened_demo(demo_warehouse: Path) -> Warehouse:
    """The small demo with all that was opened of it, such as its past days, which take a second each to go back to."""
    opened = Runtime(load_settings({}, overrides={"warehouse": str(demo_warehouse)})).warehouse
    opened._forget_old = lambda: None  # type: ignore[method-assign]
    return opened


class OnWarehouse(Runtime):
    """A test's own runtime, workspace and desk, on a warehouse that others have open too."""

    def __init__(self, settings: Settings, warehouse: Warehouse) -> None:
        super().__init__(settings)
        self._warehouse = warehouse


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command with its warehouse and workspace in a temporary folder and without sentence vectors."""
    monkeypatch.setenv("TRUSTDESK_WORKSPACE_URL", f"sqlite:///{tmp_path}/workspace.sqlite")
    monkeypatch.setenv("TRUSTDESK_ENCODER", "false")

    def run(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)

    return run


@pytest.fixture
def sure_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answering machine is sure of whatever it finds: what it then does is what is tested."""
    reasons = read_reasons(answering.KNOWLEDGE_FOLDER / FILE)
    always = dict.fromkeys(("en", "en+vectors", "zh-Hans"), (30.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(answering, "_rules", lambda: (reasons, Calibration(always, 0.5)))


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made source, loaded."""
    folder = tmp_path_factory.mktemp("commands")
    source = write_source(folder / "source")
    root = folder / "warehouse"
    result = CliRunner().invoke(main, ["ingest", "canonical", str(source), "--warehouse", str(root)])
    assert result.exit_code == 0, result.output
    return root


def lines(result: Result) -> list[dict[str, Any]]:
    """What a command printed with `--json`."""
    return [json.loads(line) for line in result.stdout.splitlines()]
