"""Small canonical folders and warehouses for the tests of ingest and warehouse."""

from pathlib import Path

from analytics.warehouse import Warehouse

EVENTS_HEADER = "event_id,occurred_at,kind,merchant_id,buyer_id,order_id,amount,currency,score,text"
EVENTS = (
    "e1,2024-01-30 23:30:00,order_placed,m1,ann,o1,10.00,EUR,,",
    "e2,2024-01-31 12:00:00,order_placed,m1,bob,o2,5.50,EUR,,",
    "e3,2024-02-01 00:30:00,order_delivered,m1,ann,o1,,,,",
    "r1|o1|m1,2024-02-03 08:00:00,review_posted,m1,ann,o1,,,2,broken on arrival",
)

# A mart of the tests' own: orders a merchant and local day.
ORDER_DAY = """
select
    merchant_id,
    (occurred_at at time zone $time_zone)::date as day,
    count(*)::bigint as order_count
from events
where kind = 'order_placed' and occurred_at < $as_of
group by merchant_id, day
"""
ORDER_TOTAL = "select merchant_id, sum(order_count)::bigint as order_count from order_day group by merchant_id;\n"


def write_events(
    folder: Path, rows: tuple[str, ...] = EVENTS, header: str = EVENTS_HEADER, name: str = "events.csv"
) -> Path:
    """A folder with one events file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return folder


def write_marts(folder: Path) -> Path:
    """A folder with two marts, the second of which reads the first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "10_order_day.sql").write_text(ORDER_DAY, encoding="utf-8")
    (folder / "20_order_total.sql").write_text(ORDER_TOTAL, encoding="utf-8")
    return folder


def make_warehouse(tmp_path: Path, name: str = "warehouse") -> Warehouse:
    """An empty warehouse with the tests' marts."""
    return Warehouse(tmp_path / name, marts_folder=write_marts(tmp_path / "marts"))


def all_files(root: Path) -> set[str]:
    """Every file below a folder, without locks, leases and the engine's scratch space."""
    skipped = ("readers/", "tmp/", "writer.lock")
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith(skipped)}
