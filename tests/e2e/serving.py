"""`flowo serve` and Snakemake as processes of their own, on a data directory of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from snakemake_logger_plugin_flowo.client import managing
from snakemake_logger_plugin_flowo.config import own_server
from snakemake_logger_plugin_flowo.connection import Connection

from tests.bench import generate
from tests.factories import Tape, headers

FLOWO = Path(sys.executable).parent / "flowo"
WORKFLOWS = Path(__file__).parent.parent / "workflows"
GATED = Path(__file__).parent / "workflow"
STATIC = Path(__file__).parents[2] / "flowo" / "static" / "index.html"
LOST_AFTER_S = 20.0  # longer than the plugin's heartbeat, shorter than usual
PATIENCE = 40.0  # s; a busy machine starts PostgreSQL and Snakemake slowly

T = TypeVar("T")


async def until(ask: Callable[[], Awaitable[T]], patience: float = PATIENCE) -> T:
    """What `ask` answers, as soon as that is true."""
    deadline = time.monotonic() + patience
    while not (answer := await ask()):
        assert time.monotonic() < deadline, f"it did not come to pass in {patience:.0f} s; last: {answer!r}"
        await asyncio.sleep(0.05)
    return answer


def prepared(folder: Path, source: Path = GATED) -> Path:
    """A copy of a workflow, with all its gates closed."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".snakemake", "__pycache__"))
    (folder / "gates").mkdir()
    return folder


class Server:
    """One `flowo serve`, which can be killed and started again on the same data and the same port."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.log = data_dir / "serve.out"
        self._environment = environment
        self._process: Process | None = None
        self._port = 0

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def first_link(self) -> str:
        return next(word for word in self.said.split() if "/open/" in word)

    async def start(self, patience: float = PATIENCE) -> None:
        self.log.unlink(missing_ok=True)
        with self.log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                FLOWO, "serve", "--no-open", "--data-dir", self.data_dir, "--port", str(self._port),
                stdin=DEVNULL, stdout=output, stderr=STDOUT, env=os.environ | self._environment,
            )  # fmt: skip

        async def ready() -> bool:
            assert self.process.returncode is None, self.said
            return "record a run" in self.said

        await until(ready, patience)
        self._port = int(own_server(self.data_dir).url.rpartition(":")[2])

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """As Ctrl-C would; it ends with 0 and leaves no process behind."""
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(15):
            assert await self.process.wait() == 0, self.said
        assert not self.left()

    def left(self) -> list[str]:
        """The processes of this data directory, PostgreSQL's too: they work inside of it, or are told where it is."""
        found = []
        for process in Path("/proc").iterdir():
            if not process.name.isdecimal() or int(process.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(self.data_dir) in words or (process / "cwd").readlink().is_relative_to(self.data_dir):
                    found.append(f"{process.name} {words}")
        return found

    async def ask(self, method: str, path: str, data: Any = None) -> Any:
        """The API, as the owner of the data directory."""
        return await asyncio.to_thread(managing(self.data_dir).ask, method, path, data)

    async def new_link(self) -> str:
        return str((await self.ask("POST", "/api/v1/auth/links"))["url"])

    async def post(self, tape: Tape, first: int = 1, last: int | None = None) -> None:
        """A tape's events, as a plugin would send them: batch by batch."""
        for body in generate.batches(tape.lines[first - 1 : last]):
            await self._send(tape.path, body)

    async def beat(self, tape: Tape) -> None:
        """A heartbeat: the run of this tape lives."""
        await self._send(tape.path.replace("/events", "/heartbeat"), b"")

    async def _send(self, path: str, body: bytes) -> None:
        connection = Connection(own_server(self.data_dir))

        def send() -> None:
            try:
                answer = connection.request("POST", path, body, headers() if body else {})
                assert answer.status in (200, 204), answer.body
            finally:
                connection.close()

        await asyncio.to_thread(send)

    async def run_called(self, name: str, *statuses: str) -> Any:
        """The run of that name, once it is there and, where statuses are given, in one of them."""

        async def found() -> Any:
            items = (await self.ask("GET", f"/api/v1/runs?q={name}"))["items"]
            return next(
                (run for run in items if run["name"] == name and run["status"] in (statuses or [run["status"]])), 0
            )

        return await until(found)

    @contextlib.asynccontextmanager
    async def snakemake(
        self, folder: Path, *options: str, source: Path = GATED, name: str | None = None, **variables: str
    ) -> AsyncIterator[Snakemake]:
        """A run of a workflow, called after its folder, which is made if it is not there; ended with the block if it
        still goes on. `variables`: of its environment."""
        if not folder.exists():
            prepared(folder, source)
        environment = os.environ | {
            "FLOWO_DATA_DIR": str(self.data_dir),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **variables,
        }
        output = folder / "snakemake.out"
        with output.open("wb") as to:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "snakemake", "--logger", "flowo", "--logger-flowo-name", name or folder.name,
                *(options or ("--cores", "3")),
                cwd=folder, env=environment, stdin=DEVNULL, stdout=to, stderr=STDOUT,
                start_new_session=True,  # its jobs are ended with it
            )  # fmt: skip
        made = Snakemake(process, folder, output)
        try:
            yield made
        finally:
            await made.end(signal.SIGKILL)


class Snakemake:
    def __init__(self, process: Process, folder: Path, output: Path) -> None:
        self.process = process
        self.folder = folder
        self.output = output

    def open(self, *gates: str) -> None:
        for gate in gates:
            (self.folder / "gates" / gate).touch()

    async def wait(self) -> int:
        async with asyncio.timeout(120):
            return await self.process.wait()

    async def end(self, number: int) -> None:
        """Signals it and its jobs, as the terminal or the system would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        async with asyncio.timeout(PATIENCE):
            await self.process.wait()


@contextlib.asynccontextmanager
async def serving(**environment: str) -> AsyncIterator[Server]:
    """A server on a new data directory, stopped and removed afterwards."""
    place = Path(tempfile.mkdtemp(prefix="flowo-e2e-"))
    if os.geteuid() == 0:
        place.chmod(0o711)  # PostgreSQL runs as another user there
    server = Server(place / "data", **environment)
    server.data_dir.mkdir(mode=0o711)
    try:
        await server.start()
        yield server
        if server.process.returncode is None:
            await server.stop()
    finally:
        if server.process.returncode is None:
            await server.kill()
        shutil.rmtree(place, ignore_errors=True)
