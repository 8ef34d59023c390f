"""What records of every kind have beside them, as rows of their own on the record's stream."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from sqlalchemy import Text
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import FOLD, ChildRecord, CodeEnum, ForeignRef, Record


class Visibility(CodeEnum):
    """Who may read a comment or a file: whoever sees the ticket, or the staff among them."""

    public = "public", "Public", "公开"
    internal = "internal", "Internal", "内部"


class ExternalReference(ChildRecord):
    """The name that another system has for a record.

    Persons have none: their names in other systems are in the vault.
    """

    KIND: ClassVar[str] = "external_reference"

    kind: str | None = None
    source: str | None = None
    key: str | None = None


class Follower(ChildRecord):
    """A person who is told of a record's public steps, and sees it."""

    KIND: ClassVar[str] = "follower"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    followed_at: datetime | None = None

    @classmethod
    def for_person(cls, record: Record, person_id: UUID, followed_at: datetime) -> Follower:
        """The row, whose id follows from who and what: nobody follows anything twice."""
        row_id = uuid5(record.id, str(person_id))
        return cls(id=row_id, record=record.row_key, person_id=person_id, followed_at=followed_at)


class Attachment(ChildRecord):
    """A file that somebody has put to a record; its id is that of the upload.

    `media_type` is what its first bytes look like, `size` in bytes, `sha256` of what was sent (hex).
    """

    KIND: ClassVar[str] = "attachment"

    author_id: Annotated[UUID | None, ForeignRef("person")] = None
    name: Annotated[str | None, Personal()] = None
    media_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    visibility: Visibility | None = Field(default=None, sa_type=Text)
    attached_at: datetime | None = None

    @property
    def for_staff(self) -> bool:
        """Whether only staff may know of it."""
        return self.visibility is Visibility.internal


class ExternalReferenceTable(ExternalReference, table=True):
    """Where external references stand."""

    __tablename__ = "external_reference"
    __table_args__: ClassVar = FOLD


class FollowerTable(Follower, table=True):
    """Where followers stand."""

    __tablename__ = "follower"
    __table_args__: ClassVar = FOLD


class AttachmentTable(Attachment, table=True):
    """Where attachments stand; what is in the files does not."""

    __tablename__ = "attachment"
    __table_args__: ClassVar = FOLD
