"""Processes that answer requests: one beside the event loop's guards, or several that share the listening sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
import uvloop
from uvicorn.server import ServerState

from flowo.errors import StartupError
from flowo.settings import Settings

if TYPE_CHECKING:
    from flowo.serve import Serving

log = logging.getLogger("flowo")

GRACE_S = 2  # open requests get so long at a stop; streams end at once, by the app's closing event
new_event_loop = uvloop.new_event_loop


class State(ServerState):
    """Makes the Date header when a response needs it: uvicorn's own clock wakes ten times a second, 0.3 % of a core."""

    def __init__(self) -> None:
        self._second, self._date = 0, b""
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        now = int(time.time())
        if now != self._second:
            self._second, self._date = now, formatdate(now, usegmt=True).encode()
        return [(b"date", self._date)]

    @default_headers.setter
    def default_headers(self, _value: list[tuple[bytes, bytes]]) -> None:
        pass


class Server(uvicorn.Server):
    """uvicorn without a tick, which leaves the signals to us and tells the app's streams when it closes."""

    def __init__(self, app: Any, sockets: list[socket.socket], on_ready: Callable[[], Awaitable[None]] | None) -> None:
        config = uvicorn.Config(
            app,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=75,  # above a proxy's usual 60 s, which would else send into a closing connection
        )
        super().__init__(config)
        self.server_state = State()
        self._app, self._sockets, self._on_ready = app, sockets, on_ready
        self._leaving = asyncio.Event()
        self.error: Exception | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        taken = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if not _ignored(number)]
        for number in taken:
            loop.add_signal_handler(number, self.leave)
        yield
        # Left in place: a second Ctrl-C must not cut short the clean-up that follows.

    def leave(self) -> None:
        if self._leaving.is_set():
            self.force_exit = True
        self.should_exit = True
        closing = getattr(self._app.state, "closing", None)
        if closing is not None:
            closing.set()
        self._leaving.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        gc.freeze()  # what is there now stays: no collection looks at it again, that of Python's end (0.3 s) included
        if self.started and self._on_ready is not None and not self.should_exit:
            try:
                await self._on_ready()
            except Exception as error:
                self.error = error  # told after an orderly shutdown
                self.leave()

    async def main_loop(self) -> None:
        await self._leaving.wait()

    async def run_here(self) -> None:
        """Raises StartupError when the app could not start; its traceback is in the log then."""
        try:
            await self.serve(sockets=self._sockets)
        except SystemExit:  # uvicorn's word for it
            raise StartupError("the server could not start: see above") from None
        if self.error is not None:
            raise self.error


def _ignored(number: int) -> bool:
    """nohup stays nohup; SIGINT is ignored by every job that a script starts with `&`, and meant all the same."""
    return number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN


async def one(serving: Serving, on_ready: Callable[[], Awaitable[None]]) -> None:
    from flowo.app import create_app

    app = create_app(serving.settings, database_url=serving.url)
    app.state.address = serving.address
    server = Server(app, serving.listening, on_ready)
    serving.leave = server.leave
    await server.run_here()


async def several(serving: Serving, on_ready: Callable[[], Awaitable[None]]) -> None:
    """This process keeps the database and the sockets; its children answer. One that dies is replaced."""
    loop = asyncio.get_running_loop()
    leaving = asyncio.Event()
    serving.leave = leaving.set
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if not _ignored(number):
            loop.add_signal_handler(number, leaving.set)
    changed = asyncio.Event()
    children = [asyncio.create_task(_keep(serving, leaving, changed)) for _ in range(serving.workers)]
    looking = asyncio.create_task(_look_for_changes(changed)) if serving.reload else None
    try:
        answered = asyncio.create_task(asyncio.to_thread(_wait_for_answer, serving))
        left = asyncio.create_task(leaving.wait())
        await asyncio.wait([answered, left, *children], return_when=asyncio.FIRST_COMPLETED)
        if answered.done() and not leaving.is_set():
            await answered
            await on_ready()
        await left
    finally:
        leaving.set()
        if looking is not None:
            looking.cancel()
        await asyncio.gather(*children)


async def _look_for_changes(changed: asyncio.Event) -> None:
    def newest() -> int:
        return max(path.stat().st_mtime_ns for path in Path(__file__).parent.rglob("*.py"))

    last = newest()
    while True:
        await asyncio.sleep(0.5)
        if (now := newest()) != last:
            last = now
            changed.set()


async def _keep(serving: Serving, leaving: asyncio.Event, changed: asyncio.Event) -> None:
    left = asyncio.create_task(leaving.wait())
    numbers = [made.fileno() for made in serving.listening]
    told = {
        "settings": serving.settings.model_dump(mode="json"),
        "url": serving.url,
        "address": serving.address,
        "sockets": numbers,
    }
    quick = 0
    while not leaving.is_set():
        begun = time.monotonic()
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "flowo.worker"),
            stdin=asyncio.subprocess.PIPE,  # the database's URL is no argument, which others could read
            pass_fds=numbers,
            start_new_session=True,  # Ctrl-C goes to the parent, which tells its children
        )
        assert child.stdin is not None
        child.stdin.write(json.dumps(told).encode() + b"\n")
        ended = asyncio.create_task(child.wait())
        moved = asyncio.create_task(changed.wait())
        await asyncio.wait([ended, left, moved], return_when=asyncio.FIRST_COMPLETED)
        moved.cancel()
        if leaving.is_set() or changed.is_set():
            changed.clear()
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            try:
                await asyncio.wait_for(asyncio.shield(ended), GRACE_S + 1.5)
            except TimeoutError:
                child.kill()
                await ended
            child.stdin.close()
            continue
        child.stdin.close()
        quick = quick + 1 if time.monotonic() - begun < 5 else 0
        log.error("a worker (pid %s) ended with %s; another takes its place", child.pid, child.returncode)
        if serving.reload:  # a typing error, most likely: wait for its correction
            await asyncio.wait([left, asyncio.create_task(changed.wait())], return_when=asyncio.FIRST_COMPLETED)
        elif quick >= 3:
            serving.failure = "workers end as soon as they start: see above"
            leaving.set()
            return
        await asyncio.sleep(0.5 * quick)
    left.cancel()


def _wait_for_answer(serving: Serving) -> None:
    """The sockets listen already, so one request waits in their queue until a child takes it."""
    made = http.client.HTTPConnection("localhost", timeout=60)
    made.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.sock.settimeout(60)
    try:
        made.sock.connect(str(serving.socket_path))
        made.request("GET", "/healthz")
        made.getresponse().read()
    finally:
        made.close()


def main() -> None:
    """A child of `several`. Its parent's pipe ends with its parent, `kill -9` included."""
    from flowo.app import create_app
    from flowo.serve import configure_logging

    configure_logging()
    told = json.loads(sys.stdin.buffer.readline())
    settings = Settings.model_validate(told["settings"])
    sockets = [socket.socket(fileno=number) for number in told["sockets"]]

    async def run() -> None:
        app = create_app(settings, database_url=told["url"])
        app.state.address = told["address"]
        server = Server(app, sockets, None)
        loop = asyncio.get_running_loop()
        loop.add_reader(0, lambda: server.leave() if not os.read(0, 1) else None)
        await server.run_here()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    main()
