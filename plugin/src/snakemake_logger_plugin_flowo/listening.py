"""Goes on hearing when Snakemake's listener has died: an exception of any logger plugin ends its thread, and so the
events of all plugins, silently.

What the thread was to bring waits in its queue, and what is logged later goes there, too. So the dying thread goes on
for us alone, until it is told to stop; this costs nothing while all is well. Where we are not told of its end (another
hook for threads' ends that passes nothing on, a `queue.Empty` of a handler's), the queue is emptied at the close.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
from collections.abc import Callable
from logging.handlers import QueueListener
from types import TracebackType
from typing import Any

TAKEN_OVER = "flowo: another logger plugin has failed, which ends the events of all of them; flowo goes on by itself"
_FRAMES = 10  # a record is heard 4 to 8 calls below the listener's loop


class Listening:
    """Belongs to one recorder. `hear` takes the records from then on; `heard` tells whether it has had this one."""

    def __init__(
        self,
        handler: logging.Handler,
        hear: Callable[[logging.LogRecord], None],
        heard: Callable[[logging.LogRecord], bool],
    ) -> None:
        self._handler = handler
        self._hear = hear
        self._heard = heard
        self._left: Any = None  # the listener whose thread has died
        self._listener: Any = None  # that brings the records
        self._before = threading.excepthook
        self._hook = self._died
        threading.excepthook = self._hook

    def begin(self) -> None:
        """Called below the listener's loop: which one is it?"""
        frame = sys._getframe(1)
        for _ in range(_FRAMES):
            if self._listener is not None or frame.f_back is None:
                return
            frame = frame.f_back
            if isinstance(found := frame.f_locals.get("self"), QueueListener):
                self._listener = found

    def close(self) -> None:
        """Hear what is left, should the thread have been ended by the interpreter's exit, or unheard."""
        if threading.excepthook is self._hook:
            threading.excepthook = self._before
        left, self._left = self._left, None
        for record in _rest(left or self._listener, ended=left is not None):
            self._hear(record)

    def _died(self, told: Any) -> None:
        """An exception has ended a thread, which still is in here: is it the listener's?"""
        try:
            self._before(told)
        finally:
            with contextlib.suppress(Exception):
                self._go_on(told.exc_traceback)

    def _go_on(self, traceback: TracebackType | None) -> None:
        found = _ended(traceback)
        if found is None or self._handler not in found[0].handlers:
            return
        listener, record = found
        self._left = listener
        if record is not None and not self._heard(record):
            self._hear(record)
        while self._left is not None and self._bring(listener):
            pass

    def _bring(self, listener: Any) -> bool:
        """Hear one record more; False where the listener is told to stop."""
        record = listener.queue.get(True)
        with contextlib.suppress(AttributeError):
            listener.queue.task_done()  # not every queue has it
        if record is getattr(listener, "_sentinel", None):
            return False
        self._hear(record)
        return True


def _rest(listener: Any, *, ended: bool) -> list[logging.LogRecord]:
    """What a listener has in its queue that its thread will not bring: all before the word to stop; where that was
    heard, what is behind it is another run's."""
    thread = getattr(listener, "_thread", None)
    if listener is None or (not ended and thread is not None and thread.is_alive()):
        return []
    found: list[logging.LogRecord] = []
    with contextlib.suppress(queue.Empty):
        while True:
            record = listener.queue.get(False)
            if record is getattr(listener, "_sentinel", None):
                return found
            found.append(record)
    return found if ended or thread is not None else []


def _ended(traceback: TracebackType | None) -> tuple[QueueListener, logging.LogRecord | None] | None:
    """The listener whose loop an exception has ended, and the record at which it did."""
    while traceback is not None:
        told = traceback.tb_frame.f_locals
        if isinstance(listener := told.get("self"), QueueListener):
            record = told.get("record")
            return listener, record if isinstance(record, logging.LogRecord) else None
        traceback = traceback.tb_next
    return None
