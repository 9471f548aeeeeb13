"""How well the writers write, by what people made of it: how much of a draft was kept, checks that failed, thumbs; and one generation opened.

Every function that reads data takes a snapshot id first. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from app.errors import NoData
from app.i18n import N_
from app.services import issues, reply
from app.services.generations import inputs_hash
from app.services.runtime import get_runtime
from app.services.warehouse import desk_day, merchants
from app.workspace.audit import text_hash

if TYPE_CHECKING:
    from datetime import datetime

    from app.identity import Actor
    from app.workspace import Generation
    from llm.types import IssueBrief

GROUPINGS: Mapping[str, str] = {
    "writer": N_("Writer and version"),
    "language": N_("Language"),
    "size": N_("Merchant's size"),
}
KINDS: Mapping[str, str] = {
    "draft": N_("Draft"),
    "rewrite": N_("Rewriting"),
    "summary": N_("Summary"),
    "answer": N_("Answer"),
}
OUTCOMES: Mapping[str, str] = {
    "unchanged": N_("approved unchanged"),
    "edited": N_("approved after edits"),
    "discarded": N_("discarded"),
    "open": N_("still a draft"),
    "unused": N_("not taken"),
    "shown": N_("shown"),
    "sent": N_("sent by the machine"),
}


@dataclass(frozen=True)
class Opened:
    """A generation, with what was asked and answered in words, private data masked.

    is_same: whether the evidence is still what the writer was given; None where it can't be told, as its snapshot is gone or it was an answer's. answered: '' where nobody kept it.
    """

    generation: Generation
    asked: str
    answered: str
    is_same: bool | None


def generations(snapshot_id: str, since: datetime | None = None) -> pd.DataFrame:
    """One row a generation, newest first: generation_id, at (UTC), kind, ticket_id, merchant_id, engine, version, prompt_version, language, size,
    outcome (of OUTCOMES), kept_share (NaN unless approved), is_kept_whole, has_failed, latency_ms, up, down (thumbs that count)."""
    log = get_runtime().workspace.generations
    votes = pd.DataFrame([(vote.generation_id, vote.is_good) for vote in log.votes()], columns=["id", "is_good"])
    thumbs = votes.groupby("id")["is_good"].agg(up="sum", all="size")
    known = merchants(snapshot_id)
    sizes = dict(zip(known["merchant_id"], known["size_band"], strict=True))
    columns = [
        *("generation_id", "at", "kind", "ticket_id", "merchant_id", "engine", "version", "prompt_version", "language"),
        *("size", "outcome", "kept_share", "has_failed", "latency_ms"),
    ]
    rows = [
        (
            *(one.generation_id, one.at, one.kind, _shown_id(one), one.merchant_id, one.engine, one.version),
            *(one.prompt_version, one.language, sizes.get(one.merchant_id, "–"), _outcome(one), one.kept_share),
            *(any(check["passed"] is False for check in one.checks), one.latency_ms),
        )
        for one in log.all(since=since)
    ]
    found = pd.DataFrame(rows, columns=columns).astype({"kept_share": float, "has_failed": bool})
    found["kept_share"] = found["kept_share"].where(
        found["outcome"].isin(("unchanged", "edited"))
    )  # else an approval was lost
    up = found["generation_id"].map(thumbs["up"]).fillna(0).astype(int)
    down = found["generation_id"].map(thumbs["all"]).fillna(0).astype(int) - up
    writer = found["kind"] + "\n" + found["engine"] + "\n" + found["version"]
    return found.assign(up=up, down=down, writer=writer, is_kept_whole=found["kept_share"].eq(1.0))


def quality(made: pd.DataFrame, by: str) -> pd.DataFrame:
    """A row a group of `generations`, most first: group, n, failed (share of them with a check that failed), approved, unchanged and kept (share and mean
    of those approved, each with _low and _high, 95 %), up, down, is_tentative (fewer than 30 approved)."""
    from analytics.sla import MIN_N, shares

    counts = made.groupby(by).agg(
        n=("at", "size"), failed=("has_failed", "mean"), up=("up", "sum"), down=("down", "sum")
    )
    approved = made[made["kept_share"].notna()]
    found = counts.reset_index(names="group")
    for name, value in (("unchanged", "is_kept_whole"), ("kept", "kept_share")):
        part = shares(approved, value, by)[["group", "n", "rate", "ci_low", "ci_high"]]
        part.columns = pd.Index(["group", "approved", name, f"{name}_low", f"{name}_high"])
        found = found.merge(part.drop(columns=[] if name == "unchanged" else ["approved"]), on="group", how="left")
    found["approved"] = found["approved"].fillna(0).astype(int)
    found["is_tentative"] = found["approved"] < MIN_N
    return found.sort_values(["n", "group"], ascending=[False, True], ignore_index=True)


def opened(snapshot_id: str, generation_id: str, actor: Actor) -> Opened:
    """One generation in words, for whoever looks after the writers; that it was opened, and by whom, is audited. Raises NotFound."""
    from llm.privacy import mask

    workspace = get_runtime().workspace
    found = workspace.generations.get(generation_id)
    asked = _asked(found, snapshot_id) if found.kind != "answer" else None
    words = _said_before(found, snapshot_id) if found.kind == "answer" else ""
    workspace.audit.note(actor, "generation.opened", f"generation:{generation_id}")
    return Opened(
        found,
        mask(_in_words(asked, found) if asked is not None else words),
        mask(_answered(found)),
        None if asked is None else inputs_hash(asked) == found.inputs_sha256,
    )


def _asked(found: Generation, snapshot_id: str) -> IssueBrief | None:
    """The evidence, put together as it was then."""
    from analytics.errors import AnalyticsError
    from llm.types import IssueBrief

    try:
        if found.kind != "summary":
            tone, length = str(found.options["tone"]), str(found.options["length"])
            return reply.brief(found.snapshot_id, found.ticket_id, tone, length, desk_day(found.snapshot_id, found.at))
        thread = issues.thread(snapshot_id, found.ticket_id)
    except (AnalyticsError, NoData):
        return None
    return None if thread is None else IssueBrief(thread, language=found.language)


def _said_before(found: Generation, snapshot_id: str) -> str:
    """The messages that an answer was made from, oldest first; '' where the thread is gone."""
    if _is_of_chat(found):
        turns = get_runtime().workspace.conversations.turns(found.ticket_id)
        said = [(f"message:{turn.n}", str(turn.author), turn.text) for turn in turns]
    else:
        messages = issues.messages(snapshot_id, found.ticket_id)
        said = [(message.cite, str(message.author), message.text) for message in messages]
    return "\n\n".join(f"{author}: {text}" for cite, author, text in said if cite in found.evidence)


def _in_words(asked: IssueBrief, found: Generation) -> str:
    from llm.prompting import Prompt, SummaryPrompt

    if found.kind == "summary":
        messages = SummaryPrompt(asked.thread, found.language).messages
    else:
        messages = Prompt(asked, found.language).messages[
            0 if found.prompt_version else 1 :
        ]  # macros take no instructions
    return "\n\n".join(message.content for message in messages)


def _answered(found: Generation) -> str:
    workspace = get_runtime().workspace
    if found.kind == "summary":
        from app.services.summaries import sentences_of

        kept = workspace.summaries.many([found.output_key]).get(found.output_key)
        return "" if kept is None else "\n".join(sentence.text for sentence in sentences_of(kept))
    if _is_of_chat(found):
        turns = workspace.conversations.turns(found.ticket_id)
        return next((turn.text for turn in turns if text_hash(turn.text) == found.output_sha256), "")
    if found.draft_id is None:
        return ""
    revisions = workspace.drafts.revisions(found.draft_id)
    return next((one.text for one in revisions if one.version == found.draft_version), "")


def _is_of_chat(one: Generation) -> bool:
    return one.options.get("where") == "chat"


def _shown_id(one: Generation) -> str:
    """A conversation's whole id is the key to it."""
    return f"{one.ticket_id[:8]}…" if _is_of_chat(one) else one.ticket_id


def _outcome(one: Generation) -> str:
    if one.draft_status is None:
        return "unused" if one.kind == "rewrite" else "shown"
    if one.draft_status in ("approved", "sent"):
        return "sent" if one.kept_share is None else "unchanged" if one.kept_share == 1.0 else "edited"
    return "discarded" if one.draft_status == "discarded" else "open"
