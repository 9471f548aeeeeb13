"""A marketplace with threads for the language panel: what several files of tests read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands import main
from app.identity import Actor
from app.services import reply
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.settings import load_settings
from tests.app.conftest import write_source

ANN = Actor("local:ann", "Ann", "local")
BEN = Actor("header:ben", "Ben", "header")
HOSTILE = "<script>alert(1)</script> **bold** :red[x] $a$ [link](http://evil.example) \u202eשלום\u202c 😀 \x07\x00 end"
PAGES = Path(__file__).resolve().parents[3] / "app" / "views"

PRIVATE_MESSAGE = (
    "My name is Jorge Medina. Order TD-10017578, SKU TB-4410, was late though we handed it over in time, please check the fault. "
    "Call +65 9123 4567 or write to jorge.medina@example.org; the buyer paid with 4111 1111 1111 1111."
)
PRIVATE = ("Jorge Medina", "9123 4567", "jorge.medina@example.org", "4111 1111 1111 1111")
"""What must not be read in t-private."""
TICKETS = {
    "t-en": ("o0", "Late order", "open"),
    "t-zh": ("o1", "咨询", "open"),
    "t-empty": (None, "Nothing said", "open"),
    "t-long": (None, "Endless", "pending"),
    "t-hostile": (None, HOSTILE, "open"),
    "t-done": ("o2", "Solved", "resolved"),
    "t-private": ("o3", "Call Jorge Medina", "open"),
}
MESSAGES = {
    "t-en": [
        (
            "merchant",
            "Order o0 is counted as late, but we handed it over to the carrier in time. Please check the fault.",
        ),
        ("agent", "Could you send the carrier's acceptance scan?"),
        ("merchant", "Attached is the scan. Order foreign-99123 is late too, why?"),
    ],
    "t-zh": [("merchant", "你好，订单 o1 被判为延误，但我们按时交给了承运商，请核查责任。")],
    "t-long": [("merchant", "Our payout has not arrived. " * 3_571)],
    "t-hostile": [("merchant", HOSTILE)],
    "t-done": [("merchant", "Where is my payout for order o2?"), ("agent", "It was sent.")],
    "t-private": [
        ("merchant", PRIVATE_MESSAGE),
        ("agent", "Thank you, Jorge Medina. Which carrier took order TD-10017578?"),
    ],
}


@pytest.fixture(scope="module")
def desk_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made marketplace with six tickets of merchant a, opened on 10 Feb 2026, a message an hour."""
    folder = tmp_path_factory.mktemp("desk")
    source = write_source(folder / "source")
    opened = datetime(2026, 2, 10, 8, tzinfo=UTC)
    listed = [
        {
            "ticket_id": ticket_id,
            "merchant_id": "a",
            "opened_by": "merchant",
            "order_id": order_id,
            "opened_at": opened.isoformat(),
            "channel": "email",
            "subject": subject,
            "status": status,
            "priority": "normal",
            "resolved_at": (opened + timedelta(days=1)).isoformat() if status == "resolved" else None,
            "updated_at": opened.isoformat(),
        }
        for ticket_id, (order_id, subject, status) in TICKETS.items()
    ]
    written = [
        {
            "message_id": f"{ticket_id}-{n}",
            "ticket_id": ticket_id,
            "sent_at": (opened + timedelta(hours=n)).isoformat(),
            "author": author,
            "text": text,
        }
        for ticket_id, said in MESSAGES.items()
        for n, (author, text) in enumerate(said)
    ]
    penalty = {
        "event_id": "pen1",
        "occurred_at": "2026-02-01T08:00:00Z",
        "kind": "penalty_issued",
        "merchant_id": "a",
        "clause": "F-2.1",
        "penalty_points": 4,
        "expires_at": "2026-05-02T08:00:00Z",
    }
    with (source / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(penalty) + "\n")
    for name, rows in (("tickets", listed), ("messages", written)):
        (source / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    root = folder / "warehouse"
    result = CliRunner().invoke(main, ["ingest", "canonical", str(source), "--warehouse", str(root)])
    assert result.exit_code == 0, result.output
    return root


@pytest.fixture
def desk(desk_warehouse: Path, tmp_path: Path) -> Iterator[Runtime]:
    settings = load_settings(
        {},
        overrides={
            "warehouse": str(desk_warehouse),
            "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
            "encoder": "false",
            "stale_after_days": 100_000,
        },
    )
    with use_runtime(Runtime(settings)) as runtime:
        yield runtime
        runtime.close()


def drafted(ticket_id: str, actor: Actor = ANN) -> tuple[reply.StoredDraft, reply.IssueBrief]:
    asked = reply.brief(snapshot_id(), ticket_id)
    assert asked is not None
    return reply.keep(snapshot_id(), "a", asked, reply.write_now(asked), actor), asked
