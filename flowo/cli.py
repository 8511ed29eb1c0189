"""The server's commands, added to the command line `flowo` that the plugin's distribution owns.

Every `flowo …` imports this module, so it imports the server only inside its commands.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flowo.serve import Serving
    from flowo.settings import Settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where this server keeps everything.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="TCP port; 3100 or the next free one.")]


def register(app: typer.Typer) -> None:
    """What the entry point `flowo.commands` calls."""
    app.command()(serve)
    app.command("open")(open_)
    app.command()(demo)


@contextlib.contextmanager
def told_in_one_line() -> Iterator[None]:
    """What a person can put right ends the command with one line and 1, not with a traceback."""
    from pydantic import ValidationError

    from flowo.errors import StartupError

    try:
        yield
    except StartupError as error:
        typer.echo(f"flowo: {error}", err=True)
        raise typer.Exit(1) from None
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        typer.echo(
            f"flowo: FLOWO_{name.upper()} (or its option) does not fit: {first['msg'].removeprefix('Value error, ')}",
            err=True,
        )
        raise typer.Exit(1) from None


def settings_from(**given: object) -> Settings:
    """A flag that was given goes before the environment, that before the default."""
    from flowo.settings import Settings

    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    return settings.model_copy(update={"data_dir": Path(os.path.abspath(settings.data_dir.expanduser()))})


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Port = None,
    uds: Annotated[Path | None, typer.Option(help="Path of the unix socket; flowo.sock in the data directory.")] = None,
    data_dir: DataDir = None,
    database_url: Annotated[
        str | None, typer.Option(help="postgresql://… to use instead of the embedded PostgreSQL.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer requests.")] = 1,
    base_path: Annotated[
        str | None, typer.Option(help="Path under which a reverse proxy serves flowo, e.g. /flowo.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the pages in a browser.")] = False,
    reload: Annotated[bool, typer.Option("--reload", hidden=True)] = False,
) -> None:
    """Serve the pages, the API and the live stream, with an embedded PostgreSQL unless another is given."""
    from flowo.serve import Serving
    from flowo.serve import serve as run

    async def show(serving: Serving) -> None:
        if open_:
            browse(serving.link or serving.address)

    with told_in_one_line():
        settings = settings_from(
            host=host, port=port, uds=uds, data_dir=data_dir, database_url=database_url, base_path=base_path
        )
        code = run(Serving(settings, workers=workers, reload=reload, on_ready=show))
    raise typer.Exit(code)


def open_(
    data_dir: DataDir = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Print a new link that signs in once, and open it where there is a browser."""
    from snakemake_logger_plugin_flowo.client import managing

    with told_in_one_line():
        settings = settings_from(data_dir=data_dir)
    url = str(managing(settings.data_dir).ask("POST", "/api/v1/auth/links", has=("url",))["url"])
    typer.echo(json.dumps({"url": url}) if as_json else url)
    browse(url)


def demo(
    exit_: Annotated[bool, typer.Option("--exit", help="End after one run, verified job by job.")] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
    data_dir: DataDir = None,
    port: Port = None,
) -> None:
    """Serve, and run the demo workflow before your eyes."""
    from flowo.demo.run import main

    with told_in_one_line():
        settings = settings_from(data_dir=data_dir, port=port)
        code = main(settings, exit_after=exit_, browse=None if no_open else browse)
    raise typer.Exit(code)


def browse(url: str) -> bool:
    """Opens a graphical browser; never a text one, which would take over the terminal."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    with contextlib.suppress(webbrowser.Error):
        return webbrowser.open(url)
    return False
