"""All settings of the server, frozen, from FLOWO_* and the command line."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MiB = 1024 * 1024
DEFAULT_PORT = 3100


def default_data_dir() -> Path:
    """$XDG_DATA_HOME/flowo; for root /var/lib/flowo, where its unprivileged PostgreSQL can pass."""
    if os.geteuid() == 0:
        return Path("/var/lib/flowo")
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "flowo"


def _address(given: str) -> str:
    if not re.fullmatch(r"https?://[^/\s?#@]+(/[^\s?#]*)?", given.strip(), re.IGNORECASE):
        raise ValueError("an address such as https://flowo.lab.org is meant")
    return given.strip().rstrip("/")


class Settings(BaseSettings):
    """One frozen object, made once; what a field means is its description, and the README lists them."""

    model_config = SettingsConfigDict(env_prefix="FLOWO_", frozen=True, extra="ignore")

    data_dir: Path = Field(default_factory=default_data_dir, description="Where everything of this server lives.")
    database_url: str | None = Field(
        None, description="postgresql://… of a PostgreSQL ≥ 14; without it: the embedded one."
    )
    database_url_file: Path | None = Field(
        None, description="A file that holds the database URL (a container's secret)."
    )
    secret_file: Path | None = Field(
        None, description="A file with the signing secret; else <data_dir>/secret, made at first start."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int | None = Field(None, ge=0, le=65535, description="Port; without it 3100 or the next free one.")
    uds: Path | None = Field(None, description="The unix socket's path; else flowo.sock in the data directory.")
    base_path: str = Field("", description="Path under which a reverse proxy serves flowo, e.g. /flowo.")
    public_url: str | None = Field(None, description="How browsers reach this server, e.g. https://flowo.lab.org.")
    origins: Annotated[list[str], NoDecode] = Field([], description="Further origins that may write, comma separated.")

    lost_after_s: float = Field(60, gt=0, description="A run not heard of for so long is lost.")
    session_days: int = Field(30, gt=0, description="How long a browser's sign-in lasts.")
    jwt_minutes: int = Field(15, gt=0, description="How long a JWT lasts.")
    link_minutes: int = Field(30, gt=0, description="How long a link that signs in once lasts.")

    max_body: int = Field(8 * MiB, gt=0, description="Bytes of a batch as sent.")
    max_batch: int = Field(64 * MiB, gt=0, description="Bytes of a batch after decompression.")
    max_events: int = Field(5_000, gt=0, description="Events in a batch.")
    max_event: int = Field(8 * MiB, gt=0, description="Bytes of one event.")
    max_text: int = Field(
        64 * 1024, gt=0, description="Characters of a text that goes into a table; longer ones are cut there."
    )

    stream_minutes: float = Field(
        10, gt=0, description="A stream ends after so long; browsers come back by themselves."
    )
    pool_size: int = Field(8, ge=2, description="Database connections of a process.")

    @field_validator("origins", mode="before")
    @classmethod
    def _separated(cls, given: object) -> object:
        return [origin.strip() for origin in given.split(",") if origin.strip()] if isinstance(given, str) else given

    @field_validator("public_url", "origins")
    @classmethod
    def _addresses(cls, given: str | list[str] | None) -> str | list[str] | None:
        """Links are made of them, and what browsers send is compared with them."""
        if isinstance(given, list):
            return [_address(one) for one in given]
        return _address(given) if given else None

    @field_validator("base_path")
    @classmethod
    def _plain_path(cls, given: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._~/-]*", given) or "//" in given:  # it goes into cookies, links and pages
            raise ValueError("a path of letters, digits and . _ ~ - is meant, such as /flowo")
        return given

    def model_post_init(self, _context: object) -> None:
        if self.base_path and not self.base_path.startswith("/"):
            object.__setattr__(self, "base_path", "/" + self.base_path)
        object.__setattr__(self, "base_path", self.base_path.rstrip("/"))
