"""A small HTTP server that answers reading requests as a test tells it to, and the runs that it tells of."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from tests.plugin.peer import HTTPServer

ID = "01a209bd-2d39-7d54-8ca7-8eecda4c0ece"
Reply = tuple[int, Any]
COUNTS = ("planned", "queued", "running", "succeeded", "failed", "aborted", "skipped")
FAILURE = {
    "number": 3, "rule": "map", "wildcards": {"sample": "A"}, "attempt": 2, "exit_code": 1, "signal": None,
    "class": "oom", "message": "RuleException:\n\x1b[31mkilled", "at": "2026-11-23T18:00:30Z",
}  # fmt: skip


def run(status: str = "running", *, id: str = ID, name: str = "wheat", **changes: Any) -> dict[str, Any]:
    """A run as the API tells of it."""
    numbers = {name: changes.pop(name, 0) for name in COUNTS}
    total = sum(numbers.values())
    return {
        "id": id, "name": name, "status": status, "workflow": "/w/Snakefile", "host": "n1", "user": "eve",
        "started_at": "2026-11-23T18:00:00Z", "ended_at": None if status in ("running", "lost") else "2026-11-23T19:04:00Z",
        "last_heard_at": "2026-11-23T19:00:00Z", "lost_since": None, "jobs": {"total": total, **numbers},
        "progress": numbers["succeeded"] / total if total else 0.0, "eta": None, "first_failure": None,
        "clock_offset": 0.0, "revision": 1, "now": "2026-11-23T19:04:00Z", "directory": "/w", "message": None, **changes,
    }  # fmt: skip


class Reads:
    """Answers `GET` by path; of several answers each is given once, the last for ever."""

    def __init__(self, port: int = 0) -> None:
        self.answers: dict[str, list[Reply | Callable[[], Reply]]] = {}
        self.asked: list[str] = []
        self.date: str | None = None
        reads = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def date_time_string(self, timestamp: float | None = None) -> str:
                return reads.date or super().date_time_string(timestamp)

            def do_GET(self) -> None:
                reads.asked.append(self.path)
                path = urlsplit(self.path).path
                answers = reads.answers.get(path) or [(404, {"title": "Not found"})]
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                status, data = answer() if callable(answer) else answer
                body = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.do_GET()

        self._server = HTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def one(self, *runs: dict[str, Any]) -> None:
        """The states of one run, one after the other."""
        self.answers["/api/v1/runs"] = [(200, {"items": [runs[0]], "next": None})]
        self.answers[f"/api/v1/runs/{runs[0]['id']}"] = [(200, state) for state in runs]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
