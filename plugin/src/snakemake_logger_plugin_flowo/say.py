"""The few lines that people see from the plugin: on standard error, whole lines only, and never an exception."""

from __future__ import annotations

import sys

_LONGEST = 2_000  # characters; a proxy's error page is not a line


def say(text: str) -> None:
    """Write `flowo: text` as one line to standard error; a closed or full one is nobody's concern."""
    try:
        line = " ".join(text.split())
        line = "".join(c if c.isprintable() else "?" for c in line)[:_LONGEST]
        sys.stderr.write(f"flowo: {line}\n")
        sys.stderr.flush()
    except Exception:  # closed, None, or replaced by something odd: the run comes first
        return
