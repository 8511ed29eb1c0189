"""A small HTTP server that behaves like flowo's ingest, or misbehaves as a test tells it to."""

from __future__ import annotations

import gzip
import json
import socketserver
import ssl
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# What a misbehaviour gives back: status, headers, body; None for the ordinary answer.
Reply = tuple[int, dict[str, str], bytes] | None
PROBLEM = {"Content-Type": "application/problem+json"}


class Peer:
    def __init__(self, port: int = 0, uds: Path | None = None, certificate: Path | None = None) -> None:
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.posts: list[tuple[str, dict[str, str], int]] = []  # path, headers, events
        self.heartbeats = 0
        self.misbehave: Callable[[str, list[dict[str, Any]]], Reply] = lambda path, events: None
        self.hang = 0.0
        self.wishes: list[dict[str, Any]] | None = None  # logs that somebody watches; None: a server without the route
        self.polls = 0
        self.waiting = 0  # polls that wait now
        self.parts: list[dict[str, Any]] = []  # what was brought of logs
        self._server = _server(self, port, uds)
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def events(self) -> list[dict[str, Any]]:
        assert len(self.runs) == 1
        return next(iter(self.runs.values()))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def text(self, log: int = 0) -> str:
        """All that was brought of a log."""
        return "".join(part.get("text", "") for part in self.parts if part["log"] == log)

    def wished(self) -> Reply:
        """Known are offset and file as the last part of each log had them."""
        for wish in self.wishes or ():
            for part in self.parts:
                if all(part[name] == wish[name] for name in ("job", "attempt", "log")) and part["state"] == "read":
                    wish |= {"offset": part["offset"] + part["length"], "file": part["file"]}
        return 200, {"Content-Type": "application/json"}, json.dumps({"items": self.wishes or []}).encode()

    def take(self, run_id: str, events: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        """Ingest as the server does: drop what is known, refuse a gap."""
        held = self.runs.setdefault(run_id, [])
        new = [event for event in events if event["seq"] > len(held)]
        if new and new[0]["seq"] != len(held) + 1:
            return 409, {"type": "about:blank", "title": "gap", "status": 409, "expected": len(held) + 1}
        held.extend(new)
        return 200, {"acked": len(held)}


class _Quiet(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Not on stderr, where a test may look for its own output: a client that leaves in the middle is no error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class HTTPServer(_Quiet, ThreadingHTTPServer):
    """At a port."""


class _UnixServer(_Quiet, socketserver.UnixStreamServer):
    pass


def _server(peer: Peer, port: int, uds: Path | None) -> Any:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self) -> str:
            return "peer"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            peer.polls += 1
            reply = peer.misbehave(self.path, [])
            if reply is None and peer.wishes is None:
                reply = 404, {}, b""
            end = time.monotonic() + float(self.path.partition("wait=")[2] or 0)
            peer.waiting += 1
            while reply is None and not peer.wishes and time.monotonic() < end and peer.wishes is not None:
                time.sleep(0.02)
            peer.waiting -= 1
            self._answer(reply or peer.wished())

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionAbortedError("the client left in the middle")
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            parts = self.path.split("/")
            if parts[-1] == "logs":
                peer.parts += json.loads(body)["parts"]
                self._answer(peer.misbehave(self.path, []) or peer.wished())
                return
            heartbeat = parts[-1] == "heartbeat"
            events = [] if heartbeat else [json.loads(line) for line in body.splitlines()]
            peer.posts.append((self.path, dict(self.headers), len(events)))
            if peer.hang:
                time.sleep(peer.hang)
            reply = peer.misbehave(self.path, events)
            if reply is None and heartbeat:
                peer.heartbeats += 1
                reply = 204, {}, b""
            if reply is None:
                status, data = peer.take(parts[-2], events)
                kind = "application/json" if status == 200 else "application/problem+json"
                reply = status, {"Content-Type": kind}, json.dumps(data).encode()
            self._answer(reply)

        def _answer(self, reply: Reply) -> None:
            assert reply is not None
            status, headers, data_ = reply
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(data_)))
            self.end_headers()
            self.wfile.write(data_)

        def do_DELETE(self) -> None:
            self._answer(peer.misbehave(self.path, []) or (204, {}, b""))

    if uds is not None:
        return _UnixServer(str(uds), Handler)
    return HTTPServer(("127.0.0.1", port), Handler)
