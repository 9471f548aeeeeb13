"""Words and tables of the pages: every code has a name, a gap its reason, an export what the screen has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from analytics.metrics import Scope
from analytics.tables import TABLES
from analytics.warehouse import Snapshot
from app.components import header
from app.components.missing import why_missing
from app.components.table import Column, flat, on_screen
from app.components.words import code_name
from app.errors import NoData
from app.exports import to_csv
from app.i18n import use_language
from app.page_errors import sentence
from app.services import figures
from app.services.figures import Number
from app.services.warehouse import filter_options


class TestWords:
    def test_a_change_that_can_not_be_split_says_so_in_the_readers_language(self, demo: str, scope: Scope) -> None:
        with pytest.raises(NoData) as caught:
            figures.change_parts(demo, Number("buyer_concentration", scope), "previous", "region")
        assert sentence(caught.value) == str(caught.value)
        first = Scope(filter_options(demo).data_from, scope.date_to)
        with pytest.raises(NoData) as early:
            figures.change_parts(demo, Number("orders", first), "previous", "region")
        with use_language("zh-Hans"):
            assert "变化无法拆分" in str(sentence(caught.value))
            assert str(sentence(early.value)).startswith("对比时段始于 20")
            assert "年" in str(sentence(early.value))

    def test_every_kind_of_event_has_a_name(self) -> None:
        (kinds,) = [column.allowed for column in TABLES["events"].columns if column.name == "kind"]
        with use_language("zh-Hans"):
            assert [kind for kind in kinds if code_name("kind", kind).isascii()] == []

    def test_codes_of_the_warehouse_have_names(self) -> None:
        assert code_name("detail", "carrier") == "carrier's fault"
        assert code_name("detail", "F-1.1") == "F-1.1"
        assert code_name("status", None) == ""

    def test_missing_values_say_why(self) -> None:
        assert why_missing("too_few", 12, 30, "order") == "12 of 30 orders needed"
        assert why_missing("not_in_source", 0, 30) == "Not in this source"
        assert why_missing("immature", 0, 30) == "Too recent to judge"

    def test_old_data_and_rejected_rows_are_told_simulated_data_does_not_age(self) -> None:
        now = datetime(2026, 11, 30, tzinfo=UTC)
        found = Snapshot("s", now, "UTC", False, now - timedelta(days=90), now - timedelta(days=9), (), {})
        assert header.warnings(found, rejected=3, stale_after_days=3, now=now) == [
            "The newest event is 9 days old",
            "3 rows were set aside at loading",
        ]
        simulated = Snapshot("s", now, "UTC", True, found.data_from, found.data_up_to, (), {})
        assert header.warnings(simulated, rejected=0, stale_after_days=3, now=now) == []
        (told,) = header.warnings(simulated, rejected=0, stale_after_days=3, is_outdated=True, now=now)
        assert "trustdesk build" in told
        assert "simulated data" in header.stamp(simulated)


class TestTable:
    FRAME = pd.DataFrame({"name": ["Lotus"], "late": [0.0481], "n": [12.0], "level": ["too_few"], "hidden": [1]})
    COLUMNS = (
        Column("name", "Merchant"),
        Column("late", "Late", "rate"),
        Column("n", "n", "count"),
        Column("level", "Level", "level"),
    )

    def test_the_export_has_what_the_screen_has(self) -> None:
        shown = on_screen(self.FRAME, self.COLUMNS)
        assert list(shown.columns) == ["name", "late", "n", "level"]
        assert shown["late"].iloc[0] == pytest.approx(4.81)
        lines = to_csv(flat(shown, self.COLUMNS)).decode("utf-8-sig").splitlines()
        assert lines == ["Merchant,Late (%),n,Level", "Lotus,4.81,12,Not enough data"]
