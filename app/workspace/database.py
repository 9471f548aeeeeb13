"""Opens the workspace database, brings it to this version's schema, and hands out short sessions.

SQLite in WAL mode with a busy time-out, or any database by URL (PostgreSQL). Knows no table's meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session

from app.errors import WorkspaceError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 15
STATEMENT_KEYS = 500


class Database:
    """One engine and its sessions. Thread-safe; a session is for one action."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(writes=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading."""
        with _clear_errors(self.engine), Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction: all of it or nothing. On SQLite writers take their turn from the first statement on."""
        with _clear_errors(self.engine), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session


def in_parts(keys: Collection[str]) -> Iterator[list[str]]:
    """The keys in lists that a statement of any database takes."""
    asked = list(keys)
    for start in range(0, len(asked), STATEMENT_KEYS):
        yield asked[start : start + STATEMENT_KEYS]


def put_in(session: Session, row: DeclarativeBase) -> bool:
    """Inserts a row within the caller's transaction; False, and nothing happened, where another holds its place, as of this very moment too.

    To look first and then insert would break where two do so at once (PostgreSQL).
    """
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    return True


def put_over(session: Session, kind: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows, each in place of the one of the same primary key; an older one's other columns stay as they are."""
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(kind).values(list(rows))
    keys = [column.name for column in kind.__table__.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def open_database(url: str, *, is_cache: bool = False) -> Database:
    """The database at `url`, created and migrated where needed. Raises WorkspaceError when it can't be used.

    With `is_cache` a power cut may cost the last writes: they don't wait for the disk, and the schema is taken as it is.
    """
    try:
        parsed = make_url(url)
        is_sqlite = parsed.get_backend_name() == "sqlite"
        if is_sqlite and parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}} if is_sqlite else {"pool_pre_ping": True}
        engine = create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError, ImportError, OSError) as error:
        raise WorkspaceError(
            "The workspace database {url} can't be opened: {error}", url=_without_password(url), error=error
        ) from error
    if is_sqlite:
        event.listen(engine, "connect", partial(_prepare_sqlite, "NORMAL" if is_cache else "FULL"))
        event.listen(engine, "begin", _begin_sqlite)
    if not is_cache:
        with _clear_errors(engine):
            migrate(engine)
    return Database(engine)


def migrate(engine: Engine, to: str = "head") -> None:
    """Runs the migrations that the database lacks, up to a revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.execution_options(writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string()
    except ArgumentError:
        return url.rpartition("@")[2]


@contextmanager
def _clear_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise WorkspaceError(
            "The workspace database {url} did not answer ({error}): nothing was saved. "
            "Check the disk and who else writes, then try again.",
            url=engine.url.render_as_string(),
            error=error.orig,
        ) from error
    except SQLAlchemyError as error:
        raise WorkspaceError(
            "The workspace database {url} refused: {error}. Nothing was saved.",
            url=engine.url.render_as_string(),
            error=str(error).splitlines()[0],
        ) from error


def _prepare_sqlite(synchronous: str, connection: Any, record: object) -> None:
    # The driver's own BEGIN comes too late (before the first write); _begin_sqlite begins instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
