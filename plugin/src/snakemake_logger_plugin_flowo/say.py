"""The few lines that people see from the plugin: on standard error, whole lines only, and never an exception."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator

_WRITING = 0.2  # s that Snakemake's own handler may take for a line
_LONGEST = 2_000  # characters; a proxy's error page is not a line


def say(text: str) -> None:
    """Write `flowo: text` as one line to standard error; a closed or full one is nobody's concern."""
    try:
        line = " ".join(text.split())
        line = "".join(c if c.isprintable() else "?" for c in line)[:_LONGEST]
        with _between_lines():
            sys.stderr.write(f"flowo: {line}\n")
            sys.stderr.flush()
    except Exception:  # closed, None, or replaced by something odd: the run comes first
        return


@contextlib.contextmanager
def _between_lines() -> Iterator[None]:
    """Not while Snakemake, in another thread, has written a line and not yet its end."""
    held = []
    for handler in logging.getLogger("snakemake.logging").handlers:
        if getattr(handler, "stream", None) is sys.stderr and handler.lock and handler.lock.acquire(timeout=_WRITING):
            held.append(handler.lock)
    try:
        yield
    finally:
        for lock in held:
            lock.release()
