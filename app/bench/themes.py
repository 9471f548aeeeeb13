"""`trustdesk bench themes`: messages grouped into themes cold, warm, and a day later with some more, with a new SQLite file to keep what was read.

The texts are the warehouse's messages and reviews; where these are fewer than asked for, sentences of two of them are put together to texts of their own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from app.errors import NoData
from app.i18n import N_
from app.services.runtime import get_runtime, snapshot_id
from app.services.themes import kept_theme, message_items, review_items, stored_theme
from app.services.warehouse import cursor, filter_options, window

if TYPE_CHECKING:
    from app.workspace import Workspace
    from llm.theme_reading import ThemeItem

DAY_SHARE = 0.02
SEED = 0


@dataclass(frozen=True)
class ThemeTiming:
    """One look. `read`: texts that were read anew; seconds by the wall and of processor time; `kept_ids`: of its themes, those of the look before."""

    way: str
    messages: int
    read: int
    seconds: float
    cpu_seconds: float
    messages_per_second: float
    themes: int
    kept_ids: int

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(messages: int) -> Iterator[ThemeTiming]:
    """A row a look: cold, warm, a day later. Raises NoData for a warehouse without a text."""
    from app.workspace import Workspace

    more = max(1, int(messages * DAY_SHARE))
    items = texts(messages + more)
    with TemporaryDirectory(prefix="trustdesk-bench-") as folder:
        workspace = Workspace.open(f"sqlite:///{Path(folder) / 'workspace.sqlite'}")
        day = max(item.sent_at for item in items if item.sent_at is not None).date()
        known: set[str] = set()
        for way, held, on in (
            ("cold", items[:messages], day),
            ("warm", items[:messages], day),
            ("a day later", items[more:], day + timedelta(days=1)),
        ):
            timing, known = _look(way, held, on, workspace, known)
            yield timing
        workspace.close()


def _look(
    way: str, items: Sequence[ThemeItem], day: date, workspace: Workspace, known: set[str]
) -> tuple[ThemeTiming, set[str]]:
    from llm.theme_reading import TextReader
    from llm.themes import find_themes
    from llm.triage import triage_of

    taxonomy = get_runtime().desk.taxonomy
    triage = triage_of(taxonomy)
    triage.intents_of(["begun"])  # the weights' loading is not timed
    reader = TextReader(taxonomy, triage, workspace.readings)
    began, cpu = time.perf_counter(), time.process_time()
    kept = [kept_theme(theme) for theme in workspace.themes.all()]
    found = find_themes(items, taxonomy, reader=reader, kept=kept, today=day)
    workspace.themes.keep((stored_theme(theme) for theme in found.alive), day)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    ids = {theme.theme_id for theme in found.themes}
    timing = ThemeTiming(
        way=way,
        messages=len(items),
        read=reader.read_count,
        seconds=round(seconds, 2),
        cpu_seconds=round(cpu, 2),
        messages_per_second=round(len(items) / seconds, 1),
        themes=len(ids),
        kept_ids=len(ids & known),
    )
    return timing, ids


def texts(count: int) -> list[ThemeItem]:
    """So many messages and reviews, no two with one text, in a drawn order that is the same at every run."""
    from analytics.metrics import Scope
    from analytics.threads import reviewed, written

    snapshot = snapshot_id()
    scope = Scope(filter_options(snapshot).data_from, window(snapshot)[1])
    with cursor(snapshot) as opened:
        found = [*message_items(written(opened, scope)), *review_items(reviewed(opened, scope))]
    own = list({item.text: item for item in found}.values())
    if not own:
        raise NoData(N_("The snapshot holds no message and no review with words, so there is nothing to group."))
    drawn = random.Random(SEED)
    drawn.shuffle(own)
    while len(own) < count:
        one, other = drawn.choice(found), drawn.choice(found)
        name = f"made-{len(own)}"
        own.append(replace(one, message_id=name, thread_id=None, text=f"{one.text}\n{other.text} ({len(own)})"))
    return own[:count]
