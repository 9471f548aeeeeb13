"""Every number's menu: what it means, the rows behind it, its SQL, its trend and a link. Nothing is computed before it is opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from app.charts.series import trend
from app.components.empty import empty_state
from app.components.export import export_button
from app.components.missing import why_missing
from app.components.table import Column, table
from app.components.thread import plain
from app.components.words import dimension_name, period_name
from app.filter_bar import current_filters
from app.filters import lengths_in_words, window_days
from app.i18n import N_, _, day, figure, language, ngettext, number, span
from app.page_errors import page_errors
from app.services import figures, trust, watch
from app.services.figures import Number
from app.services.runtime import snapshot_id

SECTIONS = {
    "definition": (N_("Definition"), ":material/menu_book:"),
    "rows": (N_("Rows"), ":material/table_rows:"),
    "sql": (N_("SQL"), ":material/code:"),
    "trend": (N_("Trend"), ":material/show_chart:"),
    "change": (N_("Change"), ":material/call_split:"),
    "link": (N_("Link"), ":material/link:"),
}
EFFECTS = (
    ("volume", N_("Volume"), N_("The whole grew or shrank")),
    ("mix", N_("Mix"), N_("The group's share of the whole changed")),
    ("rate", N_("Rate"), N_("The figure within the group changed")),
)
ROWS_SHOWN = 1000
MENU_WIDTH = 36


@st.fragment
def figure_menu(shown: Number, *, key: str) -> None:
    """Draw the menu button of a number. `key` must be unique on the page."""
    with page_errors():
        chosen = st.menu_button(
            "",
            tuple(SECTIONS),
            format_func=_section,
            type="tertiary",
            help=_("About this number"),
            key=f"menu.{key}",
        )
        if chosen:
            open_figure(shown, key=key, section=str(chosen))


def open_figure(shown: Number, *, key: str, section: str = "definition", of: str = "") -> None:
    """Open a number's definition, rows, SQL, trend and link; `of` names the row of a table, whose cells hold no menu of their own."""
    title = " · ".join(name for name in (_(figures.definition(shown).name), of) if name)
    st.dialog(title, width="large", icon=":material/query_stats:")(_body)(shown, section, key)


def _section(name: str) -> str:
    text, icon = SECTIONS[name]
    return f"{icon} {_(text)}"


def _body(shown: Number, first: str, key: str) -> None:
    with page_errors():
        section = st.segmented_control(
            _("Show"),
            tuple(SECTIONS),
            default=first,
            format_func=_section,
            label_visibility="collapsed",
            required=True,
            key=f"menu.{key}.{first}.section",
        )
        st.caption(f"{_window(shown)} · {figures.time_zone(snapshot_id())}")
        _DRAWN[section](shown)


def _window(shown: Number) -> str:
    if shown.metric_id == trust.METRIC_ID:
        return _("at the end of {day}", day=day(shown.scope.date_to))
    return span(shown.scope.date_from, shown.scope.date_to)


def _definition(shown: Number) -> None:
    found = figures.definition(shown)
    st.markdown(_(found.description))
    facts = {
        _("Numerator"): _(found.numerator),
        _("Denominator"): _(found.denominator) if found.denominator != "none" else "–",
        _("One row is"): _(found.grain),
        _("Better is"): {"higher": _("higher"), "lower": _("lower"), "neutral": _("neither")}[found.direction],
        _("Counted on the day of"): _("the order") if found.anchor == "order_date" else _("the event"),
    }
    if found.unit == "score":
        facts[_("Needed for a figure")] = ngettext("{n} order", "{n} orders", found.min_n)
    elif found.min_n:
        facts[_("Needed for a figure")] = ngettext("{n} row", "{n} rows", found.min_n)
    if found.maturity_days:
        facts[_("Left out")] = ngettext(
            "the last {n} day: too recent to judge", "the last {n} days: too recent to judge", found.maturity_days
        )
    facts[_("Name in commands")] = f"`{shown.metric_id}`"
    for name, value in facts.items():
        left, right = st.columns([1, 3])
        left.caption(name)
        right.markdown(value)


def _rows(shown: Number) -> None:
    found = figures.rows(snapshot_id(), shown, ROWS_SHOWN)
    st.markdown(_reconciled(found))
    if found.frame.empty:
        empty_state(_("No rows"), _("Nothing of this kind happened in the window. Choose a longer one."))
        return
    if found.row_count > len(found.frame):
        st.caption(
            _(
                "The first {shown} of {all} rows; the SQL gives all.",
                shown=number(len(found.frame)),
                all=number(found.row_count),
            )
        )
    raw_rows(found.frame, height=380)
    export_button(lambda: found.frame, shown.metric_id, key=f"menu.{shown.metric_id}")


def raw_rows(frame: pd.DataFrame, *, height: int) -> None:
    """Rows as the warehouse holds them, without columns that hold nothing."""
    st.dataframe(
        frame.dropna(axis="columns", how="all"),
        hide_index=True,
        height=height,
        column_config={name: st.column_config.DateColumn(format="YYYY-MM-DD") for name in ("day", "order_date")},
        placeholder="–",
        alt=_("The rows behind the number"),
    )


def _reconciled(found: figures.Rows) -> str:
    """The number as its rows give it, so that a reader can compare it with the card."""
    if found.value is None:
        words = why_missing(found.status, found.n, found.min_n, found.grain)
    else:
        words = figure(found.value, found.unit, currency=found.currency)
    if found.unit == "score" and found.row_count > 1:
        merchants = ngettext("{n} merchant", "{n} merchants", found.row_count)
        return _("**{value}** = the median of {rows}", value=words, rows=merchants)
    if found.denominator is None:
        return _(
            "**{value}** = {numerator} from {rows}",
            value=words,
            numerator=number(found.numerator, digits=_digits(found.numerator)),
            rows=ngettext("{n} row", "{n} rows", found.row_count),
        )
    return _(
        "**{value}** = {numerator} of {denominator}, from {rows}"
        if found.unit == "rate"
        else "**{value}** = {numerator} ÷ {denominator}, from {rows}",
        value=words,
        numerator=number(found.numerator, digits=_digits(found.numerator)),
        denominator=number(found.denominator, digits=_digits(found.denominator)),
        rows=ngettext("{n} row", "{n} rows", found.row_count),
    )


def _digits(value: float) -> int:
    return 0 if float(value).is_integer() else 2


def _sql(shown: Number) -> None:
    st.code(figures.sql(snapshot_id(), shown), language="sql", height=420)
    st.caption(_("Read-only, with this page's window and filters written out. It runs on the warehouse's tables."))


def _trend(shown: Number) -> None:
    found = figures.definition(shown)
    period = figures.period_of(shown.scope)
    points = figures.series(snapshot_id(), shown, period)
    if not any(point.value is not None for point in points):
        empty_state(
            _("No trend"), _("No period of this window has enough data. Choose a longer window or fewer filters.")
        )
        return
    coming = watch.ahead(snapshot_id(), shown) if period == "day" else ()
    st.plotly_chart(
        trend(
            points,
            title="",
            unit=found.unit,
            y_title=_(found.name),
            x_title="",
            incomplete_label=_("incomplete"),
            coming=coming,
            coming_label=_("forecast"),
            height=340,
        )
    )
    if coming:
        st.caption(_("Forecast of single days, with a band that is meant to hold four days in five"))
    st.caption(_("By {period}, with the 95% interval where there is one", period=period_name(period)))


def _change(shown: Number) -> None:
    if shown.metric_id == trust.METRIC_ID:
        empty_state(
            _("A score's change is on the merchant's page"), _("Open a merchant to see which component moved it.")
        )
        return
    filters, snapshot = current_filters(), snapshot_id()
    offered = figures.groupings(snapshot)
    by = st.segmented_control(
        _("Split by"),
        offered,
        default=offered[0],
        format_func=dimension_name,
        required=True,
        key=f"menu.{shown.metric_id}.by",
    )
    found, parts = figures.change_parts(snapshot, shown, filters.compare, by)
    before, after = (figure(value, found.unit, currency=found.currency) for value in (found.before, found.after))
    earlier = span(found.base_from, found.base_to)
    st.markdown(_("**{before}** → **{after}**, compared with {window}", before=before, after=after, window=earlier))
    lengths = [window_days(*window) for window in ((found.date_from, found.date_to), (found.base_from, found.base_to))]
    if lengths[0] != lengths[1]:
        st.caption(_("{lengths}: the figures are those of the whole windows.", lengths=lengths_in_words(*lengths)))
    change, own = f"change:{found.unit}", found.unit
    effects = [Column(name, _(label), change, help=_(words)) for name, label, words in EFFECTS]
    row = table(
        parts,
        [
            Column("name", dimension_name(by), pinned=True),
            Column("before", _("Before"), own),
            Column("after", _("After"), own),
            Column("change", _("Part of the change"), change),
            *{"count": effects[:2], "money": effects}.get(found.unit, effects[1:]),
        ],
        key=f"menu.{shown.metric_id}.parts.{by}",
        title=_("Parts of the change"),
        is_clickable=True,
    )
    if found.overlap and abs(found.overlap) > 1e-9 * max(abs(found.before), abs(found.after), 1):
        st.caption(_("Orders of several merchants count once in the whole and once for each merchant in the parts."))
    if row is None:
        st.caption(_("The parts add up to the change. Click one to see its rows."))
        return
    part = figures.narrowed(shown, by, str(parts["key"].iloc[row]))
    if not parts["n"].iloc[row]:  # a group that is gone: what is left to see is what it was
        part = replace(part, scope=replace(part.scope, date_from=found.base_from, date_to=found.base_to))
    st.markdown(f"**{plain(str(parts['name'].iloc[row]))}** · {_window(part)}")
    _rows(part)


def _link(shown: Number) -> None:
    filters = current_filters()
    # Against a default of another window the dates are always written out: the link keeps its meaning when data arrives.
    params = filters.to_params(replace(filters, date_from=date.min)) | {"lang": [language()]}
    st.code(f"{st.context.url or ''}?{urlencode(params, doseq=True)}", language=None, wrap_lines=True)
    st.caption(_("Opens this page with the same window and filters."))


_DRAWN = {"definition": _definition, "rows": _rows, "sql": _sql, "trend": _trend, "change": _change, "link": _link}
