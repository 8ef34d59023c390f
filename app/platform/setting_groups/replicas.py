"""Settings of reading from streaming replicas: where they are, and how old their state may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings


def _read_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must be an address such as postgresql://user@replica:5432/database")
    return value


class ReplicaSettings(BaseSettings):
    """The settings of reading from streaming replicas."""

    read_url: Annotated[str, AfterValidator(_read_url)] | None = Field(
        default=None,
        description="Streaming replica that APIs read lists, KPIs and the feed from, as the service's role; "
        "of several hosts (`postgresql://user@one,two/database`) the first that answers. None: the "
        "database itself is read.",
    )
    read_staleness_seconds: int = Field(
        default=5,
        ge=2,
        le=3_600,
        description="Oldest state of a replica that is read, in seconds; otherwise the database itself is.",
    )
