"""`trustdesk ingest`, `snapshots`, `quarantine`, `quality`: what comes in, what is served, what was set aside, and how good it is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from app.commands.plumbing import (
    Progress,
    json_option,
    note,
    one_line_errors,
    print_load,
    print_rows,
    runtime,
    warehouse_option,
)


@click.command()
@click.argument("source")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--map", "mapping", type=click.Path(path_type=Path), help="TOML that maps the file's columns.")
@click.option("--time-zone", help="Zone of times that carry none (default: the map's, else the source's).")
@click.option(
    "--reporting-time-zone", help="Zone whose days a new warehouse counts by (default: the setting `time_zone`)."
)
@json_option
@warehouse_option
@one_line_errors
def ingest(
    source: str,
    path: Path,
    mapping: Path | None,
    time_zone: str | None,
    reporting_time_zone: str | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Load PATH, which has the shape of SOURCE: canonical, olist, or a folder of your own adapter.

    Rows that break the contract go to quarantine and are counted; the same file twice changes nothing.
    """
    from app.services.loading import load_path

    with runtime(warehouse):
        progress = Progress()
        result = load_path(
            source,
            path,
            mapping=mapping,
            time_zone=time_zone,
            reporting_time_zone=reporting_time_zone,
            progress=progress,
        )
        progress.done()
    print_load(result, as_json=as_json)


@click.command()
@click.option("--rollback", metavar="ID", help="Serve this snapshot again.")
@json_option
@warehouse_option
@one_line_errors
def snapshots(rollback: str | None, as_json: bool, warehouse: Path | None) -> None:
    """List the snapshots, newest first, or roll back to one."""
    with runtime(warehouse) as opened:
        if rollback is not None:
            opened.warehouse.rollback(rollback)
            note(f"Snapshot {rollback} is served now.")
        current = opened.warehouse.snapshot().snapshot_id
        rows = [
            {
                "snapshot_id": found.snapshot_id,
                "is_current": found.snapshot_id == current,
                "created_at": found.created_at,
                "time_zone": found.time_zone,
                "is_demo": found.is_demo,
                "data_from": found.data_from,
                "data_up_to": found.data_up_to,
                "tables": dict(found.tables),
                "loads": [asdict(load) for load in found.loads],
            }
            for found in opened.warehouse.snapshots()
        ]
        for line in opened.warehouse.folder.manifests()[1].values():
            note(line)
    columns = ("snapshot_id", "is_current", "created_at", "data_from", "data_up_to", "is_demo", "tables")
    print_rows(rows, as_json=as_json, columns=columns)


@click.command()
@click.option("--export", type=click.Path(path_type=Path, dir_okay=False), help="Write the rows to correct as CSV.")
@click.option(
    "--replay",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Load the corrected rows of an exported FILE; without one, try all rows again as they are.",
)
@click.option("--settled", is_flag=True, help="List the rows that replays loaded or replaced.")
@json_option
@warehouse_option
@one_line_errors
def quarantine(export: Path | None, replay: str | None, settled: bool, as_json: bool, warehouse: Path | None) -> None:
    """List the rows that loads set aside, with file, line, column and reason; export, correct and replay them."""
    if (export is not None) + (replay is not None) + settled > 1:
        raise click.UsageError("--export, --replay and --settled are three things: ask for one of them.")
    with runtime(warehouse):
        if export is not None:
            _export(export)
        elif replay is not None:
            _replay(replay, as_json=as_json)
        else:
            _list(settled=settled, as_json=as_json)


def _export(path: Path) -> None:
    from app.services.quarantine import correction_file

    path.write_bytes(correction_file())
    note(f"Correct the rows in {path}, then load them: trustdesk quarantine --replay {path}")


def _replay(file: str, *, as_json: bool) -> None:
    from app.services.loading import replay_rows
    from app.services.quarantine import replay_file

    progress = Progress()
    result = replay_file(Path(file), progress) if file else replay_rows(None, "quarantine", progress)
    progress.done()
    print_load(result, as_json=as_json)


def _list(*, settled: bool, as_json: bool) -> None:
    from app.services import quarantine as service

    columns = ["row_id", "source", "table", "file", "line", "column", "reason", *(["settled_by"] if settled else [])]
    print_rows(service.settled() if settled else service.waiting(), as_json=as_json, columns=columns)


@click.command()
@click.option("--all", "shows_all", is_flag=True, help="List what is all right, too.")
@json_option
@warehouse_option
@one_line_errors
def quality(shows_all: bool, as_json: bool, warehouse: Path | None) -> None:
    """Check the data: missing dates and ids, duplicates, orphans, clocks, currencies, freshness and volume; worst first."""
    from app.services.quality import check_rows
    from app.services.runtime import snapshot_id

    with runtime(warehouse):
        rows = [row for row in check_rows(snapshot_id()) if shows_all or row["status"] in ("fail", "warn")]
    if not rows:
        note("Every check is all right.")
        return
    print_rows(rows, as_json=as_json, columns=("status", "table", "column", "count", "total", "share", "sentence"))
