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
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from app.errors import AppError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

LONGEST_SECONDS = 600


@dataclass
class Session:
    """One visitor of one page. `widgets` maps the labels of the widgets that were drawn to their ids, `choices` to what they offer.

    `buttons` are those of the page as it stands. `page` is the page's address, "" for the first. `repeats` has the parts of the page that the
    browser is told to ask for again by itself, with their intervals in seconds.
    """

    connection: ClientConnection
    query: str
    page: str = ""
    widgets: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)
    repeats: dict[str, float] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)
    _script: str = ""
    _states: dict[str, WidgetState] = field(default_factory=dict)

    def run(self, *clicked: WidgetState, part: str = "") -> float:
        """Asks for the page, or for a part of it as its timer does, and waits for the script's end; milliseconds. Raises AppError when the page
        shows an exception."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        if part:
            # As a browser asks: by the page's hash, since a part that runs the whole page anew would else run the first page.
            message.rerun_script.page_script_hash = self._script
        else:
            message.rerun_script.page_name = self.page
        message.rerun_script.fragment_id = part
        message.rerun_script.is_auto_rerun = bool(part)
        message.rerun_script.widget_states.widgets.extend([*self._states.values(), *clicked])
        ends = (ForwardMsg.FINISHED_SUCCESSFULLY, *((ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,) if part else ()))
        start = time.perf_counter()
        self.connection.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(self.connection.recv(timeout=LONGEST_SECONDS))
            self._see(answer)
            if answer.WhichOneof("type") == "script_finished" and answer.script_finished in ends:
                return (time.perf_counter() - start) * 1000

    def linger(self) -> float | None:
        """Waits until the timer of a part of the page strikes, and asks for that part, as a browser does; milliseconds, without the wait. None at
        once for a page that has no timer."""
        if not self._due:
            return None
        part = min(self._due, key=self._due.__getitem__)
        time.sleep(max(0.0, self._due[part] - time.monotonic()))
        self._due[part] = time.monotonic() + self.repeats[part]
        return self.run(part=part)

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

    def press(self, label: str) -> float:
        """Presses a button of the latest run and runs the page; milliseconds."""
        if label not in self.buttons:
            raise AppError(f"The page has no button {label!r}.")
        return self.run(WidgetState(id=self.buttons[label], trigger_value=True))

    def choose_window(self, first: date, last: date) -> float:
        """Sets the window; milliseconds."""
        return self.choose("Dates (", first.isoformat(), last.isoformat())

    def _see(self, answer: ForwardMsg) -> None:
        kind = answer.WhichOneof("type")
        if kind == "new_session" and not answer.metadata.run.fragment_ids:
            for kept in (self.buttons, self.repeats, self._due):
                kept.clear()
        elif kind == "navigation":
            self._script = answer.navigation.page_script_hash
        elif kind == "auto_rerun":
            part, interval = answer.auto_rerun.fragment_id, answer.auto_rerun.interval
            self.repeats[part], self._due[part] = interval, time.monotonic() + interval
        elif kind == "stop_auto_rerun":
            for part in answer.stop_auto_rerun.fragment_ids:
                self.repeats.pop(part, None)
                self._due.pop(part, None)
        elif kind == "delta":
            self._see_element(answer.delta.new_element)

    def _see_element(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise AppError(f"The page failed: {element.exception.message}")
        if kind == "date_input":
            self.widgets[element.date_input.label] = element.date_input.id
        elif kind == "button":
            self.buttons[element.button.label] = element.button.id
        elif kind == "multiselect":
            self.widgets[element.multiselect.label] = element.multiselect.id
            self.choices[element.multiselect.label] = tuple(element.multiselect.options)


@contextmanager
def visiting(url: str, page: str = "", query: str = "lang=en") -> Iterator[Session]:
    """A visitor that has opened a page of the app served at `url`."""
    from websockets.sync.client import connect

    address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
    # No pings: a server that is kept busy answers them late, and is then taken to be gone.
    with connect(address, subprotocols=["streamlit"], origin=url, max_size=None, ping_interval=None) as connection:  # type: ignore[call-overload]  # plain texts
        session = Session(connection, query, page)
        session.run()
        yield session
