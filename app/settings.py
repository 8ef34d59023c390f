"""Every setting: its unit, its default, and one sentence. Nothing else reads the environment.

Values come from `LEDGERDESK_*` variables, or from files of the same name (lower case) in the secrets
directory.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "LEDGERDESK_"
PROJECT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names the variable and what is allowed."""


def _database_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must be an address such as postgresql://user@host:5432/database")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except Exception as error:
        raise ValueError("must be the name of a time zone such as Asia/Shanghai or UTC") from error
    return value


DatabaseUrl = Annotated[str, AfterValidator(_database_url)]


class Settings(BaseSettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: DatabaseUrl | None = Field(
        default=None,
        description="PostgreSQL 15 or later, as the service's role. None: the embedded one is started.",
    )
    owner_url: DatabaseUrl | None = Field(
        default=None,
        description="The same database as the role that owns the tables; needed by `migrate` only.",
    )
    allow_owner: bool = Field(
        default=False,
        description="Let `serve` and `work` run as the role that owns the log, which can disable its guards.",
    )
    data_dir: Path | None = Field(
        default=None,
        description="Where the embedded PostgreSQL keeps its data. "
        "None: `.ledgerdesk/` in the project; as root a folder under /var/lib/ledgerdesk.",
    )
    secrets_dir: Path | None = Field(
        default=None,
        description="Folder of secret files, the master key among them. None: `secrets/` in the data folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="TCP port that `serve` listens on.")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC",
        description="The organisation's time zone (IANA): cuts periods and gives the year in numbers.",
    )
    reopen_days: int = Field(
        default=7,
        ge=0,
        le=3650,
        description="Days after its resolution in which a case can be reopened, unless agreed otherwise.",
    )
    agents_see: Annotated[str, Field(pattern="^(teams|all)$")] = Field(
        default="teams",
        description="`teams`: agents see the tickets of their teams and those of no team yet. `all`: all.",
    )
    read_connections: int = Field(
        default=8, ge=1, le=200, description="Database connections for reading, per process."
    )
    body_limit: int = Field(default=1_048_576, ge=1024, description="Largest request body, in bytes.")
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = Field(
        default="info", description="Least severe line that is logged: debug, info, warning or error."
    )


def load(**overrides: object) -> Settings:
    """The settings of this process's environment. Raises SettingsError with a sentence per wrong value."""
    secrets = overrides.get("secrets_dir") or os.environ.get(PREFIX + "SECRETS_DIR")
    files = secrets if secrets and Path(str(secrets)).is_dir() else None
    arguments: dict[str, Any] = {"_secrets_dir": files, **overrides}
    try:
        return Settings(**arguments)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(dict(e)) for e in error.errors())) from error


def _sentence(error: dict[str, object]) -> str:
    location = error["loc"]
    assert isinstance(location, tuple)
    name = str(location[0])
    field = Settings.model_fields[name]
    # Of an address that is wrong the password is nobody's business.
    said = re.sub("(?<=://)[^/]*(?=@)", "…", repr(error["input"]))
    return f"{PREFIX}{name.upper()} is {said}: {error['msg']}. {field.description}"


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    return load()


def as_markdown() -> str:
    """The table of all settings, for docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Generated from `app/settings.py`; do not edit. Each is an environment variable, or a file of the",
        "same name in lower case in the secrets directory.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"
