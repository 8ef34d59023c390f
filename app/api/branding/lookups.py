"""The branding that was set last, kept by each process until the log announces another one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kernel.ledger import Ledger
from app.kernel.uploads import ContentErased, read_all
from app.platform.db import Database

NAME = "branding"
LOGO = "logo of the branding"
MARK_LENGTH = 12
PRESENT = """
select b.name, b.colour, a.id as logo_id, a.media_type, a.sha256
from fold.branding b left join fold.attachment a on a.id = b.logo_id
order by b.set_at desc, b.id desc limit 1
"""


@dataclass(frozen=True, slots=True)
class BrandingLogo:
    """The picture next to the name: the upload with its content, and the media type of its bytes."""

    upload_id: UUID
    media_type: str
    sha256: str

    @property
    def address(self) -> str:
        """The address of the picture, which is another one for another picture."""
        return f"/branding/logo?{self.sha256[:MARK_LENGTH]}"


@dataclass(frozen=True, slots=True)
class PresentBranding:
    """The name of the organisation, its colour (`#rrggbb`) and its logo, if it has one."""

    name: str
    colour: str
    logo: BrandingLogo | None

    @property
    def style_address(self) -> str:
        """The address of the style sheet with the colour, which is another one for another colour."""
        return f"/branding/style.css?{self.colour.removeprefix('#')}"


async def present_branding(ledger: Ledger) -> PresentBranding | None:
    """Return the branding that was set last; None before the first. Raises DatabaseGone."""
    return await ledger.directory.configuration(NAME, _load)


async def branding_name(ledger: Ledger) -> str:
    """Return the name that mails are signed with; empty before the first branding. Raises DatabaseGone."""
    branding = await present_branding(ledger)
    return "" if branding is None else branding.name


async def logo_content(ledger: Ledger, logo: BrandingLogo) -> bytes | None:
    """Return the bytes of the picture; None if the person who sent it was erased, and the file with them.
    Raises ContentDamaged, DatabaseGone.
    """

    async def load(_: Database) -> bytes | None:
        try:
            return await read_all(ledger, logo.upload_id)
        except ContentErased:
            return None

    return await ledger.directory.configuration(f"{LOGO} {logo.sha256}", load)


async def _load(db: Database) -> PresentBranding | None:
    row = await db.row(PRESENT)
    if row is None:
        return None
    logo = row["logo_id"] and BrandingLogo(row["logo_id"], row["media_type"], row["sha256"])
    return PresentBranding(row["name"], row["colour"], logo)
