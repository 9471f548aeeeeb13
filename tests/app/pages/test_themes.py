"""Themes that go on from day to day, and one merchant's threads together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics import threads
from analytics.metrics import Scope
from app.commands import main
from app.services import recurring, themes
from app.services.runtime import Runtime, snapshot_id
from llm.triage import Triage
from llm.types import Confidence, Theme
from tests.app.pages.desk_marketplace import desk, desk_warehouse

__all__ = ["desk", "desk_warehouse"]

DAY = date(2026, 2, 12)
SCOPE = Scope(DAY - timedelta(days=29), DAY)
DARK = "the dark mode of the dashboard hurts my eyes at night"
WEBINAR = "the webinar about photography had no recording for us"


def rows(*written: tuple[str, int, datetime]) -> pd.DataFrame:
    """Messages of threads of their own: (text, how many, when)."""
    found = [
        (
            f"{text[4:8]}-{sent_at:%m%d}-{n}",
            f"t-{text[4:8]}-{sent_at:%m%d}-{n}",
            "a",
            sent_at,
            "merchant",
            f"{text} {n}",
        )
        for text, count, sent_at in written
        for n in range(count)
    ]
    frame = pd.DataFrame(found, columns=["message_id", "ticket_id", "merchant_id", "sent_at", "author", "text"])
    return frame.assign(sent_at=pd.to_datetime(frame["sent_at"], utc=True))


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, datetime]]:
    """What merchants wrote, to be filled; the words of these texts fit no intent."""
    said: list[tuple[str, int, datetime]] = []

    def read(cursor: object, scope: Scope, *, limit: int = 0) -> pd.DataFrame:
        days = [one for one in said if scope.date_from <= one[2].date() <= scope.date_to]
        return rows(*days)

    monkeypatch.setattr(threads, "written", read)
    monkeypatch.setattr(Triage, "intents_of", lambda self, texts: [(Confidence("other", 1.0),) for _ in texts])
    return said


def by_word(found: Sequence[Theme]) -> dict[str, Theme]:
    return {word: theme for theme in found for word in ("dark", "webinar") if word in theme.summary}


class TestKept:
    def test_ids_go_on_and_only_the_whole_marketplaces_newest_days_are_kept(
        self, desk: Runtime, written: list[tuple[str, int, datetime]]
    ) -> None:
        written += [(DARK, 20, at(DAY - timedelta(2))), (WEBINAR, 20, at(DAY - timedelta(1)))]
        filtered = themes.themes_of(snapshot_id(), replace(SCOPE, merchants=("a",)))
        assert desk.workspace.themes.all() == []
        first = by_word(themes.themes_of(snapshot_id(), SCOPE))
        assert {name: theme.theme_id for name, theme in first.items()} == {
            name: theme.theme_id for name, theme in by_word(filtered).items()
        }
        kept = desk.workspace.themes.all()
        assert {theme.theme_id for theme in kept} == {theme.theme_id for theme in first.values()}
        written.append((DARK + " and so does its brightness", 15, at(DAY + timedelta(1))))
        tomorrow = replace(SCOPE, date_from=SCOPE.date_from + timedelta(1), date_to=DAY + timedelta(1))
        later = by_word(themes.themes_of(snapshot_id(), tomorrow))
        assert {name: theme.theme_id for name, theme in later.items()} == {
            name: theme.theme_id for name, theme in first.items()
        }
        assert later["dark"].count > first["dark"].count
        newest = desk.workspace.themes.all()
        assert {theme.last_on for theme in newest} == {tomorrow.date_to}
        themes.themes_of(snapshot_id(), SCOPE)
        assert desk.workspace.themes.all() == newest

    def test_what_vanished_and_what_is_new_is_told(
        self, desk: Runtime, written: list[tuple[str, int, datetime]]
    ) -> None:
        written += [(DARK, 40, at(SCOPE.date_from - timedelta(9))), (WEBINAR, 40, at(DAY))]
        cards = themes.theme_cards(snapshot_id(), SCOPE, "en")
        told = {status: [theme.summary for theme in held] for status, held in themes.news(cards).items()}
        assert set(told) == {"new", "vanished"}
        assert "webinar" in told["new"][0]
        assert "dark" in told["vanished"][0]
        assert [card.theme.status for card in cards] == ["new", "vanished"]


class TestRecurring:
    def test_each_statement_cites_its_threads_and_no_text_is_read_again(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        matters = recurring.of_merchant(snapshot_id(), SCOPE, "a")
        found = {one.intent: one for one in matters}
        late = found["late_delivery_dispute"]
        assert {"t-en", "t-zh"} <= set(late.ticket_ids)
        assert set(late.now) == set(late.ticket_ids)
        assert {"o0", "o1"} <= set(late.costs.orders)
        assert "foreign-99123" not in late.costs.orders
        assert late.costs.late == len(set(late.costs.orders) & {f"o{n}" for n in range(10)})
        said = recurring.statements(late)
        assert all(set(one.ticket_ids) <= set(late.ticket_ids) and one.ticket_ids for one in said)
        assert any("orders are named" in one.text for one in said)
        monkeypatch.setattr(Triage, "intents_of", lambda *args: pytest.fail("a text was read again"))
        assert recurring.of_merchant(snapshot_id(), SCOPE, "a") == matters

    def test_the_command_prints_it(self, desk: Runtime, desk_warehouse: object) -> None:
        asked = ["recurring", "a", "--json", "--warehouse", str(desk_warehouse)]
        result = CliRunner().invoke(main, asked, env={"TRUSTDESK_WORKSPACE_URL": desk.settings.workspace_url})
        assert result.exit_code == 0, result.output
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert {line["merchant_id"] for line in lines} == {"a"}
        cites = {cite for line in lines for sentence in line["sentences"] for cite in sentence["cites"]}
        assert "ticket:t-en" in cites
        unknown = CliRunner().invoke(main, [*asked[:1], "nobody", *asked[2:]])
        assert (unknown.exit_code, unknown.stdout) == (1, "")


def drawn() -> None:
    import streamlit as st

    from app.components.themes import theme_list, theme_news

    theme_news(st.session_state["cards"])
    theme_list(st.session_state["cards"], {}, thread_count=3)


def test_the_page_tells_what_is_news(desk: Runtime, written: list[tuple[str, int, datetime]]) -> None:
    written += [(DARK, 40, at(SCOPE.date_from - timedelta(9))), (WEBINAR, 40, at(DAY))]
    page = AppTest.from_function(drawn, default_timeout=120)
    cards = page.session_state["cards"] = themes.theme_cards(snapshot_id(), SCOPE, "en")
    page.query_params["theme"] = cards[0].theme.theme_id
    page.run()
    assert not page.exception
    lines = [one.value for one in page.markdown]
    assert any("**New:**" in line and "(0 → 40)" in line for line in lines)
    assert any("**Gone:**" in line and "(40 → 0)" in line for line in lines)
    assert any("webinar" in one.value for one in page.text)  # what is typical of the chosen theme
    assert any("39 are nearly the same as others" in one.value for one in page.caption)
