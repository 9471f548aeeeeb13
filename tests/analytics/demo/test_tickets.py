"""Tickets grow out of events: what a ticket names exists, and happened before the ticket was opened."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd

from tests.analytics.demo.conftest import Made

TAXONOMY = Path(__file__).parents[3] / "data" / "knowledge" / "taxonomy.toml"


def test_orders_in_tickets_exist_and_belong_to_the_merchant(made: Made, orders: pd.DataFrame) -> None:
    truth = made.table("truth/tickets")
    opened = made.table("tickets").set_index("ticket_id").opened_at
    named = truth.explode("order_ids").dropna(subset="order_ids")
    assert len(named) > 500
    order = orders.set_index("order_id").reindex(named.order_ids)
    assert (order.merchant_id.to_numpy() == named.merchant_id.to_numpy()).all()
    assert (order.placed_at.to_numpy() < opened.reindex(named.ticket_id).to_numpy()).all()


def test_appeals_name_an_existing_penalty_of_the_merchant(made: Made, events: pd.DataFrame) -> None:
    truth = made.table("truth/tickets")
    appeals = truth[truth.intent == "penalty_appeal"]
    issued = events[events.kind == "penalty_issued"].set_index("event_id").merchant_id
    assert len(appeals) > 10
    assert (issued.reindex(appeals.penalty_id).to_numpy() == appeals.merchant_id.to_numpy()).all()
    lifted = set(events[events.kind == "penalty_lifted"].reason)
    decided = appeals[appeals.resolution.notna()]
    assert ((decided.resolution == "penalty_lifted") == decided.penalty_id.isin(lifted)).all()


def test_outage_tickets_name_the_orders_that_the_outage_held_up(made: Made) -> None:
    truth = made.table("truth/tickets")
    hit = made.table("truth/orders").set_index("order_id").is_outage
    stuck = truth[truth.intent == "carrier_outage"].explode("order_ids")
    assert stuck.ticket_id.nunique() >= 10
    assert hit.reindex(stuck.order_ids).all()


def test_messages_tell_the_ticket_from_its_opening_on(made: Made) -> None:
    tickets = made.table("tickets").set_index("ticket_id")
    messages = made.table("messages").sort_values(["ticket_id", "sent_at"])
    assert messages.message_id.is_unique
    assert set(messages.ticket_id) == set(tickets.index)
    first = messages.groupby("ticket_id").first().reindex(tickets.index)
    assert (first.sent_at == tickets.opened_at).all()
    assert (first.author == tickets.opened_by).all()
    assert messages.text.str.strip().ne("").all()
    assert messages.sent_at.max() < pd.Timestamp("2026-11-01", tz="UTC")
    assert (messages.groupby("ticket_id").sent_at.diff().dropna() > pd.Timedelta(0)).all()


def test_status_csat_and_resolution_agree(made: Made, events: pd.DataFrame) -> None:
    tickets = made.table("tickets").set_index("ticket_id")
    assert set(tickets.status) == {"open", "pending", "resolved"}
    assert (tickets.resolved_at.notna() == (tickets.status == "resolved")).all()
    answers = events[(events.kind == "csat_answered") & events.buyer_id.isna()].set_index("reason")
    scored = tickets[tickets.csat_score.notna()]
    assert set(answers.index) == set(scored.index)
    assert (answers.score.reindex(scored.index) == scored.csat_score).all()
    assert (answers.occurred_at.reindex(scored.index) > scored.resolved_at).all()


def test_both_languages_and_many_intents_occur(made: Made) -> None:
    truth = made.table("truth/tickets")
    intents = {intent["id"] for intent in tomllib.loads(TAXONOMY.read_text(encoding="utf-8"))["intent"]}
    assert set(truth.intent) <= intents
    assert len(set(truth.intent)) >= 30
    share = truth.language.value_counts(normalize=True)
    assert 0.15 < share["zh-Hans"] < 0.5
