"""A model server on loopback that answers well, slowly, wrongly or not at all: words, or one clear line."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from llm.chat import ChatMessage, GenerateOptions, TextModel
from llm.errors import EngineCancelledError, EngineError, EngineTimeoutError, EngineUnavailableError
from llm.server import ServerModel, check_server

ASK = [ChatMessage("user", "Why was order A-1001 late?")]
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    def __init__(self) -> None:
        self.answer: Answer = lambda handler: None
        self.asked: list[tuple[str, dict[str, object], str | None]] = []
        self.gone = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, body, self.headers["Authorization"]))
                try:
                    outer.answer(self)
                except OSError:
                    outer.gone.set()

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        self.model = ServerModel(self.url, "local-8b", ("127.0.0.1",), key="s3cret")


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()


def event(text: str | None = None, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def sends(*parts: bytes, status: int = 200) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()
        for part in parts:
            handler.wfile.write(part)

    return answer


def drips(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(400):
        handler.wfile.write(event("word "))
        time.sleep(0.05)


def test_streams_the_servers_words_and_sends_the_key(server: Server) -> None:
    server.answer = sends(event("It was "), event("late. 您好"), event(reason="stop"), b"data: [DONE]\n\n")
    writer: TextModel = server.model
    assert list(writer.generate(ASK, GenerateOptions(max_tokens=7))) == ["It was ", "late. 您好"]
    path, body, key = server.asked[0]
    assert (path, key) == ("/v1/chat/completions", "Bearer s3cret")
    assert (body["model"], body["max_tokens"], body["stream"]) == ("local-8b", 7, True)
    assert writer.name == "server:local-8b"
    assert "s3cret" not in repr(writer)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (sends(b"no such model", status=404), "answers 404 Not Found: no such model"),
        (sends(status=302), "answers 302"),
        (sends(b"data: <html>\n\n"), "does not answer as it should"),
        (sends(b'data: {"choices": 3}\n\n'), "not of the chat protocol"),
        (sends(b'data: {"error": "out of memory"}\n\n'), "out of memory"),
        (sends(event("half")), "broke off"),
        (sends(b"data: " + b"[" * 200_000 + b"\n\n"), "does not answer as it should"),
        (sends(*[event("again " * 1000)] * 20), "far more text"),
        (sends(b"data: " + b"x" * 1_100_000), "a line without end"),
        (lambda handler: handler.wfile.write(b"SSH-2.0\r\n"), "does not answer as it should"),
    ],
)
def test_a_wrong_answer_is_one_line(server: Server, answer: Answer, line: str) -> None:
    server.answer = answer
    with pytest.raises(EngineError, match=line) as caught:
        list(server.model.generate(ASK))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [drips, lambda handler: time.sleep(20)])
def test_a_slow_server_is_left_at_its_time(server: Server, answer: Answer) -> None:
    server.answer = answer
    began = time.monotonic()
    with pytest.raises(EngineTimeoutError, match=r"within 0\.4 s"):
        list(server.model.generate(ASK, GenerateOptions(timeout_s=0.4)))
    assert time.monotonic() - began < 10


def test_a_cancel_closes_the_connection(server: Server) -> None:
    server.answer = drips
    stream = server.model.generate(ASK)
    assert next(stream) == "word "
    stream.cancel()
    with pytest.raises(EngineCancelledError):
        list(stream)
    assert server.gone.wait(10)


def test_no_server_is_one_line(server: Server) -> None:
    server.http.server_close()
    with pytest.raises(EngineError, match=r"127\.0\.0\.1 does not answer as it should"):
        list(server.model.generate(ASK, GenerateOptions(timeout_s=5)))


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("http://models.example/v1", "not in the list of allowed hosts"),
        ("http://127.0.0.1.example/v1", "not in the list of allowed hosts"),
        ("http://127.0.0.1@models.example/v1", "without a user or key"),
        ("file:///etc/passwd", "must look like"),
        ("http://[bad", "must look like"),
        ("http://127.0.0.1:99999/v1", "must look like"),
    ],
)
def test_only_an_allowed_host_is_asked(url: str, line: str) -> None:
    with pytest.raises(EngineUnavailableError, match=line):
        ServerModel(url, "m", ("127.0.0.1",)).generate(ASK)


def test_a_host_may_be_allowed_at_one_port_only() -> None:
    assert check_server("http://models.example:8000/v1", ["Models.example:8000"]).port == 8000
    with pytest.raises(EngineUnavailableError):
        check_server("http://models.example:9000/v1", ["models.example:8000"])
