"""Settings of facts in columns: where they are, and when they are exported anew."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class ColumnSettings(BaseSettings):
    """The settings of facts in columns."""

    columns_dir: Path | None = Field(
        default=None,
        description="Folder that a worker exports facts to, and that APIs answer wide questions about KPIs "
        "from. None: PostgreSQL answers all.",
    )
    columns_after: int = Field(
        default=20_000, ge=1_000, le=50_000, description="Changed cases that make facts be exported anew."
    )
