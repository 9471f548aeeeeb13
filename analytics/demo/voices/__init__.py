"""Words for the demo's tickets: one message per planned turn, in the opener's language, from the spec's facts only."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from analytics.demo.tickets import TicketSpec
from analytics.demo.voices.bank import load
from analytics.demo.voices.letters import subject_line, texts_of

Message = tuple[str, int, str, int, str]


def render(specs: Sequence[TicketSpec], rng: np.random.Generator) -> list[Message]:
    """(ticket_id, seq from 0, author, seconds since opening, text) of every turn, in the order of specs and turns.

    The wording of a ticket hangs on its spec alone (`voice_seed` and who writes), so rng is not drawn from.
    """
    del rng
    return [
        (spec.ticket_id, seq, turn.author, turn.offset_seconds, text)
        for spec in specs
        for seq, (turn, text) in enumerate(zip(spec.turns, texts_of(spec, load(spec.language)), strict=True))
    ]


def subject(spec: TicketSpec) -> str:
    """The ticket's subject line, in the opener's language; never empty."""
    return subject_line(spec, load(spec.language), random.Random(spec.voice_seed ^ 1))
