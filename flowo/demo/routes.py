"""What the first-run page needs: real values for its commands, and the demo by a button."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import shlex
import socket
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import func, select

from flowo.accounts import access
from flowo.accounts.gate import CallerDep, DatabaseDep
from flowo.accounts.schemas import FirstRun
from flowo.demo import launch
from flowo.errors import Conflict, Problem, Unavailable
from flowo.runs.models import Run
from flowo.settings import Settings
from flowo.version import VERSION

router = APIRouter(prefix="/api/v1", tags=["first run"], responses={s: {"model": Problem} for s in (401, 403)})


class DemoStarted(BaseModel):
    directory: str


def plugin_requirement() -> str:
    """What pip installs beside Snakemake: from where this server has it (a checkout, a wheel), else by exact version.

    By a path no index is asked for a name that others may hold."""
    name = "snakemake-logger-plugin-flowo"
    path = _origin(name)
    if path is None and (server := _origin("flowo")) is not None and server.suffix == ".whl":
        # pip was given the server's wheel and found the plugin's beside it (--find-links), of which it keeps no note.
        path = server.with_name(f"{name.replace('-', '_')}-{VERSION}-py3-none-any.whl")
    return shlex.quote(str(path)) if path is not None and path.exists() else f"{name}=={VERSION}"


def _origin(name: str) -> Path | None:
    """The file or folder that a distribution was installed from, where pip noted one."""
    with contextlib.suppress(OSError, ValueError, LookupError, AttributeError):
        origin = json.loads(importlib.metadata.distribution(name).read_text("direct_url.json") or "{}")
        if origin.get("url", "").startswith("file:"):
            return Path(unquote(urlsplit(origin["url"]).path))
    return None


def _running(request: Request) -> launch.Demo | None:
    demo: launch.Demo | None = getattr(request.app.state, "demo", None)
    return demo if demo is not None and demo.running else None


@router.get("/first-run")
async def get_first_run(request: Request, caller: CallerDep, database: DatabaseDep) -> FirstRun:
    """The commands' real values for whoever has no run yet."""
    settings: Settings = request.app.state.settings
    async with database.session() as session:
        runs = await session.scalar(select(func.count()).where(Run.workspace_id.in_(access.readable(caller))))
    data_dir, unix = str(settings.data_dir), settings.uds or settings.data_dir / "flowo.sock"
    return FirstRun(
        url=settings.public_url or str(request.base_url).rstrip("/"),
        host=socket.gethostname(),
        runs=runs or 0,
        demo=launch.possible(),
        demo_running=_running(request) is not None,
        socket=str(unix) if unix.exists() else None,
        data_dir=data_dir,
        plugin=plugin_requirement(),
    )


@router.post("/demo", status_code=202, responses={409: {"model": Problem}, 503: {"model": Problem}})
async def start_demo(request: Request, caller: CallerDep) -> DemoStarted:
    """Runs the demo workflow on the server's machine; its run appears in the administrator's workspace."""
    access.require_superuser(caller)
    settings: Settings = request.app.state.settings
    if _running(request):
        raise Conflict("The demo runs already.")
    if not launch.possible():
        raise Unavailable(launch.NO_SNAKEMAKE)
    demo = request.app.state.demo = launch.Demo(settings.data_dir)
    await demo.start()
    return DemoStarted(directory=str(demo.directory))
