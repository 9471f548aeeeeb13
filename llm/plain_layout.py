"""The prompt of a model whose tokenizer has no chat template, and where such a model's answer ends.

Causal models get headings, `### Question` over the user's turn and `### Answer` at the end, below the system's text; an encoder-decoder reads
the texts alone, since its answer is a text of its own. Knows no model.
"""

from collections.abc import Callable, Sequence

from llm.chat import ChatMessage

_HEADINGS = {"user": "### Question\n", "assistant": "### Answer\n", "system": ""}
# A base model goes on after its answer, with the next question or turn of a dialogue.
STOPS = ("\n###", "\nQuestion:", "\nUser:", "\nHuman:", "\n问题：", "\n用户：")


def plain_prompt(messages: Sequence[ChatMessage], *, has_headings: bool) -> str:
    """The messages as one text; with headings it ends where the answer begins."""
    if not has_headings:
        return "\n\n".join(message.content for message in messages)
    turns = [f"{_HEADINGS[message.role]}{message.content}" for message in messages]
    return "\n\n".join([*turns, "### Answer\n"])


class Until:
    """Hands text on up to the first stop, holding back what may yet become one."""

    def __init__(self, stops: Sequence[str], on_text: Callable[[str], None]) -> None:
        self._stops = stops
        self._on_text = on_text
        self._held = ""
        self.is_over = False

    def feed(self, text: str) -> None:
        """More of the answer; nothing is handed on once it is over."""
        if self.is_over:
            return
        self._held += text
        found = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if found:
            self.is_over = True
            self._tell(min(found))
        else:
            self._tell(len(self._held) - self._doubtful())

    def end(self) -> None:
        """No more comes: what was held back is text."""
        if not self.is_over:
            self._tell(len(self._held))

    def _tell(self, length: int) -> None:
        if length:
            self._on_text(self._held[:length])
        self._held = self._held[length:]

    def _doubtful(self) -> int:
        """Characters at the end that begin a stop."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-length:]) for stop in self._stops):
                return length
        return 0
