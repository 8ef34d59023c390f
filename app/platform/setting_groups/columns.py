"""Settings of facts in columns: where they are, and when they are exported again."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class ColumnSettings(BaseSettings):
    """The settings of facts in columns."""

    columns_dir: Path | None = Field(
        default=None,
        description="Folder to which a worker exports facts, so that APIs can answer wide KPI queries "
        "from there. None: PostgreSQL answers all.",
    )
    columns_after: int = Field(
        default=20_000,
        ge=1_000,
        le=50_000,
        description="Number of changed cases after which facts are exported again.",
    )
