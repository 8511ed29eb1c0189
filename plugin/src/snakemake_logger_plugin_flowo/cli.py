"""The command `flowo`: the client's commands, and the server's by the entry-point group `flowo.commands`."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from snakemake_logger_plugin_flowo import config
from snakemake_logger_plugin_flowo.client import Failed, managing, reporting
from snakemake_logger_plugin_flowo.recorder import VERSION

_SERVERS = {"serve", "open", "demo"}  # who has the plugin only is told so, whatever options follow
_UNWRITABLE = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO}
_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

Places = Annotated[list[Path] | None, typer.Argument(metavar="DIR", help="Where Snakemake was run; by default here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Data directory of a server on this machine; its owner needs no token.")
]


def build() -> typer.Typer:
    """The application with every command that is installed."""
    app = typer.Typer(
        name="flowo",
        help="Records and shows Snakemake runs as they happen.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    app.add_typer(_config_app(), name="config")
    app.add_typer(_token_app(), name="token")
    app.command()(sync)
    app.command("import")(import_)
    app.command()(status)
    app.command()(watch)
    app.command()(doctor)
    from importlib.metadata import entry_points

    for entry in sorted(entry_points(group="flowo.commands"), key=lambda entry: entry.name):
        try:
            entry.load()(app)
        except Exception as error:
            print(
                f"flowo: the commands of {entry.value} are not available ({type(error).__name__}: {error})",
                file=sys.stderr,
            )
    missing = _SERVERS - {command.name or command.callback.__name__ for command in app.registered_commands}  # type: ignore[union-attr]
    for name in sorted(missing):
        app.command(name, hidden=True, context_settings=_ANYTHING)(_not_here(name))
    return app


def _not_here(name: str) -> Callable[[], None]:
    def explain() -> None:
        fail(
            f"`flowo {name}` comes with the server, which is not installed in this environment ({sys.prefix}): "
            "call it where the server is, or install the server here too"
        )

    return explain


def main() -> None:
    """What the script `flowo` calls."""
    if sys.argv[1:] == ["--version"]:  # without loading the server
        print(f"flowo {VERSION}")
        return
    if sys.stdout is None:  # `flowo … >&-`
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    try:
        build()()
    except Failed as error:
        fail(str(error))
    except OSError as error:
        if error.errno in _UNWRITABLE:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to be said there
            if error.errno == errno.EPIPE:  # `flowo … | head`
                raise SystemExit(1) from None
            fail(f"what there is to say cannot be written: {error.strerror}")
        if isinstance(error, FileNotFoundError) and not _anywhere():
            fail("the directory that you are in is gone: go to another")
        raise


def _anywhere() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def fail(message: str, code: int = 1) -> NoReturn:
    print(f"flowo: {message}", file=sys.stderr)
    raise SystemExit(code)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"flowo {VERSION}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def sync(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="DIR", help="Where Snakemake was run; here without.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All unsent runs of yours, wherever they are.")] = False,
    workspace: Annotated[str | None, typer.Option(help="Where they go, if it is not where they were to go.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send what is recorded and not, or no longer, on the server. Ends with 0 when all is there."""
    from snakemake_logger_plugin_flowo import sync as syncing

    places = directories or ([] if everything else [Path.cwd()])
    for place in places:
        if not place.is_dir():
            fail(f"there is no directory {place}")
    paths = syncing.collect(places, everything=everything)
    sent = syncing.acknowledged(places, everything=everything)
    reports: list[syncing.Report] = []
    try:
        if paths or sent:
            with reporting() as connection:
                reports = syncing.ask_again(connection, sent)
                reports += syncing.send_unsent(connection, paths, workspace=workspace)
    except Failed:
        if paths:  # else there is nothing to send, as far as is known
            raise
    if as_json:
        print(json.dumps([report._asdict() for report in reports]))
    else:
        for report in reports:
            state = report.reason or f"{report.sent} events sent"
            if not report.complete:
                state = f"not sent: {report.reason}"
            print(f"{report.run_id}  {state}{', still running' if report.running else ''}")
        if not reports:
            print("nothing to send")
    if not all(report.complete for report in reports):
        raise typer.Exit(1)


def import_(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="DIR", help="Where Snakemake was run; here without.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in finished runs that were made without the plugin, from the logs that Snakemake kept."""
    from snakemake_logger_plugin_flowo.bring import bring

    found = []
    with reporting() as connection:
        for directory in directories or [Path.cwd()]:
            for one in bring(connection, directory):
                found.append(one)
                if not as_json:
                    _say([one.line()])
    if as_json:
        print(json.dumps([one._asdict() for one in found]))
    if any(one.outcome == "left" for one in found):
        raise typer.Exit(1)


def status(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Id, its beginning, or name.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest runs, or one."""
    from snakemake_logger_plugin_flowo import status as statuses
    from snakemake_logger_plugin_flowo.runs import Reader

    reader = Reader(data_dir)
    found = reader.newest(statuses.NEWEST) if run is None else reader.find(run)
    if as_json:
        print(json.dumps(found))
    elif run is not None:
        _say(statuses.details(found, reader.link(found["id"])))
    else:
        _say(statuses.listing(found["items"]) if found["items"] else ["no runs yet"])


def watch(
    run: Annotated[str, typer.Argument(metavar="RUN|DIR", help="Id, its beginning, or name; or where Snakemake runs.")],
    interval: Annotated[float, typer.Option(min=0.2, max=3600, help="Seconds between two looks.")] = 1.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Follow a run until it ends; that of a directory is recorded too, if it was started without the plugin.

    Ends with 0 if it succeeded, 1 failed, 2 interrupted or lost.
    """
    from snakemake_logger_plugin_flowo.runs import Reader
    from snakemake_logger_plugin_flowo.watch import follow

    _bear_any_text()
    try:
        if Path(run).is_dir():
            from snakemake_logger_plugin_flowo.bring import watched

            run = watched(Path(run)) or run
        code = follow(Reader(data_dir), run, interval=interval, as_json=as_json)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    raise SystemExit(code)


def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check the configuration, the server, the disk and Snakemake. Ends with 0 when nothing has to be put right."""
    from snakemake_logger_plugin_flowo.doctor import examine

    checks = list(examine(data_dir))
    fine = all(check.level != "fail" for check in checks)
    if as_json:
        print(json.dumps({"fine": fine, "checks": [check._asdict() for check in checks]}))
    else:
        _say(check.line() for check in checks)
    raise SystemExit(0 if fine else 1)


def _say(lines: Iterable[str]) -> None:
    _bear_any_text()
    for line in lines:
        print(line)


def _bear_any_text() -> None:
    """A terminal that cannot show a character shows a question mark, and nothing fails."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _config_app() -> typer.Typer:
    app = typer.Typer(help="Your configuration: the server's address and your token.", no_args_is_help=True)

    @app.command("get")
    def get(
        key: Annotated[str | None, typer.Argument(help="One key; all without it.")] = None, as_json: AsJson = False
    ) -> None:
        """Print what is set; the token is shown only when it is asked for by name."""
        values = _load()
        if key is None:
            shown = {name: "***" if name == "token" else value for name, value in values.items()}
            print(json.dumps(shown) if as_json else "\n".join(f"{name} = {value}" for name, value in shown.items()))
            return
        if key not in values:
            fail(f"{key} is not set")
        print(json.dumps({key: values[key]}) if as_json else values[key])

    @app.command("set")
    def set_(
        key: Annotated[str, typer.Argument(help="; ".join(f"{name}: {text}" for name, text in config.KEYS.items()))],
        value: Annotated[
            str | None, typer.Argument(help="Asked for when left out, so that a token stays out of the history.")
        ] = None,
    ) -> None:
        """Set one key."""
        if key not in config.KEYS:
            fail(f"there is no key {key}: choose one of {', '.join(config.KEYS)}")
        if value is None:
            value = typer.prompt(key, hide_input=key == "token") if sys.stdin.isatty() else sys.stdin.readline().strip()
        if key == "url":
            try:
                config.target_of(value, source="url")
            except config.ConfigError as error:
                fail(str(error))
        if key == "ca":
            value = str(Path(value).expanduser().absolute())  # it is read from other directories too
            if not Path(value).is_file():
                fail(f"there is no file {value}")
        _save({**_load(), key: value})

    @app.command("unset")
    def unset(key: str) -> None:
        """Remove one key."""
        _save({name: value for name, value in _load().items() if name != key})

    @app.command("path")
    def path(as_json: AsJson = False) -> None:
        """Print where the configuration is."""
        where = str(config.config_path())
        print(json.dumps({"path": where}) if as_json else where)

    return app


def _load() -> dict[str, Any]:
    try:
        return config.load()
    except config.ConfigError as error:
        fail(str(error))


def _save(values: dict[str, Any]) -> None:
    try:
        config.save(values)
    except config.ConfigError as error:
        fail(str(error))


def _token_app() -> typer.Typer:
    app = typer.Typer(help="Tokens for programs.", no_args_is_help=True)

    @app.command("create")
    def create(
        name: Annotated[str, typer.Option(help="What it is for.")],
        scope: Annotated[str, typer.Option(help="ingest (send runs), read, or full.")] = "ingest",
        expires: Annotated[str, typer.Option(help="Days as in 90d, or never.")] = "90d",
        workspace: Annotated[str | None, typer.Option(help="Only for this workspace.")] = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Make a token and print it, once."""
        if scope not in ("ingest", "read", "full"):
            fail(f"there is no scope {scope}: choose ingest, read or full", 2)
        asked = {"name": name, "scope": scope, "expires_in_days": _days(expires), "workspace": workspace}
        try:
            made = managing(data_dir).ask("POST", "/api/v1/tokens", asked, has=("token",))
        except Failed as error:
            if error.status == 404 and workspace is not None:
                fail(f"there is no workspace {workspace}, or you are not in it")
            raise
        if as_json:
            print(json.dumps({key: made.get(key) for key in ("id", "name", "token", "scope", "expires_at")}))
        else:
            print(made["token"])

    @app.command("list")
    def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """List your tokens, without the secrets."""
        tokens = managing(data_dir).ask("GET", "/api/v1/tokens", has=("items",))["items"]
        if as_json:
            print(json.dumps(tokens))
            return
        if not tokens:
            print("no tokens yet")
        for token in tokens:
            ends = (token.get("expires_at") or "never")[:10]
            used = (token.get("last_used_at") or "never")[:10]
            about = f"{token['scope']:<6}  expires {ends}  used {used}"
            print(f"{token['id']}  …{token.get('last4', '')}  {about}  {token['name']}")

    @app.command("revoke")
    def revoke(
        id: Annotated[str, typer.Argument(help="From `flowo token list`.")],
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Make a token useless, at once."""
        from urllib.parse import quote

        try:
            managing(data_dir).ask("DELETE", f"/api/v1/tokens/{quote(id, safe='')}")
        except Failed as error:
            if error.status in (404, 422):
                fail(f"you have no token {id}: `flowo token list` shows their ids")
            raise
        print(json.dumps({"id": id, "revoked": True}) if as_json else f"{id} is revoked")

    return app


def _days(text: str) -> int | None:
    if text == "never":
        return None
    days = text.removesuffix("d")
    if not days.isdigit() or int(days) < 1:
        fail(f"{text!r} is not a time: write days as in 90d, or never", 2)
    return int(days)
