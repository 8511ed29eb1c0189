"""Bounds how often a password can be guessed: failures for each address and name, in this process's memory."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from flowo.errors import FlowoError


class TooMany(FlowoError):
    status, title = 429, "Too many attempts"


class Throttle:
    """`limit` failures in `seconds`. An attempt counts from its beginning, or a hundred at once would all be let in."""

    def __init__(
        self, limit: int = 10, seconds: float = 60, *, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit, self.seconds, self.most, self.clock = limit, seconds, most, clock
        self._attempts: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()

    def attempt(self, *key: str) -> None:
        """Counts an attempt, or says when to come back."""
        now = self.clock()
        times = self._attempts.setdefault(key, deque())
        self._attempts.move_to_end(key)
        while len(self._attempts) > self.most:  # names are the sender's: memory must not be
            self._attempts.popitem(last=False)
        while times and times[0] <= now - self.seconds:
            times.popleft()
        if len(times) >= self.limit:
            wait = int(times[0] + self.seconds - now) + 1
            raise TooMany(f"Too many failed attempts; try again in {wait} s.", headers={"Retry-After": str(wait)})
        times.append(now)

    def success(self, *key: str) -> None:
        self._attempts.pop(key, None)
