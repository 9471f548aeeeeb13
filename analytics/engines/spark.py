"""Builds marts in Apache Spark (extra `spark`): the mart SQL of the DuckDB engine over the same Parquet parts.

Knows nothing of what a mart means, nor of snapshots being published. Importing it loads neither pyspark nor sqlglot.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from analytics.engines.duckdb import Built, first_line, parameters, quote
from analytics.engines.marts import Mart, bind
from analytics.errors import WarehouseError
from analytics.snapshots import Manifest, Part
from analytics.tables import stored_columns

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA = 17
# What the answer depends on: set on every session, whatever the cluster's own defaults are.
MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
}
QUIET = {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
LOCAL = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false"}
FIRST, LAST = "1990-01-01 00:00:00+00", "2040-01-01 00:00:00+00"  # of the time-zone tables that are compared
SPARK_TYPES = {"VARCHAR": "STRING", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "INTEGER": "INT"}


@contextmanager
def open_session(master: str, settings: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """A Spark session on a master URL, stopped at the end. `settings` are Spark's own.

    Raises WarehouseError in one line when pyspark or Java is missing, or the master can't be reached.
    """
    try:
        import sqlglot  # noqa: F401
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        with warnings.catch_warnings():  # of pandas 3, which pyspark's pandas parts don't know yet; they aren't used
            warnings.simplefilter("ignore", FutureWarning)
            import pyspark.testing.utils  # noqa: F401 - else it is loaded, and warns, on first use
    except ModuleNotFoundError as error:
        raise WarehouseError(
            f"The Spark engine needs the Python package {error.name}: install the extra `spark` in the clone with "
            "`.venv/bin/pip install --constraint constraints.txt --editable '.[spark]'`."
        ) from None
    check_java()
    builder = SparkSession.builder.appName("trustdesk").master(master)
    own = LOCAL if master.startswith("local") else {}
    for name, value in {**QUIET, **own, **(settings or {}), **MEANING}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise WarehouseError(
            f"Spark can't be started on {master} (is it a master's URL, and does it answer?): {_cause(error)}"
        ) from error
    try:
        yield session
    finally:
        session.stop()


def check_java() -> None:
    """Raise WarehouseError when there is no Java runtime that Spark can use, in JAVA_HOME or on the PATH."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    wanted = f"the Spark engine needs a Java runtime, version {OLDEST_JAVA} or newer (JAVA_HOME, or `java` on the PATH)"
    try:
        said = subprocess.run([java or "java", "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        raise WarehouseError(f"No Java was found: {wanted}.") from None
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise WarehouseError(f"{first_line(Exception(said))} is too old: {wanted}.")


def build_snapshot(
    session: SparkSession,
    root: Path,
    manifest: Manifest,
    marts: tuple[Mart, ...],
    write_to: Path,
    on_mart: Callable[[str], None],
) -> Built:
    """The marts of a manifest's tables, as `build_marts`, in views of their own. Raises WarehouseError."""
    check_zone(session, manifest.time_zone)
    own = session.newSession()
    create_views(own, root, manifest.tables)
    return build_marts(own, marts, as_of=None, time_zone=manifest.time_zone, write_to=write_to, on_mart=on_mart)


def check_zone(session: SparkSession, time_zone: str) -> None:
    """Raise WarehouseError when Java's tables of a time zone differ from DuckDB's, for then the days of the marts would.

    Compares the offsets of every six hours from 1990 to 2040, which finds a changed rule and a changed date of a rule.
    """
    from pyspark.errors import PySparkException

    try:
        found = session.sql(
            f"SELECT transform(sequence(TIMESTAMP '{FIRST}', TIMESTAMP '{LAST}', INTERVAL 6 HOUR), "
            f"instant -> unix_seconds(from_utc_timestamp(instant, {quote(time_zone)})))"
        ).collect()[0][0]
    except PySparkException as error:
        raise WarehouseError(f"Java doesn't know the time zone {time_zone!r}: {_cause(error)}") from error
    for (instant, local), other in zip(_local_times(time_zone), found, strict=True):
        if local != other:
            raise WarehouseError(
                f"Java and DuckDB disagree on {time_zone} from {datetime.fromtimestamp(instant, UTC):%Y-%m-%d} on: bring "
                "the Java runtime's time-zone data up to date (both follow the IANA tables)."
            )


def _local_times(time_zone: str) -> list[tuple[float, float]]:
    """DuckDB's (instant, local time) of the grid that `check_zone` compares, in seconds of the epoch."""
    return duckdb.execute(
        "SELECT epoch(instant), epoch(timezone($zone, instant)) FROM generate_series("
        f"TIMESTAMPTZ '{FIRST}', TIMESTAMPTZ '{LAST}', INTERVAL 6 HOUR) AS grid(instant)",
        {"zone": time_zone},
    ).fetchall()


def create_views(session: SparkSession, root: Path, tables: Mapping[str, tuple[Part, ...]]) -> None:
    """A view of every stored table over an explicit list of Parquet parts, with the warehouse's column types."""
    for name, columns in stored_columns().items():
        typed = {column: SPARK_TYPES.get(kind, kind) for column, kind in columns.items()}
        paths = [_address(root / part.path) for part in tables.get(name, ())]
        if paths:
            schema = ", ".join(f"`{column}` {kind}" for column, kind in typed.items())
            frame = session.read.schema(schema).parquet(*paths)
        else:
            nulls = ", ".join(f"CAST(NULL AS {kind}) AS `{column}`" for column, kind in typed.items())
            frame = session.sql(f"SELECT {nulls} WHERE false")
        frame.createOrReplaceTempView(name)


def build_marts(
    session: SparkSession,
    marts: tuple[Mart, ...],
    *,
    as_of: datetime | None,
    time_zone: str,
    write_to: Path,
    on_mart: Callable[[str], None] | None = None,
) -> Built:
    """Run the marts in order over the session's views; each is visible to the next under its name.

    `as_of` is an exclusive upper bound (UTC instant; None = everything). Each stored mart becomes the Parquet files
    write_to/NAME/*.parquet, with DuckDB's column types; a view's SQL is for DuckDB, which will read it. `write_to` must be seen by every
    executor. Raises WarehouseError naming the mart's file when one fails.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql.functions import expr

    from analytics.engines.transpile import to_spark

    built = Built()
    for mart in marts:
        if on_mart is not None:
            on_mart(mart.name)
        folder = write_to / mart.name
        try:
            frame = session.sql(to_spark(mart.sql, as_of=as_of, time_zone=time_zone))
            if mart.upkeep.form == "view":
                frame.createOrReplaceTempView(mart.name)
                built.views[mart.name] = bind(mart.sql, parameters(as_of, time_zone))
                continue
            if mart.upkeep.sort:
                frame = frame.orderBy(expr(f"struct({mart.upkeep.sort})"))
            frame.write.parquet(f"file://{folder}")
            built.files[mart.name] = tuple(sorted(folder.glob("*.parquet")))
            if not built.files[mart.name]:
                raise WarehouseError(f"no file of it is in {folder}; share this folder between all of Spark's machines")
            # With the schema given Spark needs no job of its own to find it in the files.
            session.read.schema(frame.schema).parquet(_address(folder)).createOrReplaceTempView(mart.name)
        except (PySparkException, Py4JError, WarehouseError) as error:
            raise WarehouseError(f"The mart {mart.path.name} failed: {_cause(error)}") from error
    return built


def _address(path: Path) -> str:
    """A path for Spark's reader, which takes *, ?, [ and { for patterns."""
    return "file://" + re.sub(r"([\\*?\[\]{}])", r"\\\1", str(path))


def _cause(error: Exception) -> str:
    java = getattr(error, "java_exception", None)
    return first_line(Exception(java.toString()) if java is not None else error)
