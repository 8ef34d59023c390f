"""Files that were uploaded and can be attached to a record (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.people import Caller, parse_grants


class UploadRef:
    """Marks a payload field that names an upload: `Annotated[UUID, UploadRef()]`."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file, complete or not.

    `key_id` is the key that its chunks are encrypted with. The key is the upload's own, `wrapped` by the key
    `under` of the sender, until the file is attached; then it is in the vault. `size` in bytes; of an
    incomplete upload, the largest size allowed. `sha256` (hex) and `media_type` are set once it is complete.
    `restricted_to` are the only roles that the sender's credential may use; None: that credential was
    unrestricted. `says_nothing`: the content only fills the file; None: unknown.
    """

    id: UUID
    person_id: UUID
    key_id: UUID
    under: UUID
    wrapped: bytes | None
    begun_at: datetime
    size: int
    sha256: str | None
    media_type: str | None
    restricted_to: list[str] | None = None
    says_nothing: bool | None = None

    def is_usable_by(self, caller: Caller) -> bool:
        """Return whether the caller may use the upload: they sent it themselves, and their credential is no
        narrower than the one that it was sent with.
        """
        own = self.person_id == caller.person_id
        return own and caller.covers_credential(self.person_id, parse_grants(self.restricted_to))
