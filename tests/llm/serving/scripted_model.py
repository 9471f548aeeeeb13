"""A TextModel that says what a test told it to, and remembers what it was asked."""

from collections import deque
from collections.abc import Iterator, Sequence

from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions
from llm.errors import LlmError


class ScriptedModel:
    """Each `enqueue` is one answer, in pieces; an error among them is raised where it stands."""

    name = "checkpoint:scripted"

    def __init__(self) -> None:
        self.history: list[tuple[ChatMessage, ...]] = []
        self._answers: deque[tuple[str | LlmError, ...]] = deque()

    def enqueue(self, *pieces: str | LlmError) -> None:
        self._answers.append(pieces)

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions = DEFAULT_OPTIONS) -> Iterator[str]:
        self.history.append(tuple(messages))
        for piece in self._answers.popleft():
            if isinstance(piece, LlmError):
                raise piece
            yield piece
