"""A file that was sent and can be attached to a record (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.people import Caller, parse_grants


class UploadRef:
    """Marks a field of a body that names an upload: `Annotated[UUID, Uploaded()]`."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it has come in so far.

    `key_id` is the key that its chunks are under: of its own, `wrapped` by the key `under` of the person who
    sends it, until it is attached; then it is in the vault. `size` in bytes; of an upload that is not whole,
    how many may come. `sha256` (hex) and `media_type` are there once it is whole. `restricted_to` are the
    only roles that the key may use by which it was sent; None: it was sent by the whole person.
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

    def is_usable_by(self, caller: Caller) -> bool:
        """Whether the caller may make something of it: whoever sent it, by a credential that is no narrower
        than the one that it was sent by.
        """
        own = self.person_id == caller.person_id
        return own and caller.covers_credential(self.person_id, parse_grants(self.restricted_to))
