"""What a writer is asked and how: the messages of a prompt, the options of one generation, the TextModel protocol.

Knows no model, no queue and no evidence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class ChatMessage:
    """One turn of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True)
class GenerateOptions:
    """`temperature` 0 is greedy; `timeout_s` counts seconds of work, not of waiting in the queue or of loading.

    `is_background`: nobody waits for it, so the engine serves it last and ends it as soon as somebody asks for something.
    """

    max_tokens: int = 400
    temperature: float = 0.0
    timeout_s: float = 120.0
    is_background: bool = False


DEFAULT_OPTIONS = GenerateOptions()


class TextModel(Protocol):
    """Anything that writes: the engine, or a test's scripted fake."""

    @property
    def name(self) -> str:
        """What a draft's `engine` field says, e.g. `checkpoint:Qwen3-0.6B`."""
        ...

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions = DEFAULT_OPTIONS) -> Iterator[str]:
        """Pieces of the answer as they come; together they are its text. Raises LlmError, also between pieces."""
        ...
