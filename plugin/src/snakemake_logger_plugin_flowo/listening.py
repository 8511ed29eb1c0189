"""Goes on hearing when Snakemake's listener has died: an exception of any logger plugin ends its thread, and so the
events of all plugins, silently.

The look at each record in the thread that logs it (`dag.Watch`) is not ended by that. So what was seen there and not
heard is heard from there.
"""

from __future__ import annotations

import collections
import contextlib
import copy
import logging
import sys
import threading
from collections.abc import Callable
from logging.handlers import QueueListener

SEEN = 10_000  # records that are logged and not heard yet; the oldest are forgotten
TAKEN_OVER = "flowo: another logger plugin has failed, which ends the events of all of them; flowo goes on by itself"
_FRAMES = 10  # emit is 3 calls below the listener's loop


class Listening:
    """Belongs to one recorder. `saw` is called where a record is logged, `heard` in the listener's thread."""

    def __init__(self, hear: Callable[[logging.LogRecord], None]) -> None:
        self.over = False  # whether it was taken over
        self._hear = hear
        self._listener: QueueListener | None = None
        self._asked = False
        self._seen: collections.deque[logging.LogRecord] = collections.deque(maxlen=SEEN)
        self._catching_up = threading.Lock()

    def heard(self, record: logging.LogRecord) -> None:
        """A record has come the ordinary way; those before it have, too."""
        if self.over:
            return
        if not self._asked:
            self._asked, self._listener = True, _listener()
        seen = self._seen
        while seen and seen[0].created <= record.created:
            seen.popleft()

    def saw(self, record: logging.LogRecord) -> None:
        """A record is logged, and may never be heard."""
        listener = self._listener
        if listener is None:
            if not self._asked:
                self._seen.append(record)
            return
        thread = listener._thread
        if thread is None:  # stopped, as it should be: what comes now is another run's
            return
        self._seen.append(record)
        if not thread.is_alive():
            self._catch_up()

    def close(self) -> None:
        """Hear what is left, unless the listener lives and does it; it may have died at its very first record."""
        thread = getattr(self._listener, "_thread", None)
        if (self._listener is not None or not self._asked) and (thread is None or not thread.is_alive()):
            self._catch_up()

    def _catch_up(self) -> None:
        """Hear what was seen and not heard.

        Never waits: who logs while another does this, be it a signal's handler in the same thread, leaves it to that.
        """
        if not self._seen or not self._catching_up.acquire(blocking=False):
            return
        try:
            self.over = True
            with contextlib.suppress(IndexError):
                while True:
                    self._hear(_as_queued(self._seen.popleft()))
        finally:
            self._catching_up.release()


def _as_queued(record: logging.LogRecord) -> logging.LogRecord:
    """A record as a queue gives it (`QueueHandler.prepare`)."""
    queued = copy.copy(record)
    queued.msg = queued.message = record.getMessage()
    queued.args = queued.exc_info = queued.exc_text = queued.stack_info = None
    return queued


def _listener() -> QueueListener | None:
    """The listener whose thread this is, found on the stack."""
    frame = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame.f_back is None:
            return None
        frame = frame.f_back
        owner = frame.f_locals.get("self") if frame.f_code.co_varnames[:1] == ("self",) else None
        if isinstance(owner, QueueListener) and getattr(owner, "_thread", None) is not None:
            return owner
    return None
