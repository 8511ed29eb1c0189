"""The server's API for the command line: which server, by what right, and what its answers mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_flowo import config
from snakemake_logger_plugin_flowo.connection import Connection, Unreachable
from snakemake_logger_plugin_flowo.owner import NotOwner, owner_token


class Failed(Exception):
    """It did not work; the message says what happened and what to do. `status`: of the answer, if there was one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """Asks one server and takes JSON."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def label(self) -> str:
        return self.connection.target.label

    def ask(self, method: str, path: str, data: Any = None, *, has: tuple[str, ...] = ()) -> Any:
        """The answer's JSON; it has to be an object with these names, since other programs speak JSON as well."""
        body = None if data is None else json.dumps(data).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        try:
            answer = self.connection.request(method, path, body, headers, limit=16 << 20)
        except Unreachable as error:
            raise Failed(f"{self.label} cannot be reached: {error}") from error
        finally:
            self.connection.close()
        problem: Any = None
        if answer.body and answer.kind.endswith("json"):
            try:
                problem = json.loads(answer.body)
            except ValueError:
                raise Failed(f"{self.label} does not answer like a flowo server") from None
        if 200 <= answer.status < 300:
            other = has and not (isinstance(problem, dict) and all(name in problem for name in has))
            if other or (answer.status != 204 and problem is None):
                raise Failed(f"{self.label} does not answer like a flowo server")
            return problem
        if answer.status == 401:
            raise Failed(
                f"{self.label} {self.connection.target.refusal}: set FLOWO_TOKEN, or `flowo config set token TOKEN`",
                status=401,
            )
        if 300 <= answer.status < 400:
            raise Failed(
                f"{self.label} redirects elsewhere ({answer.status}): set the right address", status=answer.status
            )
        detail = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
        if answer.status == 404:
            raise Failed(f"{self.label} has no such thing, or does not show it to you", status=404)
        raise Failed(f"{self.label} answers {answer.status}" + (f": {detail}" if detail else ""), status=answer.status)


def reporting() -> Connection:
    """The server that runs are sent to."""
    try:
        return Connection(config.find())
    except (config.NoServer, config.ConfigError) as error:
        raise Failed(str(error)) from error


def managing(data_dir: Path | None = None) -> Client:
    """The server to manage: one's own, as its owner (a data directory, or nothing configured), or a configured one."""
    try:
        if data_dir is None:
            target = config.find()
            if target.source != str(config.data_dir() / "server.json"):
                return Client(Connection(target))
            data_dir = config.data_dir()
        else:
            target = config.own_server(data_dir)
        return Client(Connection(target._replace(token=owner_token(data_dir))))
    except config.NoServer as error:
        if data_dir is not None:
            raise Failed(
                f"no flowo serves {data_dir} now: start it with `flowo serve --data-dir {data_dir}`"
            ) from error
        raise Failed(str(error)) from error
    except (config.ConfigError, NotOwner) as error:
        raise Failed(str(error)) from error
