"""A writer on a server inside the company that speaks the OpenAI chat protocol (vLLM, SGLang, llama.cpp and others), streamed.

Off unless an address is given, and then only to a host that stands in the allow-list; follows no redirect and uses no proxy.
Knows no evidence: what it is sent is a prompt whose private data is masked already.
"""

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import SplitResult, urlsplit

from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions
from llm.errors import EngineCancelledError, EngineError, EngineTimeoutError, EngineUnavailableError

_MAX_EVENT_BYTES = 1_000_000
_MAX_ERROR_BYTES = 2_000
_MAX_CHARACTERS = 100_000
_DATA = b"data:"


def check_server(url: str, allowed: Collection[str]) -> SplitResult:
    """The address in its parts. Raises EngineUnavailableError unless it is http(s) and its host (or host:port) is allowed."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = SplitResult("", "", "", "", ""), "", None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise EngineUnavailableError(
            "The model server's address must look like http://models.example:8000/v1, without a user or key in it."
        )
    if not {host, f"{host}:{port}"} & {entry.casefold() for entry in allowed}:
        raise EngineUnavailableError(
            f"The model server {host} is not in the list of allowed hosts (server_allow); nothing was sent."
        )
    return parts


@dataclass(frozen=True)
class ServerModel:
    """A TextModel. `url` is the base that ends in /v1; `key`, where there is one, goes out as a bearer token."""

    url: str
    model: str
    allowed: tuple[str, ...]
    key: str = ""

    @property
    def name(self) -> str:
        return f"server:{self.model}"

    def __repr__(self) -> str:  # never the key
        return f"ServerModel({self.url!r}, {self.model!r})"

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions = DEFAULT_OPTIONS) -> "ServerStream":
        """Asks when first iterated. Raises EngineUnavailableError at once for an address that is not allowed."""
        parts = check_server(self.url, self.allowed)
        body = {
            "model": self.model,
            "messages": [asdict(message) for message in messages],
            "max_tokens": options.max_tokens,
            "temperature": options.temperature,
            "stream": True,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        return ServerStream(parts, json.dumps(body).encode(), headers, options.timeout_s)


class ServerStream(Iterator[str]):
    """Pieces of one answer. The whole of it, from connecting on, ends within `timeout_s`; `cancel` may come from any thread."""

    position = 0

    def __init__(self, parts: SplitResult, body: bytes, headers: dict[str, str], timeout_s: float) -> None:
        self._parts = parts
        self._body = body
        self._headers = headers
        self._timeout_s = timeout_s
        self._why: EngineError | None = None
        self._socket: socket.socket | None = None
        self._pieces = self._run()
        self.finish_reason: str | None = None

    def __next__(self) -> str:
        return next(self._pieces)

    def cancel(self) -> None:
        """Closes the connection, at which servers stop writing."""
        self._end(EngineCancelledError("The request was cancelled."))

    def close(self) -> None:
        """Lets go of it, in the thread that reads it; twice does no harm."""
        self.cancel()
        self._pieces.close()

    def _end(self, why: EngineError) -> None:
        self._why = self._why or why
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _late(self) -> None:
        self._end(EngineTimeoutError(f"The model server did not finish within {self._timeout_s:g} s."))

    def _run(self) -> Generator[str]:
        watchdog = threading.Timer(self._timeout_s, self._late)
        watchdog.daemon = True
        watchdog.start()
        connection = self._connection()
        try:
            yield from self._answer(connection)
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            self.finish_reason = "error"
            raise self._why or self._failure(error) from error
        except EngineError:
            self.finish_reason = "error"
            raise
        finally:
            watchdog.cancel()
            connection.close()

    def _failure(self, error: Exception) -> EngineError:
        if isinstance(error, TimeoutError):
            return EngineTimeoutError(f"The model server did not finish within {self._timeout_s:g} s.")
        line = " ".join(str(error).split())[:200] or type(error).__name__
        return EngineError(f"The model server {self._parts.hostname} does not answer as it should: {line}.")

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout_s)

    def _answer(self, connection: http.client.HTTPConnection) -> Iterator[str]:
        connection.connect()
        self._socket = connection.sock
        if self._why is not None:
            raise self._why
        path = f"{self._parts.path.rstrip('/')}/chat/completions"
        connection.request("POST", path, self._body, self._headers)
        response = connection.getresponse()
        if response.status != 200:
            said = " ".join(response.read(_MAX_ERROR_BYTES).decode("utf-8", "replace").split())
            raise EngineError(
                f"The model server {self._parts.hostname} answers {response.status} {response.reason}: {said[:200].rstrip('.')}."
            )
        characters = 0
        for event in self._events(response):
            if event == b"[DONE]":
                self.finish_reason = self.finish_reason or "stop"
                return
            piece, reason = _delta(json.loads(event))
            self.finish_reason = reason or self.finish_reason
            characters += len(piece)
            if characters > _MAX_CHARACTERS:
                raise ValueError("far more text than was asked for")
            if piece:
                yield piece
        if self._why is not None:
            raise self._why
        if self.finish_reason is None:
            raise ValueError("the answer broke off")

    def _events(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        held = b""
        while received := response.read1(65_536):
            *lines, held = (held + received).split(b"\n")
            if len(held) > _MAX_EVENT_BYTES:
                raise ValueError("a line without end")
            for line in lines:
                if line.startswith(_DATA):
                    yield line[len(_DATA) :].strip()


def _delta(event: object) -> tuple[str, str | None]:
    """Text and end of one event; an event without choices (counts of tokens) has neither. Raises ValueError for anything else."""
    if isinstance(event, dict) and "error" in event:
        raise ValueError(str(event["error"]))
    try:
        choices = event["choices"]  # type: ignore[index]
        if not choices:
            return "", None
        content, reason = choices[0].get("delta", {}).get("content"), choices[0].get("finish_reason")
    except (KeyError, TypeError, AttributeError, IndexError):
        raise ValueError("an event that is not of the chat protocol") from None
    if content is not None and not isinstance(content, str):
        raise ValueError("a piece that is no text")
    return content or "", reason if isinstance(reason, str) else None
