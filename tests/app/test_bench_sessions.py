"""A visitor without a browser knows which parts of a page redraw themselves, as a browser does."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Navigation_pb2 import Navigation

from app.bench.sessions import Session

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection


class Server:
    """A connection on which a script has an end for whatever is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def send(self, message: bytes) -> None:
        self.asked.append(message)

    def recv(self, timeout: float) -> bytes:
        return ForwardMsg(script_finished=ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY).SerializeToString()


def timer(part: str, interval: float) -> ForwardMsg:
    message = ForwardMsg()
    message.auto_rerun.fragment_id, message.auto_rerun.interval = part, interval
    return message


def begun(*parts: str) -> ForwardMsg:
    message = ForwardMsg()
    message.new_session.name = "app"
    message.metadata.run.fragment_ids.extend(parts)
    return message


def test_the_part_whose_timer_strikes_first_is_asked_for() -> None:
    server = Server()
    session = Session(cast("ClientConnection", server), "")
    assert session.linger() is None
    session._see(ForwardMsg(navigation=Navigation(page_script_hash="of-this-page")))
    session._see(timer("slow", 60))
    session._see(timer("fast", 0.001))
    assert session.linger() is not None
    assert b"fast" in server.asked[0]
    assert b"slow" not in server.asked[0]
    assert b"of-this-page" in server.asked[0], "else what the part runs anew is the first page"


def test_timers_end_with_the_page_or_their_part_and_not_with_a_redraw() -> None:
    session = Session(cast("ClientConnection", Server()), "")
    for part in ("a", "b"):
        session._see(timer(part, 1))
    session._see(begun("a"))
    assert set(session.repeats) == {"a", "b"}
    stop = ForwardMsg()
    stop.stop_auto_rerun.fragment_ids.append("a")
    session._see(stop)
    assert set(session.repeats) == {"b"}
    session._see(begun())
    assert session.linger() is None
