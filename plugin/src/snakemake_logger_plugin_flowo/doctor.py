"""`flowo doctor`: looks at everything that recording and reading runs stand on, and says what to do."""

from __future__ import annotations

import email.utils
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from snakemake_logger_plugin_flowo import config
from snakemake_logger_plugin_flowo.client import Failed, managing
from snakemake_logger_plugin_flowo.connection import Answer, Connection, Unreachable
from snakemake_logger_plugin_flowo.disk import REMOTE, file_system
from snakemake_logger_plugin_flowo.recorder import VERSION
from snakemake_logger_plugin_flowo.spool import state_home
from snakemake_logger_plugin_flowo.words import clean, paint

SKEW = 5.0  # s
SPACE = 100_000_000  # bytes
PATIENCE = 10.0  # s for an answer
_NOWHERE = "00000000-0000-0000-0000-000000000000"  # no run has this id
_ASK_PYTHON = """
import importlib.metadata, json, pkgutil, platform
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
# As Snakemake's registry looks for plugins: packages by the beginning of their name.
seen = any(one.ispkg and one.name == "snakemake_logger_plugin_flowo" for one in pkgutil.iter_modules())
print(json.dumps({"python": platform.python_version(), "snakemake": version("snakemake"), "seen": seen,
    "plugin": version("snakemake-logger-plugin-flowo")}))
"""


class Check(NamedTuple):
    level: str  # ok, warn, fail
    what: str
    todo: str = ""

    def line(self) -> str:
        return f"{paint(self.level, 4)}  {clean(self.what)}" + (f"  — {clean(self.todo)}" if self.todo else "")


def examine(data_dir: Path | None = None) -> Iterator[Check]:
    """All checks, in the order in which things are put right."""
    yield configuration()
    yield from server(data_dir)
    yield from places()
    yield unsent()
    yield from snakemake()


def configuration() -> Check:
    path = config.config_path()
    try:
        values = config.load()
        mode = stat.S_IMODE(path.stat().st_mode)
    except config.ConfigError as error:
        return Check("fail", f"the configuration cannot be used: {error}", f"see `flowo config path` ({path})")
    except OSError:
        return Check("ok", f"no configuration ({path}); none is needed beside your own server")
    if mode & 0o077:
        level = "fail" if values.get("token") else "warn"
        return Check(level, f"others can read the configuration {path}", f"run `chmod 600 {path}`")
    unknown = sorted(set(values) - set(config.KEYS))
    if unknown:
        known = ", ".join(config.KEYS)
        return Check("warn", f"the configuration {path} has unknown keys: {', '.join(unknown)}", f"known are {known}")
    return Check("ok", f"the configuration {path} can be read, by you only")


def server(data_dir: Path | None = None) -> Iterator[Check]:
    """The address, what answers there, its clock and version, and what the token is good for."""
    try:
        target = config.own_server(data_dir) if data_dir else config.find()
    except config.ConfigError as error:
        yield Check("fail", f"which server it is cannot be told: {error}", "put that right, then ask again")
        return
    except config.NoServer as error:
        yield Check("fail", f"no server: {error}", "start one with `flowo serve`, or `flowo config set url ADDRESS`")
        return
    own = target.source.endswith("server.json")
    origin = "your own server" if own else f"from {target.source}"
    restart = "is it running? start it with `flowo serve`" if own else "check the address, the network and the proxy"
    with Connection(target, timeout=PATIENCE) as connection:
        try:
            begun = time.time()
            ready = connection.request("GET", "/readyz")
            clock = (begun + time.time()) / 2
            facts = _json(connection.request("GET", "/api/openapi.json", limit=16 << 20))
        except Unreachable as error:
            yield Check("fail", f"{target.label} ({origin}) cannot be reached: {error}", restart)
            return
        version = facts.get("info", {}).get("version") if facts.get("info", {}).get("title") == "flowo" else None
        if version is None:
            what = f"{target.label} ({origin}) answers {ready.status}, but not like a flowo server"
            yield Check("fail", what, "check the address; a proxy or a login page may answer instead")
            return
        if ready.status == 200:
            yield Check("ok", f"{target.label} ({origin}) answers, version {version}")
        else:
            todo = "see what `flowo serve` says there, or wait a moment"
            yield Check("fail", f"{target.label} ({origin}) answers, but its database does not", todo)
        if version != VERSION:
            yield Check("warn", f"the server is {version}, this is {VERSION}", "install the same version of both")
        yield from _skew(ready, clock)
        if ready.status == 200:
            yield from _rights(connection, data_dir)


def _json(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body) if answer.status == 200 else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _skew(answer: Answer, clock: float) -> Iterator[Check]:
    try:
        told = email.utils.parsedate_to_datetime(answer.headers["date"]).timestamp() + 0.5  # whole seconds only
    except (KeyError, ValueError, TypeError):
        return
    skew = told - clock
    if abs(skew) > SKEW:
        way = "behind" if skew > 0 else "ahead of"
        yield Check("warn", f"this clock is {abs(skew):.0f} s {way} the server's", "have both set by NTP")
    else:
        yield Check("ok", "this clock and the server's agree")


def _rights(connection: Connection, data_dir: Path | None) -> Iterator[Check]:
    """A heartbeat of no run changes nothing, and tells whether one of a run would be taken."""
    label = connection.target.label
    make = "make one where the server is (`flowo token create --name NAME`), then `flowo config set token`"
    if not connection.target.token:
        yield Check("fail", f"there is no token for {label}", make)
        return
    try:
        sends = connection.request("POST", f"/api/ingest/v1/runs/{_NOWHERE}/heartbeat", b"").status
        if sends == 401:
            yield Check("fail", f"{label} does not accept the token", f"it has ended or was revoked: {make}")
            return
        with managing(data_dir).connection as reading:
            reads = reading.request("GET", "/api/v1/runs?limit=1", timeout=PATIENCE).status
    except (Unreachable, Failed) as error:
        yield Check("fail", f"the token cannot be tried: {error}", "try again")
        return
    if sends == 403:
        todo = "a token of scope ingest or full does" if reads == 200 else make
        yield Check("warn" if reads == 200 else "fail", "the token does not allow to send runs", todo)
    elif sends >= 500:
        yield Check("fail", f"{label} answers {sends} to what is sent", "see what `flowo serve` says there")
    else:
        yield Check("ok", "runs can be sent")
    if reads == 200:
        yield Check("ok", "runs can be read")
    elif reads == 403:
        todo = "if you want them here: a token of scope read or full"
        yield Check("ok", "the token does not read, so no `flowo status` and `flowo watch`", todo)
    else:
        yield Check("fail", f"{label} answers {reads} to who reads runs", "see what `flowo serve` says there")


def places() -> Iterator[Check]:
    """Where runs are recorded first: beside the workflow, else in the user's state directory."""
    here = Path.cwd() / ".snakemake" / "flowo"
    yield place("records of this directory", here, otherwise="they go to your state directory instead")
    yield place("your state directory", state_home(), otherwise=None)


def place(name: str, path: Path, *, otherwise: str | None) -> Check:
    folder = path
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"flowo")
            file.flush()
        free = os.statvfs(folder)
    except OSError as error:
        level = "warn" if otherwise else "fail"
        todo = otherwise or "make it writable, or set XDG_STATE_HOME to a directory that is"
        return Check(level, f"{name}: {folder} cannot be written ({error.strerror})", todo)
    left = free.f_bavail * free.f_frsize
    kind = file_system(folder)
    what = f"{name}: {path} ({kind}, {left / 1e9:.1f} GB free)"
    if left < SPACE:
        return Check("warn", what, "make room: what cannot be written is not recorded")
    if kind in REMOTE:
        return Check("warn", what, "a network file system: recording works there (it takes no locks), but may be slow")
    return Check("ok", what)


def unsent() -> Check:
    from snakemake_logger_plugin_flowo.sender import running
    from snakemake_logger_plugin_flowo.sync import collect

    waiting = [path for path in collect([Path.cwd()], everything=True) if not running(path)]
    if not waiting:
        return Check("ok", "nothing waits to be sent")
    return Check("warn", f"not sent yet: {len(waiting)} of your runs", "send what is left with `flowo sync --all`")


def snakemake() -> Iterator[Check]:
    """Snakemake as it would be started here, asked by its own Python: it may live in another environment."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    script = shutil.which("snakemake", path=path)
    try:
        # not from here: a directory of the workflow must not pass for a package
        command = [_python(Path(script)) if script else sys.executable, "-c", _ASK_PYTHON]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd="/", check=True)
        found: dict[str, Any] = json.loads(asked.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        yield Check("warn", f"the Python of {script} does not answer", "run `flowo doctor` in Snakemake's environment")
        return
    version, plugin = found["snakemake"], found["plugin"]
    if version is None:
        yield Check("warn", "there is no Snakemake here", "run `flowo doctor` in the environment that Snakemake is in")
        return
    where = f"{script or sys.executable}, Python {found['python']}"
    if int(version.partition(".")[0]) < 9:
        yield Check("fail", f"Snakemake {version} ({where}) is too old", "the plugin needs Snakemake 9.0 or newer")
        return
    yield Check("ok", f"Snakemake {version} ({where})")
    if not found["seen"]:
        todo = "install snakemake-logger-plugin-flowo into its environment"
        yield Check("fail", "Snakemake does not see the plugin", todo)
    elif plugin != VERSION:
        yield Check("warn", f"Snakemake's plugin is {plugin}, this is {VERSION}", "install the same version of both")
    else:
        yield Check("ok", f"Snakemake sees the plugin, version {plugin}")


def _python(script: Path) -> str:
    """The interpreter of an installed script: what its first line names, or the one beside it."""
    real = script.resolve()
    with real.open("rb") as file:
        first = file.readline(4_096).decode(errors="replace").strip()
    named = first.removeprefix("#!").strip()
    if first.startswith("#!/") and Path(named).name.startswith("python") and Path(named).exists():
        return named
    return str(real.parent / "python")
