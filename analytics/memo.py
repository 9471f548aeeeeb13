"""What was worked out from a database that can't change, remembered while it is open. Knows nothing of what it keeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
REMEMBERED = 48
"""Things kept of one database; sums of a window of 20,000 merchants are at most 8 MB."""


class Memo:
    """Keeps the `most` things asked for last. Safe to share between threads; two that ask for a new thing at once may both make it."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, Any] = OrderedDict()

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gave for the key, the first time that it was asked for."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                known: T = self._things[key]
                return known
        made = make()
        with self._lock:
            thing: T = self._things.setdefault(key, made)
            while len(self._things) > self._most:
                self._things.popitem(last=False)
        return thing
