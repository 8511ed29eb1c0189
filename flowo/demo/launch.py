"""Starts the demo workflow with the Snakemake that is installed beside this server."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import importlib.util
import os
import shutil
import signal
import sys
from pathlib import Path

import importlib_resources

CORES = 4  # most of the demo sleeps: it asks little of a machine with fewer
STOP_S = 3.0
NO_SNAKEMAKE = f"the demo needs Snakemake beside flowo: {sys.executable} -m pip install 'snakemake>=9', then try again"


def possible() -> bool:
    return importlib.util.find_spec("snakemake") is not None


class Demo:
    """One run of the workflow in a folder of its own below the data directory."""

    def __init__(self, data_dir: Path) -> None:
        stamp = dt.datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        self.data_dir = data_dir
        self.directory = data_dir / "demo" / stamp
        self.process: asyncio.subprocess.Process | None = None
        self._starting = False

    @property
    def output(self) -> Path:
        return self.directory / "snakemake.out"

    @property
    def running(self) -> bool:
        return self._starting or (self.process is not None and self.process.returncode is None)

    async def start(self) -> None:
        self._starting = True  # a second press of the button, while the first is being answered
        try:
            await self._start()
        finally:
            self._starting = False

    async def _start(self) -> None:
        workflow = importlib_resources.files("flowo.demo") / "workflow"
        with importlib_resources.as_file(workflow) as source:
            shutil.copytree(source, self.directory, ignore=shutil.ignore_patterns("__pycache__", ".snakemake"))
        environment = {name: value for name, value in os.environ.items() if name not in ("FLOWO_URL", "FLOWO_TOKEN")}
        environment["FLOWO_DATA_DIR"] = str(self.data_dir)  # where the plugin finds this server, and no other
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
        with self.output.open("wb") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "snakemake", "--cores", str(CORES), "--logger", "flowo",
                "--logger-flowo-name", "demo", "--logger-flowo-tags", "demo",
                cwd=self.directory, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C for the server is not one for Snakemake
            )  # fmt: skip

    async def wait(self) -> int:
        assert self.process is not None
        return await self.process.wait()

    async def stop(self) -> None:
        """Ends Snakemake and its jobs, as Ctrl-C in its terminal would."""
        if self.process is None or self.process.returncode is not None:
            return
        for number in (signal.SIGINT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self.process.wait()
                    return
