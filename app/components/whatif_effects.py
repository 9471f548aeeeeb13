"""The Effects tab: what an order that goes wrong does to its buyer, beside the raw difference, with what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.charts.shapes import Estimate
from app.charts.studies import raw_and_adjusted
from app.components.chart import chart_card, empty_card
from app.components.study_words import OBSERVATIONAL, between
from app.components.table import Column
from app.i18n import N_, _, difference, joined, number, rate, sentences
from app.page_errors import page_errors
from app.services import effects
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.whatif.effects import FittedEffect
    from analytics.whatif.effects_kept import SnapshotEffects

POLL_SECONDS = 3
HEIGHT = 300
REFUTERS = {
    "placebo": N_("Placebo"),
    "random_cause": N_("Random cause"),
    "subset": N_("Subset"),
}
SEGMENTS = {"category": N_("Category"), "size_band": N_("Size")}


def effects_tab() -> None:
    """Draw the tab; while the effects are being fitted it keeps itself up to date."""
    with page_errors():
        snapshot = snapshot_id()
        is_ready = effects.effects(snapshot) is not None
        st.fragment(run_every=None if is_ready else POLL_SECONDS)(_draw)(snapshot, is_waiting=not is_ready)


def _draw(snapshot: str, *, is_waiting: bool) -> None:
    with page_errors():
        found = effects.effects(snapshot)
        if found is None:
            _draw_progress(effects.prepare(snapshot))
            return
        if is_waiting:
            st.rerun()  # so that it no longer looks every few seconds
        outcome = st.segmented_control(
            _("Outcome"),
            list(effects.OUTCOMES),
            default="stars",
            required=True,
            format_func=lambda name: _(effects.OUTCOMES[name][0]),
            label_visibility="collapsed",
            key="whatif.effects.outcome",
        )
        _draw_effects(found, outcome)


def _draw_progress(progress: effects.Progress) -> None:
    title = _("What behaviour does to buyers")
    if progress.fault:
        empty_card(title, "", _("No effect can be told"), progress.fault, height=HEIGHT)
        return
    with st.container(border=True):
        st.markdown(f"**{title}**")
        said = _("Orders are read")
        if progress.total:
            said = _("{done} of {total}", done=number(progress.done), total=number(progress.total))
        st.progress(
            progress.done / progress.total if progress.total else 0.0,
            text=_("Effects are fitted once for this data, in the background: {said}", said=said),
        )


def _draw_effects(found: SnapshotEffects, outcome: str) -> None:
    name, unit = effects.OUTCOMES[outcome]
    of_outcome = [one for one in found.effects if one.outcome == outcome]
    told = [one for one in of_outcome if one.effect is not None]
    title = _("What behaviour does to buyers: {outcome}", outcome=_(name))
    missing = [
        _("{name}: {why}", name=_(effects.LEVERS[one.lever][0]), why=_(effects.PROBLEMS[one.problem]))
        for one in of_outcome
        if one.problem is not None
    ]
    if not told:
        empty_card(title, "", joined(missing), _("Load more orders that are 60 days old."), height=HEIGHT)
        return
    _draw_chart(told, title, unit)
    with st.container(border=True):
        st.markdown(f":orange-badge[{_(effects.LABELS['observational'])}]")
        for one in told:
            st.markdown("- " + _sentence(one, unit))
    _draw_segments(told, outcome, unit)
    if missing:
        st.caption(_("Not shown: {names}", names=joined(missing)))
    st.caption(
        sentences(
            _(
                "Double machine learning: like orders of the same merchant, at the same time, price, carrier and history; intervals clustered by merchant (seed {seed}).",
                seed=number(found.seed),
            ),
            _("Placebo: shuffled within merchants, must be nothing. Random cause and subset: must change little."),
            _("Stars are those of reviews: what the silent think is not in them."),
            _(OBSERVATIONAL),
        )
    )


def _draw_chart(told: list[FittedEffect], title: str, unit: str) -> None:
    frame = effects.effect_table(told)
    frame["name"] = [_(effects.LEVERS[lever][0]) for lever in frame["lever"]]
    frame["label"] = [_(effects.LABELS[label]) for label in frame["label"]]
    for refuter in REFUTERS:
        frame[refuter] = [
            _verdict(passed, value, unit)
            for passed, value in zip(frame[f"{refuter}_passed"], frame[refuter], strict=True)
        ]
    change = f"change:{unit}"
    chart_card(
        title,
        _("Difference that one order makes, 95% interval; all merchants, orders at least 60 days old, as known latest"),
        raw_and_adjusted(
            [f"{name} (n = {number(one.concerned)})" for name, one in zip(frame["name"], told, strict=True)],
            [Estimate("", *one.raw, one.concerned) if one.raw else Estimate("", None) for one in told],
            [_estimate(one) for one in told],
            labels=(_("Raw difference"), _("Effect")),
            unit=unit,
            x_title=_("Difference in stars") if unit == "stars" else _("Difference in percentage points"),
            has_zero=True,
            height=HEIGHT,
        ),
        frame,
        [
            Column("name", _("Behaviour"), pinned=True),
            Column("concerned", _("Orders"), "count"),
            Column("raw", _("Raw difference"), change),
            Column("effect", _("Effect"), change),
            Column("ci_low", _("from"), change, help=_("Lower end of the 95% interval")),
            Column("ci_high", _("to"), change, help=_("Upper end of the 95% interval")),
            Column("label", _("Label")),
            Column("outside", _("Without a like order"), "rate"),
            *(Column(refuter, _(word)) for refuter, word in REFUTERS.items()),
        ],
        key=f"whatif.effects.{told[0].outcome}",
    )


def _estimate(one: FittedEffect) -> Estimate:
    assert one.effect is not None
    return Estimate("", one.effect.per_unit, one.effect.ci_low, one.effect.ci_high, one.concerned)


def _sentence(one: FittedEffect, unit: str) -> str:
    """What was found of a lever, what the raw difference says, and what speaks against it."""
    assert one.effect is not None and one.raw is not None  # noqa: PT018
    said = _(
        "**{name}**: observational: {order} differs by {change}; the raw difference says {raw}.",
        name=_(effects.LEVERS[one.lever][0]),
        order=_(effects.LEVERS[one.lever][1]),
        change=between(one.effect.per_unit, one.effect.ci_low, one.effect.ci_high, unit),
        raw=difference(one.raw[0], unit),
    )
    if one.is_outside:
        share = rate(one.outside)
        said = sentences(
            said,
            ":material/warning: "
            + _(
                "{share} of these orders have none like them to compare with: the interval is wider for it.",
                share=share,
            ),
        )
    passed = [_(REFUTERS[refuter.name]) for refuter in one.refuters if refuter.passed]
    if passed:
        said = sentences(said, _("Passed: {names}.", names=joined(passed)))
    failed = [_(REFUTERS[refuter.name]) for refuter in one.refuters if refuter.passed is False]
    if failed:
        said = sentences(
            said, ":material/warning: " + _("Refuted by: {names}. Don't build on it.", names=joined(failed))
        )
    return said


def _draw_segments(told: list[FittedEffect], outcome: str, unit: str) -> None:
    """One lever's effect by category and size, beside that of all."""
    split = [one for one in told if one.segments]
    if not split:
        return
    with st.container(border=True):
        lever = st.selectbox(
            _("Where it differs"),
            [one.lever for one in split],
            format_func=lambda name: _(effects.LEVERS[name][0]),
            key=f"whatif.effects.{outcome}.lever",
        )
        one = next(item for item in split if item.lever == lever)
        st.plotly_chart(
            raw_and_adjusted(
                [f"{_(SEGMENTS[item.kind])}: {_(item.name)} (n = {number(item.n)})" for item in one.segments],
                [_estimate(one)] * len(one.segments),
                [Estimate("", item.value, item.ci_low, item.ci_high, item.n) for item in one.segments],
                labels=(_("All"), _("Segment")),
                unit=unit,
                x_title=_("Difference in stars") if unit == "stars" else _("Difference in percentage points"),
                has_zero=True,
                height=120 + 34 * len(one.segments),
            ),
            key=f"whatif.effects.{outcome}.segments",
        )
        differing = [_(SEGMENTS[kind]) for kind in one.differs]
        st.caption(
            _("Differs by more than chance between: {names}", names=joined(differing))
            if differing
            else _("No difference between segments beyond chance.")
        )


def _verdict(passed: bool | None, value: float | None, unit: str) -> str:
    if passed is None or value is None:
        return _("too few orders to tell")
    return _("{verdict}: {value}", verdict=_("passed") if passed else _("failed"), value=difference(value, unit))
