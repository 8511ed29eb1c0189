"""`flowo watch`: follows a run until it ends, in place on a terminal, by lines in a pipe.

It asks again and again and does not read the live stream: that survives proxies, restarts and sleeping laptops alike,
and costs the server one small query a second.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from typing import Any, Protocol

from snakemake_logger_plugin_flowo.client import Failed
from snakemake_logger_plugin_flowo.runs import Reader
from snakemake_logger_plugin_flowo.status import details
from snakemake_logger_plugin_flowo.words import clean, cut, elapsed, failure, outlook, paint

EXIT = {"succeeded": 0, "failed": 1, "interrupted": 2, "lost": 2}
_FINAL = (400, 401, 403, 404, 410, 422)  # asking again would change nothing
_LONGEST = 15.0  # s between two attempts to reach a server that is away
_SPARSE = 3.0  # s between two lines in a pipe


class View(Protocol):
    def show(self, run: dict[str, Any]) -> None: ...
    def trouble(self, text: str) -> None: ...
    def end(self, run: dict[str, Any], link: str) -> None: ...


def follow(reader: Reader, text: str, *, interval: float, as_json: bool) -> int:
    """Show the run until it has ended; the command's exit code."""
    view: View = Objects() if as_json else Screen() if _draws() else Lines()
    run = reader.find(text)
    link = reader.link(run["id"])
    wait = interval
    reached = True
    while run["status"] not in EXIT:
        if reached:
            view.show(run)
        time.sleep(wait)
        try:
            run = reader.run(run["id"])
            wait, reached = interval, True
        except Failed as error:
            if error.status in _FINAL:
                raise
            view.trouble(str(error))
            wait, reached = min(max(_LONGEST, interval), max(wait, 0.5) * 2), False
    view.end(run, link)
    return EXIT[run["status"]]


def _draws() -> bool:
    import os

    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _changed(run: dict[str, Any]) -> tuple[Any, ...]:
    return run["revision"], run["status"], run["jobs"], run["first_failure"]


def _facts(run: dict[str, Any]) -> Iterator[str]:
    jobs = run["jobs"]
    yield f"{jobs['succeeded']}/{jobs['total']} jobs"
    for name in ("failed", "running"):
        if jobs[name]:
            yield f"{jobs[name]} {name}"
    yield from (text for text in (elapsed(run), outlook(run)) if text)


class Objects:
    """One JSON object for each change."""

    def __init__(self) -> None:
        self._last: tuple[Any, ...] | None = None

    def show(self, run: dict[str, Any]) -> None:
        if _changed(run) != self._last:
            self._last = _changed(run)
            _write(json.dumps(run) + "\n")

    def trouble(self, text: str) -> None:
        pass

    def end(self, run: dict[str, Any], link: str) -> None:
        _write(json.dumps(run) + "\n")


class Lines:
    """A line when something changed, for pipes and logs."""

    def __init__(self) -> None:
        self._last: tuple[Any, ...] | None = None
        self._at = -_SPARSE
        self._failure: str | None = None
        self._away = False

    def show(self, run: dict[str, Any]) -> None:
        if self._away:
            _write("connected again\n")
            self._away = False
        first = failure(run["first_failure"]) if run["first_failure"] else None
        if first and first != self._failure:
            _write(f"first failure: {first}\n")
        self._failure = first
        if _changed(run) != self._last and time.monotonic() - self._at >= _SPARSE:
            self._last, self._at = _changed(run), time.monotonic()
            _write(f"{run['status']}  {clean(run['name'])}  {', '.join(_facts(run))}\n")

    def trouble(self, text: str) -> None:
        if not self._away:
            _write(f"reconnecting: {clean(text)}\n")
        self._away = True

    def end(self, run: dict[str, Any], link: str) -> None:
        _write("".join(f"{line}\n" for line in details(run, link)))


class Screen:
    """A few lines of the terminal, drawn again in place."""

    def __init__(self) -> None:
        self._drawn = 0
        self._rows: list[str] = []

    def show(self, run: dict[str, Any]) -> None:
        width = self._width()
        share, size = int(run["progress"] * 100), min(20, width // 5)
        bar = "█" * (share * size // 100) + "░" * (size - share * size // 100)
        status = run["status"]
        head = cut(f"  {clean(run['name'])}", max(10, width - len(status)))
        self._rows = [paint(status) + head, cut(f"{bar} {share:3} %  {', '.join(_facts(run))}", width)]
        if run["first_failure"]:
            self._rows.append(cut(f"first failure: {failure(run['first_failure'])}", width))
        self._draw(self._rows)

    def trouble(self, text: str) -> None:
        self._draw([*self._rows, cut(f"reconnecting: {clean(text)}", self._width())])

    def end(self, run: dict[str, Any], link: str) -> None:
        self._draw(list(details(run, link)))

    def _width(self) -> int:
        return max(20, shutil.get_terminal_size().columns - 1)

    def _draw(self, rows: list[str]) -> None:
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        _write(f"{up}\r\x1b[J" + "".join(f"{row}\n" for row in rows))
        self._drawn = len(rows)
