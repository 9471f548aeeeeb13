"""The border at which an error becomes one sentence for the reader and a reference that finds it in the log.

Used around every page run, around fragments and by the server for what escapes both. Shows no traceback.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from datetime import date
from types import TracebackType

from app.errors import AppError, NoData, SignInNeeded
from app.i18n import _, day

log = logging.getLogger("trustdesk")


def sentence(error: BaseException) -> str | None:
    """What to tell the reader of an error that the product raises on purpose; None for any other."""
    from analytics.errors import AnalyticsError
    from llm.errors import LlmError

    if isinstance(error, AppError | AnalyticsError):
        words = {key: day(value) if isinstance(value, date) else value for key, value in error.values.items()}
        return _(error.text, **words)
    return str(error) if isinstance(error, LlmError) else None


def show_error(error: Exception) -> bool:
    """Logs the error with a reference and shows one sentence with it. Always True: the error is dealt with."""
    import streamlit as st

    known = sentence(error)
    if isinstance(error, NoData):
        st.info(known, icon=":material/inbox:")
        return True
    if isinstance(error, SignInNeeded):
        st.info(known, icon=":material/login:")
        st.button(_("Sign in"), on_click=st.login)
        return True
    reference = secrets.token_hex(4)
    log.error("reference %s\n%s", reference, traced(error))
    text = known or _("Something went wrong here. The rest of the desk keeps working; reload the page to try again.")
    st.error(f"{text}  \n{_('Reference: {reference}', reference=reference)}", icon=":material/error:")
    return True


def traced(error: BaseException) -> str:
    """The traceback of an error and of those behind it, the first cause first; what they say has its private data masked."""
    from llm.privacy import mask

    parts: list[str] = []
    found: BaseException | None = error
    while found is not None:
        said = "".join(traceback.format_exception_only(found))
        parts = ["".join(traceback.format_tb(found.__traceback__)), mask(said), *parts]
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return "".join(parts)


class PageErrors:
    """A `with` block that ends quietly on any error: shown, logged, never a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        # Streamlit's own control flow (stop, rerun, switch page) is no Exception and passes through.
        return isinstance(error, Exception) and show_error(error)


def page_errors() -> PageErrors:
    """`with page_errors(): …` around a page run or the body of a fragment."""
    return PageErrors()
