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
        description="Streaming replica from which APIs read lists, KPIs and the feed, with the service's "
        "role. With several hosts (`postgresql://user@one,two/database`), the first that responds is "
        "used. None: all reads use the database itself.",
    )
    read_staleness_seconds: int = Field(
        default=5,
        ge=2,
        le=3_600,
        description="Oldest state of a replica that is read, in seconds. If it is older, the database "
        "itself is read.",
    )
