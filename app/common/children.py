"""What records of every kind have beside them, as rows of their own on the record's stream."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import FOLD, Labelled, Record, Refers


class Visibility(Labelled):
    """Who may read a comment: whoever sees the ticket, or the staff among them."""

    public = "public", "Public", "公开"
    internal = "internal", "Internal", "内部"


class Comment(Record):
    """What somebody said about a record."""

    KIND: ClassVar[str] = "comment"

    record: str | None = None
    author_id: Annotated[UUID | None, Refers("person")] = None
    visibility: Visibility | None = Field(default=None, sa_type=Text)
    text: Annotated[str | None, Personal()] = None
    written_at: datetime | None = None


class ExternalReference(Record):
    """The name that another system has for a record.

    Persons have none: their names in other systems are in the vault.
    """

    KIND: ClassVar[str] = "external_reference"

    record: str | None = None
    kind: str | None = None
    source: str | None = None
    key: str | None = None


class CommentTable(Comment, table=True):
    """Where comments stand."""

    __tablename__ = "comment"
    __table_args__: ClassVar = FOLD


class ExternalReferenceTable(ExternalReference, table=True):
    """Where external references stand."""

    __tablename__ = "external_reference"
    __table_args__: ClassVar = FOLD
