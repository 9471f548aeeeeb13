"""What the first thread that is opened would else wait for, made ready in the background once somebody looks at a queue. Knows no page."""

from __future__ import annotations

import gc
import logging
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from app.services.desk import Desk
    from llm.encoder import Encoder
    from llm.engine import Engine
    from llm.knowledge import Knowledge
    from llm.triage import Triage

WARMS = "desk-warming"  # names the thread
ASKED = ("When is the money for order 1001 paid out?", "订单 1001 的货款什么时候结算？")
log = logging.getLogger("trustdesk")
_begun: WeakSet[Engine] = WeakSet()
_lock = threading.Lock()


def warm(desk: Desk) -> None:
    """Has the models load, and once for this desk the search index, the classifiers and the checks; returns at once."""
    if desk.engine.status().state == "stopped":
        desk.engine.warm()
    with _lock:
        if desk.engine in _begun:
            return
        _begun.add(desk.engine)
    asked = (desk.knowledge, desk.triage, desk.encoder)
    threading.Thread(target=_answer_samples, args=asked, name=WARMS, daemon=True).start()


def _answer_samples(knowledge: Knowledge, triage: Triage, encoder: Encoder | None) -> None:
    """Answers a question in each language as the desk does, of no merchant and with no records, and throws the answers away."""
    from llm.briefing import build_brief
    from llm.errors import LlmError
    from llm.reply import draft
    from llm.summarise import summarise
    from llm.types import Message, Thread

    try:
        for text in ASKED:
            thread = Thread("sample", None, (Message("sample", None, "merchant", text),))
            summarise(thread, knowledge.taxonomy, encoder, triage)
            draft(build_brief(thread, knowledge, (), encoder=encoder, triage=triage))
    except LlmError as error:
        log.info("The desk could not be made ready ahead of the first thread: %s", error)
    # What is there by now stays: no later collection needs to look through it, while every page waits.
    gc.collect()
    gc.freeze()
