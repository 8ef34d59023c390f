"""The name, the logo and the colour of the installation (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from app.common.records import CodeEnum, Record, optional, required


class BrandingState(CodeEnum):
    """The state of a branding; the latest one is in force."""

    set = "set", "Set", "已设定"


class Branding(Record):
    """The name, the logo and the colour of pages and mails. The branding that was set last is in force."""

    KIND: ClassVar[str] = "branding"

    state: BrandingState | None = required()
    name: str | None = required(
        "Name of the organisation or of its service desk, which pages and mails show."
    )
    colour: str | None = required("Colour of the head and of the main buttons, as `#rrggbb`.")
    logo_id: UUID | None = optional("Identifier of the picture next to the name; null if there is none.")
    set_at: datetime | None = required("Time at which the branding was set.")
