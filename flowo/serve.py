"""The life of `flowo serve`: takes the data directory, starts the database, migrates, listens, stops all again."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from flowo import presence
from flowo.db.embedded import Embedded, prepare
from flowo.db.lease import Lease
from flowo.errors import StartupError
from flowo.settings import DEFAULT_PORT, Settings

log = logging.getLogger("flowo")

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Serving:
    """What one `flowo serve` holds. `on_ready` is called once the pages can be opened, `on_stop` at the end."""

    settings: Settings
    workers: int = 1
    reload: bool = False  # start the workers anew when the code changes
    on_ready: Callable[[Serving], Awaitable[None]] | None = None
    on_stop: Callable[[], Awaitable[None]] | None = None
    say: Callable[[str], None] = typer.echo
    url: str = ""  # of the database
    link: str | None = None
    collects: bool = False  # takes in what this user's runs recorded while it was away
    listening: list[socket.socket] = field(default_factory=list)
    failure: str | None = None
    leave: Callable[[], None] = lambda: None

    @functools.cached_property
    def socket_path(self) -> Path:
        return Path(os.path.abspath(self.settings.uds or self.settings.data_dir / "flowo.sock"))

    @property
    def port(self) -> int:
        return int(self.listening[0].getsockname()[1])

    @functools.cached_property
    def address(self) -> str:
        """For browsers on this machine; `public_url` is for all others."""
        host = self.listening[0].getsockname()[0]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
        return f"http://{host}:{self.port}{self.settings.base_path}"


def serve(serving: Serving) -> int:
    """Runs until SIGINT, SIGTERM or SIGHUP. The exit code; raises StartupError with one line when it cannot start."""
    settings = serving.settings
    configure_logging()
    with contextlib.ExitStack() as stack:
        stack.enter_context(stopped_by_signals())
        prepare(settings.data_dir)
        lease = Lease(settings.data_dir, on_lost=lambda: lose(serving))
        lease.take()
        stack.callback(lease.release)
        secret = presence.secret(settings)
        serving.listening = [presence.listen_tcp(settings.host, settings.port, DEFAULT_PORT)]
        stack.callback(serving.listening[0].close)
        serving.listening.append(presence.listen_unix(serving.socket_path))
        stack.callback(serving.listening[1].close)
        stack.callback(lambda: serving.socket_path.unlink(missing_ok=True))
        given = presence.database_url(settings)
        # Half of a start is importing; the main thread waits for PostgreSQL meanwhile.
        threading.Thread(target=lambda: __import__("flowo.app"), name="flowo-import", daemon=True).start()
        embedded = None if given else Embedded(settings.data_dir, lease=lease)
        if embedded is not None:
            stack.callback(embedded.stop)
            serving.url = embedded.start()
        else:
            assert given is not None
            serving.url = given
        from flowo.db import migrate

        migrate.upgrade(serving.url)
        return run(serving, embedded, secret)


def run(serving: Serving, embedded: Embedded | None, secret: str) -> int:
    from flowo import worker

    async def main() -> None:
        serve_all = worker.several if serving.workers > 1 or serving.reload else worker.one
        guard = asyncio.create_task(keep_alive(serving, embedded)) if embedded is not None else None
        try:
            await appear(serving, secret)
            await serve_all(serving, lambda: announce(serving))
        finally:
            if serving.on_stop is not None:
                await serving.on_stop()
            if guard is not None:
                guard.cancel()
                await asyncio.gather(guard, return_exceptions=True)
            presence.Presence(serving.settings.data_dir, "", Path(), None).withdraw()

    with asyncio.Runner(loop_factory=worker.new_event_loop) as runner:
        runner.run(main())
    if serving.failure:
        typer.echo(f"flowo: {serving.failure}", err=True)
        return 1
    return 0


async def appear(serving: Serving, secret: str) -> None:
    """server.json for this user's programs, before the first answer: who waited for that finds the file. The sockets
    listen already, so who was quicker than the answers waits for them."""
    from flowo.accounts.links import make_link
    from flowo.accounts.tokens import local_ingest_token
    from flowo.accounts.workspaces import ensure_local_administrator
    from flowo.db.engine import Database

    settings = serving.settings
    token = None
    database = Database(serving.url, pool_size=2)
    try:
        async with database.session() as session:
            await ensure_local_administrator(session)
            place = f"{socket.gethostname()}:{settings.data_dir}"
            token = await local_ingest_token(session, secret, place)
            base_url = settings.public_url or serving.address
            serving.link = await make_link(session, secret, base_url, settings.link_minutes)
    except LookupError:
        pass  # a shared database whose people have accounts: no local administrator
    finally:
        await database.close()
    presence.Presence(settings.data_dir, serving.address, serving.socket_path, token).announce()
    serving.collects = token is not None


async def announce(serving: Serving) -> None:
    """Once the sockets answer: the words for the person, and what runs recorded meanwhile."""
    settings = serving.settings
    for line in words(serving):
        serving.say(line)
    if serving.collects:
        threading.Thread(target=collect, args=(settings.data_dir,), name="flowo-collect", daemon=True).start()
    if serving.on_ready is not None:
        await serving.on_ready(serving)


def collect(data_dir: Path) -> None:
    """Takes in what runs of this user recorded for this server while it was away, by the usual way."""
    from snakemake_logger_plugin_flowo import config, sync
    from snakemake_logger_plugin_flowo.connection import Connection

    try:
        paths = sync.waiting_for(data_dir)
        if paths:
            with Connection(config.own_server(data_dir)) as connection:
                for report in sync.send_unsent(connection, paths):
                    if report.sent:
                        log.info("collected %d events of run %s from %s", report.sent, report.run_id, report.path)
    except (config.NoServer, OSError) as error:
        log.warning("could not collect unsent runs: %s", error)


def words(serving: Serving) -> list[str]:
    settings = serving.settings
    lines = [f"flowo serves at {settings.public_url or serving.address}"]
    if serving.link:
        lines.append(f"  sign in (once, within {settings.link_minutes} minutes): {serving.link}")
    host = serving.listening[0].getsockname()[0]
    if host in ("127.0.0.1", "::1", "0.0.0.0", "::") and not settings.public_url and "SSH_CONNECTION" in os.environ:
        target = f"{host if host == '127.0.0.1' else 'localhost'}:{serving.port}"
        user = os.environ.get("USER") or os.environ.get("LOGNAME") or "you"
        lines.append(f"  from your own machine first: ssh -L {serving.port}:{target} {user}@{socket.getfqdn()}")
    lines.append("  record a run: snakemake --logger flowo …    stop: Ctrl-C")
    return lines


async def keep_alive(serving: Serving, embedded: Embedded) -> None:
    """PostgreSQL that ends by itself (killed, out of memory) is started again; when that fails, flowo ends too."""
    loop = asyncio.get_running_loop()
    while (descriptor := embedded.ended()) is not None:
        ended = asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        log.error("PostgreSQL ended by itself; it is started again (why: %s)", embedded.log_path)
        try:
            await asyncio.to_thread(embedded.revive)
        except (StartupError, OSError) as error:
            serving.failure = str(error)
            serving.leave()
            return


def lose(serving: Serving) -> None:
    serving.failure = f"another machine took over {serving.settings.data_dir}, so this flowo stops"
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Before and after the event loop has the signals, they end the process by way of all its clean-ups, with 0."""

    def leave(_number: int, _frame: Any) -> None:
        raise SystemExit(0)

    before = {}
    for number in STOPPING:
        # nohup stays nohup; SIGINT is ignored by every job that a script starts with `&`, and meant all the same.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def configure_logging() -> None:
    """Warnings and what flowo says, on standard error. No access log: paths hold secrets."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    log.setLevel(logging.INFO)
