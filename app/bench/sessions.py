"""Visitors of the served app without a browser: WebSocket clients that speak Streamlit's protocol as its front end does.

Times are the server's, from a click sent to the script's end, so that ten visitors don't measure ten browsers. Knows the widgets
of the filter bar by their labels in English, and no figure.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from app.errors import AppError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

LONGEST_SECONDS = 600


@dataclass
class Session:
    """One visitor of one page. `widgets` maps the labels of the widgets that were drawn to their ids, `choices` to what they offer."""

    connection: ClientConnection
    query: str
    widgets: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _states: dict[str, WidgetState] = field(default_factory=dict)

    def run(self) -> float:
        """Asks for the page and waits for the script's end; milliseconds. Raises AppError when the page shows an exception."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.widget_states.widgets.extend(self._states.values())
        start = time.perf_counter()
        self.connection.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(self.connection.recv(timeout=LONGEST_SECONDS))
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._see(answer)
            elif kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return (time.perf_counter() - start) * 1000

    def choose(self, label: str, *values: str) -> float:
        """Sets a widget (a range of dates, or a choice of several) and runs the page; milliseconds."""
        name = next((known for known in self.widgets if known.startswith(label)), None)
        if name is None:
            raise AppError(f"The page has no widget {label!r}.")
        widget = self.widgets[name]
        state = WidgetState(id=widget)
        state.string_array_value.data.extend(values)
        self._states[widget] = state
        return self.run()

    def choose_window(self, first: date, last: date) -> float:
        """Sets the window; milliseconds."""
        return self.choose("Dates (", first.isoformat(), last.isoformat())

    def _see(self, answer: ForwardMsg) -> None:
        element = answer.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise AppError(f"The page failed: {element.exception.message}")
        if kind == "date_input":
            self.widgets[element.date_input.label] = element.date_input.id
        elif kind == "multiselect":
            self.widgets[element.multiselect.label] = element.multiselect.id
            self.choices[element.multiselect.label] = tuple(element.multiselect.options)


@contextmanager
def visiting(url: str, page: str = "", query: str = "lang=en") -> Iterator[Session]:
    """A visitor that has opened a page of the app served at `url`."""
    from websockets.sync.client import connect

    address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], origin=url, max_size=None) as connection:  # type: ignore[call-overload]  # plain texts
        session = Session(connection, query)
        session.run()
        yield session
