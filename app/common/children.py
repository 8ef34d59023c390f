"""Child records that records of every kind can have: rows of their own, on the parent record's stream."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from app.common.duties import GivenDuty
from app.common.personal import Personal
from app.common.records import (
    Altered,
    ChildRecord,
    CodeEnum,
    ForeignRef,
    Hidden,
    Record,
    altered_fields,
    optional,
    required,
)


class Visibility(CodeEnum):
    """The readers of a comment or a file: everybody who sees the ticket, or only the staff."""

    public = "public", "Public", "公开"
    internal = "internal", "Internal", "内部"


class ExternalReference(ChildRecord):
    """The key that another system has for a record, the number that people call it by there, if that is
    another one, and where they see it.

    People have no such rows: their names in other systems are in the vault.
    """

    KIND: ClassVar[str] = "external_reference"

    kind: str | None = required("Kind of the record that the other system's key belongs to, as `incident`.")
    source: str | None = required("Source of the tool, or name of the imported history.")
    key: str | None = required("Identifier of the record in the other system.")
    number: str | None = optional(
        "Number by which people know the record in the other system; null if it is not known."
    )
    url: str | None = optional(
        "Address of the page that shows the record in the other system; null if it is not known."
    )


class Follower(ChildRecord):
    """A person who gets notices of a record's public steps, and may see the record."""

    KIND: ClassVar[str] = "follower"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Person who receives the notices of the record's public steps."
    )
    followed_at: datetime | None = required("Time since which the person follows the record.")

    @classmethod
    def for_person(cls, record: Record, person_id: UUID, followed_at: datetime) -> Follower:
        """Return the row, whose id is derived from record and person, so that a person follows a record only
        once.
        """
        row_id = uuid5(record.id, str(person_id))
        return cls(id=row_id, record=record.row_key, person_id=person_id, followed_at=followed_at)


class Onlooker(ChildRecord):
    """A person who handed a ticket to another team, or closed one that they would no longer see: they get
    the notices of followers, and may see the ticket. A person who sees it for no other reason cannot act on
    it (`visibility.is_mere_onlooker`).
    """

    KIND: ClassVar[str] = "onlooker"
    AUDIENCE_KIND: ClassVar[str] = "onlooker"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Person who handed the ticket to another team, or closed it."
    )
    handed_over_at: datetime | None = required(
        "Time at which the person first handed over or closed the ticket."
    )

    @classmethod
    def for_person(cls, record: Record, person_id: UUID, handed_over_at: datetime) -> Onlooker:
        """Return the row, whose id is derived from record and person, as that of a follower."""
        row_id = uuid5(record.id, str(person_id))
        return cls(id=row_id, record=record.row_key, person_id=person_id, handed_over_at=handed_over_at)


class Attachment(ChildRecord):
    """A file attached to a record; its id is that of the upload.

    `content_id` is the upload with the content of a file that was passed on from another record; null: its
    own. `media_type` is detected from the first bytes, `size` is in bytes, `sha256` that of the content
    (hex).
    """

    KIND: ClassVar[str] = "attachment"

    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who attached the file.")
    name: Annotated[str | None, Personal()] = required(
        "Name of the file; null if it was withdrawn, or the person who attached it was erased."
    )
    media_type: str | None = required("Media type of the file by its first bytes, regardless of its name.")
    size: int | None = required("Size of the file in bytes.")
    sha256: str | None = required("SHA-256 digest of the file's content, in hexadecimal digits.")
    visibility: Visibility | None = required(
        "Readers of the file: everybody who sees the record, or only staff."
    )
    attached_at: datetime | None = required("Time at which the file was attached.")
    content_id: Annotated[UUID | None, Hidden()] = None
    altered: Altered = altered_fields()
    withdrawn_at: datetime | None = optional("Time at which the file was withdrawn; null if it was not.")

    @property
    def for_staff(self) -> bool:
        """Return whether only staff may see the attachment."""
        return self.visibility is Visibility.internal
