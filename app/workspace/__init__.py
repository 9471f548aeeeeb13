"""What people make here: drafts and what was sent, what writers generated, conversations, what the machine answered, the audit log, scenarios, saved
views, mappings, queries, labels, cases, and texts proposed for the knowledge.

`Workspace.open(url)` migrates the database and gives one door to each. Every write takes an Actor and leaves an audit entry in
the same transaction. Knows no Streamlit, analytics or llm.
"""

from __future__ import annotations

from app.workspace.answers import Answers, HandedOver, KeptAnswer, NewAnswer
from app.workspace.audit import Audit, AuditCheck, AuditEntry
from app.workspace.cases import Case, CaseNote, Cases, Item, NewCase, Watched, WatchList
from app.workspace.channels import Channel
from app.workspace.conversations import Conversation, Conversations, Turn
from app.workspace.database import Database, open_database
from app.workspace.documents import Document, Documents
from app.workspace.drafts import DraftHead, Drafts, NewDraft, Revision, StoredDraft
from app.workspace.generations import Generation, Generations, NewGeneration, Vote
from app.workspace.kept_texts import READINGS_DAYS, SUMMARIES_DAYS, KeptTexts
from app.workspace.labels import Label, Labels
from app.workspace.outbox import Outbox, Sending, Sent
from app.workspace.proposals import ItemKind, NewProposal, Proposal, ProposalHead, Proposals, ProposedText
from app.workspace.schema import ReadingRow, SummaryRow
from app.workspace.themes import StoredTheme, ThemeBook
from app.workspace.vectors import VectorStore

__all__ = [
    "Answers",
    "Audit",
    "AuditCheck",
    "AuditEntry",
    "Case",
    "CaseNote",
    "Cases",
    "Channel",
    "Conversation",
    "Conversations",
    "Document",
    "Documents",
    "DraftHead",
    "Drafts",
    "Generation",
    "Generations",
    "HandedOver",
    "Item",
    "ItemKind",
    "KeptAnswer",
    "KeptTexts",
    "Label",
    "Labels",
    "NewAnswer",
    "NewCase",
    "NewDraft",
    "NewGeneration",
    "NewProposal",
    "Outbox",
    "Proposal",
    "ProposalHead",
    "Proposals",
    "ProposedText",
    "Revision",
    "Sending",
    "Sent",
    "StoredDraft",
    "StoredTheme",
    "ThemeBook",
    "Turn",
    "VectorStore",
    "Vote",
    "WatchList",
    "Watched",
    "Workspace",
]


class Workspace:
    """One database, one door a job."""

    def __init__(self, database: Database, cache: Database) -> None:
        self.drafts = Drafts(database)
        self.outbox = Outbox(database)
        self.conversations = Conversations(database)
        self.answers = Answers(database)
        self.generations = Generations(database)
        self.audit = Audit(database)
        self.scenarios = Documents(database, "scenario")
        self.views = Documents(database, "view")
        self.mappings = Documents(database, "mapping")
        self.queries = Documents(database, "query")
        self.labels = Labels(database)
        self.cases = Cases(database)
        self.watch_list = WatchList(database)
        self.proposals = Proposals(database)
        self.themes = ThemeBook(database)
        self.readings = KeptTexts(cache, ReadingRow, READINGS_DAYS)
        self.vectors = VectorStore(cache)
        self.summaries = KeptTexts(cache, SummaryRow, SUMMARIES_DAYS)
        self._databases = (database, cache)

    @classmethod
    def open(cls, url: str) -> Workspace:
        """The workspace at an SQLAlchemy URL, created and migrated where needed. Raises WorkspaceError."""
        database = open_database(url)
        return cls(database, open_database(url, is_cache=True))

    def close(self) -> None:
        """Gives the connections back."""
        for database in self._databases:
            database.engine.dispose()
