"""The app's entry: navigation grouped by job, the session's language and filters, and the border for errors. No figure is made here."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import filter_bar, i18n
from app.i18n import _
from app.identity import current_actor
from app.page_errors import page_errors
from app.services.runtime import begin_page_run, begin_reading, get_runtime
from app.services.warehouse import as_known, filter_options

ICON = Path(__file__).parent / "assets" / "icon.svg"
UNFILTERED = ("reply_desk", "chat", "knowledge", "adhoc", "data", "settings")


def chat_page(*, is_default: bool = False) -> st.Page:
    """The page for merchants."""
    return st.Page("views/chat.py", title=_("Chat"), icon=":material/smart_toy:", default=is_default)


def navigation() -> dict[str, list[st.Page]]:
    """The pages, in the order of the questions they answer; Chat alone where merchants are served."""
    if get_runtime().settings.chat_only:
        return {"": [chat_page(is_default=True)]}
    return {
        _("Watch"): [
            st.Page("views/overview.py", title=_("Overview"), icon=":material/dashboard:", default=True),
            st.Page("views/trust.py", title=_("Trust"), icon=":material/verified_user:"),
            st.Page("views/satisfaction.py", title=_("Satisfaction"), icon=":material/sentiment_satisfied:"),
            st.Page("views/merchant.py", title=_("Merchant"), icon=":material/storefront:"),
        ],
        _("Talk"): [
            st.Page("views/issues.py", title=_("Issues"), icon=":material/forum:"),
            st.Page("views/reply_desk.py", title=_("Reply desk"), icon=":material/edit_note:"),
            chat_page(),
            st.Page("views/knowledge.py", title=_("Knowledge"), icon=":material/menu_book:"),
            st.Page("views/performance.py", title=_("Desk performance"), icon=":material/speed:"),
        ],
        _("Decide"): [
            st.Page("views/whatif.py", title=_("What-if"), icon=":material/tune:"),
            st.Page("views/adhoc.py", title=_("Ad-hoc analysis"), icon=":material/terminal:"),
        ],
        _("Run"): [
            st.Page("views/data.py", title=_("Data"), icon=":material/database:"),
            st.Page("views/settings.py", title=_("Settings"), icon=":material/settings:"),
        ],
    }


def set_language() -> None:
    """Fixes the session's language before the first word is written; a choice stays for the session and in the URL."""
    settings = get_runtime().settings
    st.session_state[i18n.SESSION_KEY] = i18n.choose_language(
        session=st.session_state.get(i18n.SESSION_KEY),
        url=st.query_params.get("lang"),
        setting=settings.language,
        browser=st.context.locale,
    )


def run() -> None:
    """One page run: who, which snapshot, which filters, then the page."""
    st.set_page_config(page_title="TrustDesk", page_icon=ICON, layout="wide")
    st.logo(ICON, size="large")
    with page_errors():
        set_language()
        current_actor(get_runtime().settings)
        page = st.navigation(navigation(), expanded=True)
        snapshot = begin_page_run()
        if snapshot is None:
            page.run()
            return
        is_shown = page.url_path not in UNFILTERED and not get_runtime().settings.chat_only
        if is_shown:
            snapshot = begin_reading(as_known(snapshot, filter_bar.what_is_known(page.url_path)))
        options = filter_options(snapshot)
        filters = filter_bar.restore_filters(options, snapshot, page=page.url_path, is_shown=is_shown)
        if is_shown:
            filters = filter_bar.draw_filters(options)
        filter_bar.write_url(filters, options)
        page.run()


run()
