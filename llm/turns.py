"""Who computes now: the requests of a worker, each in a thread of its own, take turns step by step, so that their answers grow together.

Only one of them computes at any moment, with every core that the models may use. Knows no model and no pipe.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

REPORT_S = 0.1  # of a request's own work between two reports of it
FIRST_S = 2.0  # of a request's own work in which it may come to its first text before the others go on


class Turns:
    """A line whose first one computes. A step done, it goes to the end of the line. Before the others go who was cancelled, to leave, and
    then who has no text yet, in the order in which they came: five who began at once would else all wait until five prompts are read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: deque[Turn] = deque()

    def begin(self, number: int, report: Callable[[float], None]) -> "Turn":
        """A place at the end. `report` is called in its turns with the seconds that it has computed so far."""
        turn = Turn(self, number, report)
        with self._lock:
            self._line.append(turn)
            if self._line[0] is turn:
                turn.go.release()
        return turn

    def cancel(self, number: int) -> None:
        """Does nothing for one that has left the line."""
        with self._lock:
            for turn in self._line:
                turn.is_over = turn.is_over or turn.number == number

    def pass_on(self, turn: "Turn") -> None:
        """For the one that computes: lets the others have a step each, and returns when it is its turn again."""
        with self._lock:
            self._line.rotate(-1)
            self._choose()
        turn.go.acquire()

    def leave(self) -> None:
        """For the one that computes: it is done."""
        with self._lock:
            self._line.popleft()
            if self._line:
                self._choose()

    def _choose(self) -> None:
        """Puts who is next at the head of the line, and lets them go."""
        hurried = [turn for turn in self._line if turn.is_over or turn.is_new]
        chosen = min(hurried, key=lambda turn: (not turn.is_over, turn.number), default=self._line[0])
        self._line.remove(chosen)
        self._line.appendleft(chosen)
        chosen.go.release()


class Turn:
    """One request's place in the line. Within `with` it computes, in the thread that entered. `has_text` is set with its first text."""

    def __init__(self, turns: Turns, number: int, report: Callable[[float], None]) -> None:
        self.number = number
        self.is_over = False
        self.has_text = False
        self.go = threading.Semaphore(0)  # released when it is first in the line
        self._turns = turns
        self._report = report
        self._worked_s = 0.0
        self._reported_s = 0.0
        self._since = 0.0

    @property
    def is_new(self) -> bool:
        """Whether its first text is still to come, and not overdue."""
        return not self.has_text and self._worked_s < FIRST_S

    def __enter__(self) -> Self:
        self.go.acquire()
        self._since = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turns.leave()

    def is_cancelled(self) -> bool:
        """Asked between two steps: the others have one each in between. Who is cancelled has no more steps, and goes without them."""
        if self.is_over:
            return True
        self._worked_s += time.monotonic() - self._since
        if self._worked_s - self._reported_s >= REPORT_S:
            self._reported_s = self._worked_s
            self._report(self._worked_s)
        self._turns.pass_on(self)
        self._since = time.monotonic()
        return self.is_over
