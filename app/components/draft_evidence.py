"""What stands behind a draft: its checks with their reasons, its sentences with their sources, and what a rewrite changes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.components.thread import message_chip, plain
from app.i18n import N_, _, day, ngettext, number, rate
from app.services import reply

if TYPE_CHECKING:
    from app.workspace import StoredDraft
    from llm.types import Fact, IssueBrief

_WORD = re.compile(r"\s+|[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+")
CHECKS: Mapping[str, tuple[str, str]] = {
    "figures_in_evidence": (N_("Figures"), N_("Every number, date, amount and id stands in a cited source.")),
    "names_in_evidence": (N_("Names"), N_("Every carrier and proper name stands in the evidence.")),
    "has_source": (N_("Sources"), N_("Every sentence names a source that exists.")),
    "no_unbacked_promise": (N_("Promises"), N_("Nothing is promised that the policy does not allow.")),
    "within_compensation_limits": (N_("Compensation"), N_("No money is granted beyond the desk's limits.")),
    "right_language": (N_("Language"), N_("The reply is in the language of the thread.")),
    "right_merchant": (N_("Merchant"), N_("The reply speaks to this merchant, in its own role.")),
    "no_private_data": (N_("Private data"), N_("No phone number, address, card or account of a person.")),
    "nobody_given_away": (N_("Others"), N_("Nothing is told of buyers, complainants or other merchants.")),
    "no_blame": (N_("Blame"), N_("Nobody is blamed.")),
    "length": (N_("Length of sentences"), N_("No sentence is longer than the limit.")),
    "writers_language": (N_("Language of the thread"), N_("The desk writes in the language of the thread.")),
    "evidence_whole": (N_("Evidence read"), N_("The model read all of the evidence.")),
    "writer_available": (N_("Model"), N_("The model wrote to the end.")),
}
FACTS: Mapping[str, str] = {
    "merchant_name": N_("merchant"),
    "trust_score": N_("trust score"),
    "score_level": N_("level"),
    "score_date": N_("day of the score"),
    "late_rate": N_("late by the merchant's fault, 30 days"),
    "late_rate_limit": N_("limit of the late rate"),
    "order_record": N_("record of the order"),
    "order_id": N_("order"),
    "order_placed_date": N_("order placed"),
    "order_carrier": N_("carrier"),
    "refund_amount": N_("refunded"),
    "refund_date": N_("day of the refund"),
    "chargeback_date": N_("day of the chargeback"),
    "penalty_date": N_("day of the penalty"),
    "penalty_clause": N_("clause"),
    "penalty_points": N_("points"),
    "penalty_expires_on": N_("points expire"),
    "appeal_until": N_("appeal possible until"),
    "appeal_period_end": N_("appeal was possible until"),
    "appeal_first_message": N_("first message on it"),
    "review_due_date": N_("decision on the appeal by"),
    "evidence_due_date": N_("evidence by"),
    "evidence_period_end": N_("evidence was possible until"),
    "today": N_("day that terms count from"),
    "answer_due_date": N_("next answer by"),
    "order_refund": N_("refund of the order"),
    "order_chargeback": N_("chargeback of the order"),
    "order_settlement": N_("settlement by policy"),
    "records_hold": N_("what the records hold"),
    "orders_unknown": N_("orders that are not this merchant's"),
}


def marked_changes(before: str, after: str) -> str:
    """What changed between two texts, word by word, as Markdown: taken out in red and struck, put in in green."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    parts = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = plain("".join(old[a:b]), 20_000), plain("".join(new[c:d]), 20_000)
        if kind == "equal":
            parts.append(gone)
            continue
        if gone:
            parts.append(f":red-background[~~{gone}~~]")
        if come:
            parts.append(f":green-background[{come}]")
    return " ".join(parts)


def check_list(draft: StoredDraft) -> None:
    failed = [check for check in draft.checks if not check["passed"]]
    title = (
        _("All {n} checks passed", n=number(len(draft.checks)))
        if not failed
        else _("{n} of {total} checks need a look", n=number(len(failed)), total=number(len(draft.checks)))
    )
    icon = ":material/warning:" if failed else ":material/task_alt:"
    with st.expander(title, icon=icon, expanded=bool(failed)):
        for check in sorted(draft.checks, key=lambda check: bool(check["passed"])):
            name, meaning = CHECKS.get(str(check["name"]), (str(check["name"]), ""))
            if check["passed"]:
                st.markdown(f":green[:material/check_circle: {_('passed')}] **{_(name)}** {_(meaning)}")
            else:
                st.markdown(f":red[:material/cancel: {_('failed')}] **{_(name)}** {_(meaning)}")
                st.text(str(check["detail"]))


def sources(draft: StoredDraft, asked: IssueBrief | None, places: Mapping[str, int]) -> None:
    with st.expander(_("Sentence by sentence, with sources"), icon=":material/account_tree:", expanded=True):
        for n, part in enumerate(draft.sentences):
            with st.container(gap=None):
                st.text(str(part["text"]))
                with st.container(horizontal=True, gap="xsmall"):
                    _chips(n, [str(cite) for cite in part["cites"]], asked, places)


def _chips(n: int, cites: Sequence[str], asked: IssueBrief | None, places: Mapping[str, int]) -> None:
    if not cites:
        st.markdown(f":orange-badge[:material/person_edit: {_('your own words, no source')}]")
    for cite in cites:
        if cite in places:
            message_chip(cite, places[cite], key=f"reply.cite.{n}.{cite}")
        elif asked is not None:
            _source_chip(cite, asked, key=f"reply.cite.{n}.{cite}")


def _source_chip(cite: str, asked: IssueBrief, *, key: str) -> None:
    """Draw the chip of a passage or a fact: a click shows what it says, under a name that a person reads."""
    title, text = reply.source_text(cite, asked)
    fact = next((fact for fact in asked.facts if fact.cite == cite), None)
    if fact is not None:
        label, icon = _("Fact: {name}", name=fact_name(fact.name)), ":material/fact_check:"
        text, origin = fact_words(fact), _("From the records of this snapshot")
    elif title:
        label, icon = title, ":material/menu_book:"
        origin = policy_place(cite)
    else:
        label, icon, origin = _("Earlier source"), ":material/history:", ""
        text = _("This source is no longer in the brief.")
    with st.popover(plain(label, 40), icon=icon, type="tertiary", key=key):
        st.markdown(f"**{plain(label)}**")
        with st.container(border=True):
            st.text(text)
        st.caption(origin)


def policy_place(cite: str) -> str:
    """Where in an article of the policy a cited passage stands."""
    return _("Policy article, paragraph {n}", n=number(int(cite.rpartition("#")[2])))


def fact_words(fact: Fact) -> str:
    """What a fact says, in the reader's language: a share in per cent, a day as a day, all else as the records have it."""
    if fact.unit == "rate" and isinstance(fact.value, float):
        return rate(fact.value)
    if fact.unit == "percent":
        return rate(float(fact.value) / 100)
    if fact.name.endswith(("_date", "_on")):
        return day(date.fromisoformat(str(fact.value)))
    if fact.unit == "points" and isinstance(fact.value, int):
        return ngettext("{n} point", "{n} points", fact.value)
    if fact.unit == "points":
        return number(float(fact.value), digits=1)
    return f"{fact.value} {fact.unit}".strip()


def fact_name(name: str) -> str:
    """A fact's name in the reader's language."""
    return _(FACTS[name]) if name in FACTS else name.replace("_", " ")
