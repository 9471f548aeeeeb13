"""Ad-hoc analysis on the page and by the command: asked, drawn, saved, opened by its link, refused in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.charts.adhoc import plotted
from app.errors import NotAllowed, NotFound
from app.identity import Actor, current_actor
from app.services import adhoc
from app.services.adhoc import Plot
from app.services.runtime import Runtime, use_runtime
from app.settings import load_settings
from tests.app.conftest import Invoke

ANNA = Actor("local:anna", "Anna", "local")
MAIN = Path(__file__).parents[3] / "app" / "main.py"
ASKED = "select day, sum(order_count) as orders from merchant_day group by day order by day"


@pytest.fixture
def desk(warehouse: Path, tmp_path: Path) -> Iterator[Runtime]:
    overrides = {
        "warehouse": str(warehouse),
        "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
        "encoder": "false",
        "query_timeout_seconds": 300,
        "language": "en",
    }
    with use_runtime(Runtime(load_settings({}, overrides=overrides))) as runtime:
        yield runtime
        runtime.close()


def page(**params: str) -> AppTest:
    found = AppTest.from_file(str(MAIN), default_timeout=120)
    for name, value in params.items():
        found.query_params[name] = value
    return found.switch_page("views/adhoc.py").run()


def answered(found: AppTest, sql: str) -> AppTest:
    """Asks, and looks again until the answer is there, as the page does by itself."""
    found.text_area(key="adhoc.sql").set_value(sql)
    found.button(key="adhoc.run").click().run()
    while "adhoc.running" in found.session_state:
        found.run()
    assert not found.exception
    return found


class TestPage:
    def test_a_question_is_answered_drawn_and_kept_and_its_link_opens_it(self, desk: Runtime) -> None:
        found = answered(page(), ASKED)
        assert "44 rows" in [each.value for each in found.caption]
        assert found.dataframe[-1].value["orders"].sum() == 44

        found.session_state["adhoc.answer.view"] = "chart"
        found.run()
        assert found.get("plotly_chart")
        assert found.session_state["adhoc.plot"] == Plot("line", "day", "orders")

        found.text_input(key="adhoc.name").set_value("Orders by day").run()
        found.button(key="adhoc.save").click().run()
        (kept,) = adhoc.saved()
        assert (kept.name, kept.sql, kept.plot) == ("Orders by day", ASKED, Plot("line", "day", "orders"))
        assert desk.workspace.audit.entries(limit=1)[0].action == "query.saved"

        other = page(query=kept.query_id)
        assert other.text_area(key="adhoc.sql").value == ASKED
        assert any("is a link to" in each.value for each in other.caption)
        other.button(key="adhoc.remove").click().run()
        assert adhoc.saved() == []

    def test_a_query_that_somebody_removed_is_one_line_when_it_is_opened_or_removed(self, desk: Runtime) -> None:
        me = current_actor(desk.settings)
        first, second = adhoc.save("First", "select 1", None, me), adhoc.save("Second", "select 2", None, ANNA)
        found = page(query=first.query_id)
        adhoc.remove(second.query_id, ANNA)
        chooser = next(each for each in found.selectbox if each.key and each.key.startswith("adhoc.open."))
        chooser.set_value(second.query_id).run()
        assert any("no saved query" in each.value for each in found.warning)
        assert found.text_area(key="adhoc.sql").value == "select 1"
        assert not found.exception

        adhoc.remove(first.query_id, me)
        anew = adhoc.save("First", "select 3", None, ANNA)  # another one under the name of the removed one
        found.button(key="adhoc.remove").click().run()
        assert any("somebody removed it" in each.value for each in found.warning)
        assert [query.query_id for query in adhoc.saved()] == [anew.query_id]
        assert not found.exception

    def test_who_saved_a_query_alone_removes_it(self, desk: Runtime) -> None:
        kept = adhoc.save("Hers", "select 1", None, ANNA)
        found = page(query=kept.query_id)
        assert not any(each.key == "adhoc.remove" for each in found.button)
        assert any("Only Anna" in each.value for each in found.caption)
        with pytest.raises(NotAllowed, match="Anna saved Hers"):
            adhoc.remove(kept.query_id, current_actor(desk.settings))

    def test_a_refused_question_and_a_dead_link_are_one_line_each(self, desk: Runtime) -> None:
        found = answered(page(query="nothing"), "select * from buyers")
        said = [each.value.replace("\\", "") for each in found.warning]
        assert any("Line 1, column 15: there is no table buyers here" in line for line in said)
        assert any("no saved query" in each.value for each in page(query="nothing").warning)


class TestService:
    def test_a_name_that_is_taken_is_refused_and_an_unknown_link_is_told(self, desk: Runtime) -> None:
        adhoc.save("One", "select 1", None, ANNA)
        with pytest.raises(Exception, match="has changed"):
            adhoc.save("One", "select 2", None, ANNA)
        with pytest.raises(NotFound):
            adhoc.opened("no such")

    def test_what_is_too_long_to_ask_is_not_kept(self, desk: Runtime) -> None:
        with pytest.raises(NotAllowed, match="at most 20000 characters; this has 20001"):
            adhoc.save("Long", "x" * 20_001, None, ANNA)
        assert adhoc.saved() == []

    def test_what_can_be_drawn(self) -> None:
        frame = pd.DataFrame({"n": [1, 2], "name": ["a", "b"], "is_good": [True, False]})
        assert adhoc.plottable(frame) == (["n", "name", "is_good"], ["n"])
        assert adhoc.first_plot(frame) == Plot("bar", "name", "n")
        assert adhoc.first_plot(frame[["name"]]) is None
        assert adhoc.first_plot(frame[["n"]]) is None

    @pytest.mark.parametrize("kind", adhoc.KINDS)
    def test_a_figure_holds_the_rows_in_their_order(self, kind: adhoc.Kind) -> None:
        frame = pd.DataFrame({"x": ["b", "a", "c"], "y": pd.array([3, None, 1], dtype="Int64")})
        (trace,) = plotted(frame, kind=kind, x="x", y="y").data
        assert list(trace.x) == ["b", "a", "c"]
        assert [None if pd.isna(value) else value for value in trace.y] == [3, None, 1]

    def test_a_figure_shows_tags_as_text(self) -> None:
        link = '<a href="https://evil.example">a</a>'
        figure = plotted(pd.DataFrame({link: [link], "<b>": [1]}), kind="bar", x=link, y="<b>")
        shown = (*figure.data[0].x, figure.layout.xaxis.title.text, figure.layout.yaxis.title.text)
        assert shown == ('&lt;a href="https://evil.example">a&lt;/a>',) * 2 + ("&lt;b>",)


class TestCommand:
    def test_rows_as_json(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("sql", ASKED + " limit 2;", "--json", "--warehouse", warehouse)
        assert result.exit_code == 0, result.output
        assert [json.loads(line) for line in result.stdout.splitlines()] == [
            {"day": "2026-01-01", "orders": 1},
            {"day": "2026-01-02", "orders": 1},
        ]

    def test_more_than_the_limit_is_told(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("sql", "-", "--json", "--warehouse", warehouse, stdin="select range from range(10001)")
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) == 10_000
        assert "First 10,000 rows of more." in result.stderr

    def test_a_name_of_a_column_moves_no_cursor(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("sql", 'select 1 as "a\x1b[2Jb"', "--warehouse", warehouse)
        assert result.stdout.split() == ["a\ufffd[2Jb", "1"]

    def test_letters_of_another_encoding_are_one_line(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("sql", "-", "--warehouse", warehouse, stdin=b"select 'caf\xe9'")
        assert (result.exit_code, result.stderr.strip()) == (
            1,
            "Error: stdin is not UTF-8 at byte 11: write the query in UTF-8.",
        )

    def test_a_wrong_question_is_one_line(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("sql", "select 1; select 2", "--warehouse", warehouse)
        assert result.exit_code == 1
        assert result.stderr.strip() == "Error: Ask one statement at a time; this holds 2."
