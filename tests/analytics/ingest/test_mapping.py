"""Maps: guessed from a file, kept as TOML, checked without loading, and loaded."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import InputError
from analytics.ingest import ColumnMap, Dialect, check, guess_map, load, map_to_toml, preview, read_map
from analytics.tables import TABLES
from tests.analytics.ingest.folders import make_warehouse

SALES = """Invoice No;Seller;Customer ID;When;What;Line total
A1;shop-1;77;31.01.2024 18:05;SALE;12.50
A2;shop-2;;01.02.2024 09:00;SALE;7
A2;shop-2;;02.02.2024 10:00;VOID;
A3;shop-2;78;2024-02-03;SALE;oops
"""
MAP = """
table = "events"
time_zone = "Europe/Berlin"

[columns]
order_id = "Invoice No"
merchant_id = "Seller"
buyer_id = "Customer ID"
occurred_at = "When"
kind = "What"
amount = "Line total"
event_id = "Invoice No"

[constants]
currency = "EUR"

[values.kind]
SALE = "order_placed"
VOID = "order_cancelled"

[values.event_id]
A2 = "A2-first"

[formats]
occurred_at = "%d.%m.%Y %H:%M"
"""


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(SALES, encoding="cp1252")
    return path


@pytest.fixture
def map_path(tmp_path: Path) -> Path:
    path = tmp_path / "sales.toml"
    path.write_text(MAP)
    return path


def test_preview_says_what_a_file_is_and_may_mean(sales: Path) -> None:
    seen = preview(sales)
    assert (seen.format, seen.delimiter, seen.encoding) == ("csv", ";", "utf-8")
    assert seen.columns == ("Invoice No", "Seller", "Customer ID", "When", "What", "Line total")
    assert seen.rows[0]["Seller"] == "shop-1"
    assert seen.rows[1]["Customer ID"] is None
    assert seen.values["What"] == ("SALE", "VOID")
    assert seen.mapping.columns.items() >= {
        "merchant_id": "Seller", "buyer_id": "Customer ID", "order_id": "Invoice No", "amount": "Line total",
    }.items()  # fmt: skip


@pytest.mark.parametrize("table", list(TABLES))
def test_a_file_in_the_canonical_shape_is_guessed_whole(table: str) -> None:
    names = TABLES[table].column_names()
    guessed = guess_map(names, "upload.csv")
    assert guessed.table == table
    assert dict(guessed.columns) == {name: name for name in names}


def test_check_shows_the_rejects_without_a_warehouse(sales: Path, map_path: Path) -> None:
    result = check(sales, map_path)
    assert (result.table, result.read, result.good, result.quarantined) == ("events", 4, 3, 1)
    (kept,) = result.rejects.to_dict("records")
    assert (kept["line"], kept["column"]) == (5, "occurred_at")
    assert "amount is no amount" in kept["reason"]


def test_a_mapped_load(tmp_path: Path, sales: Path, map_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    result = load(warehouse, "canonical", sales, mapping=map_path)
    # A2 placed and A2 cancelled were given one event id by this map: a conflict that is shown.
    assert (result.read, result.loaded, result.conflict, result.quarantined) == (4, 2, 1, 1)
    with warehouse.cursor() as cursor:
        sql = """select event_id, kind, currency, strftime(occurred_at, '%d %H:%M') as utc from events order by all"""
        assert [tuple(row.values()) for row in cursor.rows(sql)] == [
            ("A1", "order_placed", "EUR", "31 17:05"),
            ("A2-first", "order_placed", "EUR", "01 08:00"),
        ]


BROKEN_MAPS = [
    ("[columns]\n", "table is None: set one of events"),
    ('table = "orders"\n', "table is 'orders': set one of events"),
    ('table = "events"\ncolum = 1\n', "unknown key 'colum'. Did you mean 'columns'?"),
    (
        'table = "events"\n[columns]\nmerchnt_id = "x"\n',
        r"\[columns\] unknown key 'merchnt_id'. Did you mean 'merchant_id'?",
    ),
    ('table = "events"\ntime_zone = "Mars/Base"\n', "'Mars/Base' is no time zone"),
    ('table = "events"\n[columns]\nkind = "What"\n[constants]\nkind = "view"\n', "'kind' stands in"),
    ("table = events\n", "is no valid TOML"),
    (
        'table = "events"\n[columns]\nkind = "Whta"\n',
        "no column 'Whta', which the map names for kind .*Did you mean 'What'",
    ),
]


@pytest.mark.parametrize(("text", "said"), BROKEN_MAPS, ids=lambda value: value[:40])
def test_a_broken_map_is_one_clear_line(tmp_path: Path, sales: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        check(sales, path)
    assert "\n" not in str(caught.value)


def test_a_map_goes_with_canonical_only(tmp_path: Path, sales: Path, map_path: Path) -> None:
    with pytest.raises(InputError, match="A map goes with the source 'canonical' only"):
        load(make_warehouse(tmp_path), "olist", sales, mapping=map_path)


WORD = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
COLUMN = st.sampled_from(TABLES["events"].column_names())


@given(
    columns=st.dictionaries(COLUMN, WORD, max_size=5),
    values=st.dictionaries(COLUMN, st.dictionaries(WORD, WORD, min_size=1, max_size=3), max_size=2),
    zone=st.sampled_from([None, "Asia/Shanghai"]),
    delimiter=st.sampled_from([None, ";"]),
)
def test_a_map_survives_its_toml(
    tmp_path_factory: pytest.TempPathFactory,
    columns: dict[str, str],
    values: dict[str, dict[str, str]],
    zone: str | None,
    delimiter: str | None,
) -> None:
    path = tmp_path_factory.mktemp("map") / "map.toml"
    given_map = ColumnMap("events", columns, values=values, time_zone=zone, dialect=Dialect(delimiter=delimiter))
    path.write_text(map_to_toml(given_map), encoding="utf-8")
    assert read_map(path) == given_map
