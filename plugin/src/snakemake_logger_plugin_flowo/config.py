"""Where the server is and with what token: a flag, the environment, the user's configuration, or one's own server."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

KEYS = {
    "url": "address of the server: http://…, https://… or http+unix:///path/to/flowo.sock",
    "token": "the token that this user's runs are sent with",
    "ca": "file with the certificates to trust for https, when the system's do not do",
    "workspace": "workspace that runs go to when none is asked for",
}


class ConfigError(Exception):
    """Something in the configuration that the user has to put right; the message says what and how."""


class NoServer(Exception):
    """There is no server to talk to; the message says why."""


class Target(NamedTuple):
    """A server and how to reach it. `url` is what people see; with `socket` the bytes go there."""

    url: str
    socket: str | None = None
    token: str | None = None
    ca: str | None = None
    source: str = ""  # where it was found, for messages

    @property
    def label(self) -> str:
        return self.url or f"unix:{self.socket}"

    @property
    def refusal(self) -> str:
        """What a 401 means. A configured token goes to the configured address only, so there may have been none."""
        return "does not accept the token" if self.token else "asks for a token, and none is set for this address"

    def link(self, run_id: str) -> str:
        return f"{self.url}/runs/{run_id}" if self.url else f"run {run_id}"


def config_path() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "flowo" / "config.toml"


def data_dir() -> Path:
    """The server's data directory, by the rules of the server itself."""
    given = os.environ.get("FLOWO_DATA_DIR")
    if given:
        return Path(given).expanduser()
    if os.getuid() == 0:
        return Path("/var/lib/flowo")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "flowo"


def boot_id() -> str | None:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None


def load(path: Path | None = None) -> dict[str, Any]:
    """The user's configuration; none is an empty one."""
    import tomllib

    path = path or config_path()
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}. Correct it, or remove it and set it again.") from error


def save(values: dict[str, Any], path: Path | None = None) -> None:
    """Replace the user's configuration in one step, readable by its owner only."""
    path = path or config_path()
    text = _toml(values)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def _toml(values: dict[str, Any]) -> str:
    rows = [f"{_key(key)} = {_value(value)}" for key, value in values.items() if not isinstance(value, dict)]
    for name, table in values.items():
        if isinstance(table, dict):
            rows += ["", f"[{_key(name)}]", *(f"{_key(key)} = {_value(value)}" for key, value in table.items())]
    return "\n".join(rows) + "\n"


def _key(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isascii() and plain.isalnum() else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    # a JSON string without ASCII escapes is a TOML basic string, but for DEL
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def token_of(values: dict[str, Any], path: Path | None = None) -> str | None:
    """The configured token, refused while others on the machine can read it."""
    token = values.get("token")
    if not token:
        return None
    path = path or config_path()
    with contextlib.suppress(OSError):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(
                f"others can read the token in {path}: run `chmod 600 {path}`, and better make a new token"
            )
    return _sendable(str(token), str(path))


def _sendable(token: str | None, source: str) -> str | None:
    """A token as it may stand in a header: the line end of the file that it came from is not part of it."""
    token = (token or "").strip()
    if not (token.isascii() and token.isprintable()):
        raise ConfigError(f"the token ({source}) holds characters that no token has: copy it once more")
    return token or None


def target_of(url: str, token: str | None = None, *, ca: str | None = None, source: str = "") -> Target:
    """The server at an address that a person gave."""
    parts = urlsplit(url.strip())
    if parts.scheme == "http+unix":
        path = unquote(parts.path)
        if not path.startswith("/"):
            raise ConfigError(f"{url} ({source}) has no absolute path: write http+unix:///path/to/flowo.sock")
        return Target(url="", socket=path, token=token, source=source)
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise ConfigError(f"{url!r} ({source}) is not an address: write http://host:port or https://host")
    if parts.username or parts.password:
        raise ConfigError(f"the address ({source}) holds a user name: put the token into FLOWO_TOKEN instead")
    address = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return Target(url=address, token=token, ca=ca, source=source)


def own_server(directory: Path | None = None) -> Target:
    """This user's server on this host since this boot, by its unix socket; `NoServer` says why there is none."""
    path = (directory or data_dir()) / "server.json"
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NoServer("no flowo server of yours runs here, and no address is set (FLOWO_URL)") from None
    except OSError as error:
        raise NoServer(f"cannot read {path}: {error.strerror}") from error
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if status.st_uid != os.getuid() or not stat.S_ISREG(status.st_mode):
            raise NoServer(f"{path} belongs to somebody else, so it is not used")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise NoServer(f"others can read {path}, so it is not used: restart the server")
        try:
            facts = json.loads(file.read(65_536))
            place, address, token = facts["socket"], facts["address"], facts.get("token")
            host, boot = facts.get("host"), facts.get("boot_id")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NoServer(f"{path} is not what a flowo server writes: restart the server") from None
    if host != socket.gethostname():
        raise NoServer(
            f"your flowo server runs on the host {host}: set FLOWO_URL and FLOWO_TOKEN to reach it from here"
        )
    if boot != boot_id():
        raise NoServer("your flowo server has not run since this machine was started: `flowo serve`")
    try:
        status = os.stat(place)
    except OSError:
        raise NoServer("your flowo server does not run now: `flowo serve`") from None
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.getuid():
        raise NoServer(f"{place} is not a socket of yours, so it is not used")
    return Target(url=str(address).rstrip("/"), socket=str(place), token=token, source=str(path))


def find(url: str | None = None) -> Target:
    """The server to talk to: `url` (a flag), FLOWO_URL, the configuration, or one's own; with its token."""
    values = load()
    configured = values.get("url")
    token = _sendable(os.environ.get("FLOWO_TOKEN"), "FLOWO_TOKEN")
    if url:
        given, source = url, "--logger-flowo-url"
    elif os.environ.get("FLOWO_URL"):
        given, source = os.environ["FLOWO_URL"], "FLOWO_URL"
    elif configured:
        given, source = str(configured), str(config_path())
    else:
        own = own_server()
        return own._replace(token=token) if token else own
    target = target_of(given, ca=values.get("ca"), source=source)
    # A configured token goes to the configured server only: not to whatever address is tried once.
    if not token and (not configured or _same(configured, target)):
        token = token_of(values)
    if not token:
        with contextlib.suppress(NoServer):
            own = own_server()
            if target.url == own.url or (target.socket and target.socket == own.socket):
                return own
    return target._replace(token=token)


def bound_for(url: str | None = None) -> str:
    """Where runs go from here, as `find` would say it, whether a server is there now or not: an address, or the data
    directory of one's own server."""
    with contextlib.suppress(ConfigError):
        given = url or os.environ.get("FLOWO_URL") or load().get("url")
        if given:
            return str(given).rstrip("/")
    return os.path.realpath(data_dir())


def workspace(url: str | None = None) -> str | None:
    """The configured workspace for runs that ask for none. Like the token it is of the configured server: another one,
    tried once by `url` or FLOWO_URL, does not know it."""
    with contextlib.suppress(ConfigError):
        values = load()
        given = url or os.environ.get("FLOWO_URL")
        if values.get("workspace") and (not given or _same(values.get("url", ""), target_of(given))):
            return str(values["workspace"])
    return None


def _same(configured: object, target: Target) -> bool:
    with contextlib.suppress(ConfigError):
        other = target_of(str(configured))
        return (other.url, other.socket) == (target.url, target.socket)
    return False
