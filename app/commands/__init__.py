"""The trustdesk command: one module a job, each a thin door to app.services. Commands act as the local person and speak English."""

from __future__ import annotations

import click

from app.commands.answer import answer
from app.commands.bench import bench
from app.commands.build import build
from app.commands.cases import cases
from app.commands.demo import demo
from app.commands.effects import effects
from app.commands.gaps import gaps
from app.commands.ingest import ingest, quality, quarantine, snapshots
from app.commands.knowledge import knowledge
from app.commands.loyalty import loyalty
from app.commands.metrics import metrics
from app.commands.model import model
from app.commands.outlook import outlook
from app.commands.recurring import recurring
from app.commands.redact import redact
from app.commands.reputation import reputation
from app.commands.rings import rings
from app.commands.rules import rules
from app.commands.serve import serve
from app.commands.sla import sla
from app.commands.sql import sql
from app.commands.statement import statement
from app.commands.trust import trust
from app.commands.whatif import whatif
from app.commands.words import classify, draft, satisfaction, summarize, themes

COMMANDS = (
    serve,
    demo,
    ingest,
    snapshots,
    quarantine,
    quality,
    build,
    metrics,
    trust,
    statement,
    cases,
    sla,
    outlook,
    reputation,
    loyalty,
    rings,
    themes,
    recurring,
    knowledge,
    gaps,
    summarize,
    draft,
    answer,
    classify,
    satisfaction,
    redact,
    whatif,
    rules,
    sql,
    effects,
    model,
    bench,
)


class InOrder(click.Group):
    """Lists commands in the order of the jobs, not of the alphabet."""

    def list_commands(self, ctx: click.Context | None) -> list[str]:
        return list(self.commands)


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="trustdesk", prog_name="trustdesk")
def main() -> None:
    """The operations desk for a marketplace's merchant teams.

    Results go to stdout, everything else to stderr. Exit status: 0 done, 1 something can't be served, 2 wrong usage.
    """


for command in COMMANDS:
    main.add_command(command)
