"""docs/adapters.md, followed literally: its blocks are written to a folder, and its sample is loaded."""

import json
import re
from pathlib import Path

import pytest

from analytics.errors import InputError
from analytics.ingest import load, read_map
from tests.analytics.ingest.folders import make_warehouse

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "adapters.md"
BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    """What stands behind the language of each fence (file=NAME, output, map) → its text."""
    return {label: text for _, label, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")) if label}


@pytest.fixture(scope="module")
def adapter(blocks: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide") / "two_shops"
    for label, text in blocks.items():
        if label.startswith("file="):
            path = folder / label.removeprefix("file=")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


def test_the_adapter_of_the_guide_loads_its_sample(tmp_path: Path, adapter: Path, blocks: dict[str, str]) -> None:
    warehouse = make_warehouse(tmp_path)
    result = load(warehouse, adapter, adapter / "sample")
    printed = json.loads(blocks["output"])
    assert {name: getattr(result, name) for name in printed} == printed
    (kept,) = warehouse.quarantine().to_dict("records")
    assert (kept["file"], kept["line"], kept["column"]) == ("lines.csv", 5, "occurred_at")
    with warehouse.cursor() as cursor:
        sql = "select kind, count(*) as n, sum(amount)::double as amount from events group by kind order by kind"
        assert [tuple(row.values()) for row in cursor.rows(sql)] == [
            ("order_cancelled", 1, None),
            ("order_placed", 3, 114.8),
            ("order_shipped", 1, None),
        ]
    again = load(warehouse, adapter, adapter / "sample")
    assert (again.loaded, again.duplicate, again.snapshot_id) == (0, 7, result.snapshot_id)


def test_the_remedy_of_the_guide_loads_the_row_too(tmp_path: Path, adapter: Path) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    (remedy,) = (text for language, label, text in BLOCK.findall(guide) if language == "sql" and not label)
    folder = tmp_path / "mended"
    folder.mkdir()
    for path in adapter.glob("*.*"):
        text = path.read_text().replace("raw_orders.ordered as occurred_at", remedy.strip())
        (folder / path.name).write_text(text)
    result = load(make_warehouse(tmp_path), folder, adapter / "sample")
    assert (result.loaded, result.quarantined) == (8, 0)


def test_the_map_of_the_guide_is_one(tmp_path: Path, blocks: dict[str, str]) -> None:
    (tmp_path / "map.toml").write_text(blocks["map"])
    assert read_map(tmp_path / "map.toml").values == {"kind": {"new": "order_placed", "cancelled": "order_cancelled"}}


BROKEN = [
    ('nam = "x"\n', "unknown key 'nam'. Did you mean 'name'?"),
    ("[files.orders]\nrequired = true\n", "needs a name of letters, digits and _ and a `match`"),
    ('source_time_zone = "Berlin"\n[files.orders]\nmatch = "x.csv"\n', "'Berlin' is no time zone"),
    ('name = "x"\n', r"needs at least one \[files.NAME\]"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN, ids=lambda value: value[:30])
def test_a_broken_adapter_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "adapter.toml").write_text(text)
    (folder / "events.sql").write_text("select * from raw_orders")
    with pytest.raises(InputError, match=said) as caught:
        load(make_warehouse(tmp_path), folder, tmp_path)
    assert "\n" not in str(caught.value)


def test_broken_sql_of_an_adapter_names_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "adapter.toml").write_text('[files.orders]\nmatch = "orders.csv"\n')
    (folder / "events.sql").write_text("select order_id as evnt, _file, _line from raw_orders where nonsense > 1")
    (tmp_path / "orders.csv").write_text("order_id\n1\n")
    with pytest.raises(InputError, match=r"events\.sql of the source 'mine' can't be read as events: .*nonsense"):
        load(make_warehouse(tmp_path), folder, tmp_path)


def test_a_cast_that_fails_in_an_adapter_is_one_clear_line(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "adapter.toml").write_text('[files.orders]\nmatch = "orders.csv"\n')
    select = "select id as event_id, seen::timestamp as occurred_at, 'view' as kind, _file, _line from raw_orders"
    (folder / "events.sql").write_text(select)
    (tmp_path / "orders.csv").write_text("id,seen\n1,yesterday\n")
    with pytest.raises(
        InputError, match=r"events\.sql of the source 'mine' can't be read as events: .*yesterday"
    ) as caught:
        load(make_warehouse(tmp_path), folder, tmp_path)
    assert "\n" not in str(caught.value)


def test_an_unknown_table_of_an_adapter_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "adapter.toml").write_text('[files.orders]\nmatch = "orders.csv"\n')
    (folder / "orders.sql").write_text("select 1")
    with pytest.raises(InputError, match=r"orders\.sql names no canonical table"):
        load(make_warehouse(tmp_path), folder, tmp_path)
