"""The log of what writers generated: from what, by which version, through which checks, how much of it people kept, what they thought of it.

A log beside the audit log, which holds no text either: only hashes here; the text stands where it is used (a draft's revisions, the kept
summaries). Votes and their reset are audited. Knows no llm.
"""

from __future__ import annotations

import difflib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.errors import NotFound
from app.identity import Actor
from app.workspace.audit import record, text_hash
from app.workspace.database import Database, put_over
from app.workspace.schema import Base, DraftRow, RevisionRow

Kind = Literal["draft", "rewrite", "summary", "answer"]
_WORD = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+")


class GenerationRow(Base):
    """One text that a writer was asked for."""

    __tablename__ = "generations"

    generation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(20))
    ticket_id: Mapped[str] = mapped_column(String(200))
    merchant_id: Mapped[str] = mapped_column(String(200))
    snapshot_id: Mapped[str] = mapped_column(String(200))
    actor_name: Mapped[str] = mapped_column(String(200))
    engine: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(64))
    prompt_version: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(20))
    options: Mapped[dict[str, Any]]
    inputs_sha256: Mapped[str] = mapped_column(String(64))
    evidence: Mapped[Any] = mapped_column(JSON(), nullable=False)
    output_sha256: Mapped[str] = mapped_column(String(64))
    output_key: Mapped[str] = mapped_column(String(64))
    checks: Mapped[list[dict[str, Any]]]
    latency_ms: Mapped[int]
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.draft_id"), type_=String(32), index=True)
    draft_version: Mapped[int | None]
    kept_share: Mapped[float | None]


class VoteRow(Base):
    """What one person thinks of one text."""

    __tablename__ = "generation_votes"

    generation_id: Mapped[str] = mapped_column(ForeignKey("generations.generation_id"), primary_key=True)
    actor_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    actor_name: Mapped[str] = mapped_column(String(200))
    is_good: Mapped[bool]
    comment: Mapped[str]
    at: Mapped[datetime]
    is_counted: Mapped[bool]


@dataclass(frozen=True)
class NewGeneration:
    """What there is to keep of a generation. version: of the model or macros; prompt_version: '' where no prompt is written. evidence: cites.

    actor_name: who asked, '' for work in the background. output_key: of the store that keeps the text, '' for drafts' own.
    """

    kind: Kind
    ticket_id: str
    merchant_id: str
    snapshot_id: str
    actor_name: str
    engine: str
    version: str
    prompt_version: str
    language: str
    inputs_sha256: str
    evidence: Sequence[str]
    output: str
    checks: Sequence[Mapping[str, Any]]
    latency_ms: int
    options: Mapping[str, Any] = field(default_factory=dict)
    output_key: str = ""


@dataclass(frozen=True)
class Generation:
    """A generation on record. kept_share: how like the text that was approved is to it, 0–1; None until one is.

    draft_id: the draft that took it, None for none; draft_status is where that draft stands now.
    """

    generation_id: str
    at: datetime
    kind: Kind
    ticket_id: str
    merchant_id: str
    snapshot_id: str
    actor_name: str
    engine: str
    version: str
    prompt_version: str
    language: str
    options: Mapping[str, Any]
    inputs_sha256: str
    evidence: Sequence[str]
    output_sha256: str
    output_key: str
    checks: Sequence[Mapping[str, Any]]
    latency_ms: int
    draft_id: str | None
    draft_version: int | None
    kept_share: float | None
    draft_status: str | None = None


@dataclass(frozen=True)
class Vote:
    """A thumb up or down, with a comment or ''."""

    generation_id: str
    actor_id: str
    actor_name: str
    is_good: bool
    comment: str
    at: datetime


class Generations:
    """Keeps what was generated, and what people think of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: NewGeneration, draft_id: str | None = None, version: int | None = None) -> str:
        """Puts a generation on record, with the draft that took it as its `version` where one has, and gives its id."""
        with self._database.write() as session:
            return insert(session, new, draft_id, version).generation_id

    def get(self, generation_id: str) -> Generation:
        """Raises NotFound."""
        query = _joined().where(GenerationRow.generation_id == generation_id)
        with self._database.read() as session:
            found = session.execute(query).first()
        if found is None:
            raise NotFound("There is no generation {generation}.", generation=generation_id)
        return _generation(found[0], found[1])

    def all(self, *, since: datetime | None = None, limit: int = 100_000) -> list[Generation]:
        """Newest first."""
        query = _joined().order_by(GenerationRow.at.desc()).limit(limit)
        if since is not None:
            query = query.where(GenerationRow.at >= since)
        with self._database.read() as session:
            return [_generation(row, status) for row, status in session.execute(query)]

    def of_draft(self, draft_id: str, version: int) -> Generation | None:
        """The newest that the draft took, up to a version of it; None for none."""
        query = (
            _joined()
            .where(GenerationRow.draft_id == draft_id, GenerationRow.draft_version <= version)
            .order_by(GenerationRow.draft_version.desc())
        )
        with self._database.read() as session:
            found = session.execute(query.limit(1)).first()
        return _generation(found[0], found[1]) if found is not None else None

    def votes(self) -> list[Vote]:
        """Those that count, newest first."""
        query = select(VoteRow).where(VoteRow.is_counted).order_by(VoteRow.at.desc())
        with self._database.read() as session:
            return [_vote(row) for row in session.scalars(query)]

    def vote_of(self, generation_id: str, actor: Actor) -> Vote | None:
        """What this person thinks of it, as far as it counts."""
        query = select(VoteRow).where(
            VoteRow.generation_id == generation_id, VoteRow.actor_id == actor.actor_id, VoteRow.is_counted
        )
        with self._database.read() as session:
            row = session.scalars(query).first()
            return None if row is None else _vote(row)

    def vote(self, generation_id: str, is_good: bool | None, comment: str, actor: Actor) -> None:
        """A person's thumb in place of the one they gave before; None takes it back. Raises NotFound."""
        self.get(generation_id)
        with self._database.write() as session:
            mine = {"generation_id": generation_id, "actor_id": actor.actor_id}
            if is_good is None:
                session.execute(delete(VoteRow).filter_by(**mine))
            else:
                said = {"actor_name": actor.name, "is_good": is_good, "comment": comment, "at": datetime.now(UTC)}
                put_over(session, VoteRow, [mine | said | {"is_counted": True}])
            record(session, actor, "generation.voted", f"generation:{generation_id}", is_good=is_good)

    def reset_votes(self, kind: Kind, engine: str, version: str, actor: Actor) -> int:
        """Begins the count of a tool and version anew; the votes stay on record. Gives how many count no longer."""
        those = select(GenerationRow.generation_id).where(
            GenerationRow.kind == kind, GenerationRow.engine == engine, GenerationRow.version == version
        )
        with self._database.write() as session:
            gone = session.execute(
                update(VoteRow)
                .where(VoteRow.generation_id.in_(those), VoteRow.is_counted)
                .values(is_counted=False)
                .returning(VoteRow.generation_id)
            ).all()
            record(session, actor, "votes.reset", f"{kind}:{engine}", version=version, count=len(gone))
            return len(gone)


def insert(
    session: Session, new: NewGeneration, draft_id: str | None = None, version: int | None = None
) -> GenerationRow:
    """Puts a generation on record within the caller's transaction, with the draft that took it."""
    values = {item.name: getattr(new, item.name) for item in fields(NewGeneration) if item.name != "output"}
    values |= {
        "evidence": list(new.evidence),
        "checks": [dict(check) for check in new.checks],
        "options": dict(new.options),
    }
    row = GenerationRow(
        **values,
        generation_id=uuid.uuid4().hex,
        at=datetime.now(UTC),
        output_sha256=text_hash(new.output),
        draft_id=draft_id,
        draft_version=version,
    )
    session.add(row)
    session.flush()
    return row


def taken(session: Session, generation_id: str, draft_id: str, version: int) -> None:
    """A draft has taken the text of a generation as its `version`."""
    session.execute(
        update(GenerationRow)
        .where(GenerationRow.generation_id == generation_id)
        .values(draft_id=draft_id, draft_version=version)
    )


def measure_kept(session: Session, draft: DraftRow) -> None:
    """Compares the text that is approved with every generated one that the draft has had."""
    texts = select(GenerationRow, RevisionRow.text).join(
        RevisionRow,
        (RevisionRow.draft_id == GenerationRow.draft_id) & (RevisionRow.version == GenerationRow.draft_version),
    )
    for row, text in session.execute(texts.where(GenerationRow.draft_id == draft.draft_id)):
        row.kept_share = kept_share(text, draft.text)


def kept_share(generated: str, approved: str) -> float:
    """How like two texts are, word by word (Chinese: character by character), 0–1: twice what they share in order over both lengths."""
    if generated == approved:
        return 1.0
    before, after = _WORD.findall(generated), _WORD.findall(approved)
    return difflib.SequenceMatcher(None, before, after, autojunk=False).ratio()


def _joined() -> Any:
    return select(GenerationRow, DraftRow.status).outerjoin(DraftRow, DraftRow.draft_id == GenerationRow.draft_id)


def _generation(row: GenerationRow, status: str | None) -> Generation:
    names = (item.name for item in fields(Generation) if item.name != "draft_status")
    return Generation(**{name: getattr(row, name) for name in names}, draft_status=status)


def _vote(row: VoteRow) -> Vote:
    return Vote(**{item.name: getattr(row, item.name) for item in fields(Vote)})
