"""Payloads of actions on documents."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.files.uploads import UploadRef
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.documents.records import Confidentiality, DocumentClass, Importance
from app.governance.documents.records import ControlledDocument, DocumentVersion, ReadingChannel, ReviewTier
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FileName,
    FreeText,
    Instant,
    Payload,
    Reference,
    ShortText,
    Title,
    at_most_entries,
)

MOST_READERS = 200
MOST_EDITIONS = 10_000
Persons = Annotated[tuple[Annotated[Reference, ForeignRef("person")], ...], at_most_entries(MOST_READERS)]
Teams = Annotated[tuple[Annotated[Reference, ForeignRef("team")], ...], BoundedList]


class DraftDocument(Payload, of=ControlledDocument):
    """A new document, with its first file, which was uploaded before."""

    document_class: DocumentClass
    subclass: ShortText | None = None
    template: ShortText | None = None
    title: Title
    importance: Importance
    confidentiality: Confidentiality
    readers: Persons = Field(default=(), max_length=MOST_READERS)
    reader_teams: Teams = Field(default=(), max_length=LONGEST_LIST)
    tier: ReviewTier
    team: Annotated[Reference, ForeignRef("team")]
    countersigning_teams: Teams = Field(default=(), max_length=LONGEST_LIST)
    external_number: ShortText | None = None
    upload: Annotated[UUID, UploadRef(), Field(description="The upload with the file: its id.")]
    name: FileName = Field(description="The name of the file, with its ending.", examples=["process.pdf"])


class ReviseDocument(Payload, of=ControlledDocument):
    """The next version of a document, with its file, which was uploaded before."""

    upload: Annotated[UUID, UploadRef(), Field(description="The upload with the file: its id.")]
    name: FileName = Field(description="The name of the file, with its ending.", examples=["process.pdf"])
    title: Title | None = Field(default=None, description="The title from now on, if it changes.")


class SubmitDocument(AskDecision, of=DocumentVersion):
    """The question to the reviewers, and what has changed."""

    changes: FreeText = Field(examples=["The first version. 首版。"])


class PublishDocument(Payload, of=ControlledDocument):
    """The time from which a version is in force, and who must acknowledge it."""

    effective_at: Instant
    acknowledged_by: Annotated[
        tuple[
            Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.document_to_acknowledge)], ...
        ],
        at_most_entries(MOST_READERS),
    ] = Field(
        default=(),
        max_length=MOST_READERS,
        description="Persons who must acknowledge it: their ids.",
    )
    review_due_at: Instant
    replaces: Annotated[Reference, ForeignRef("document")] | None = Field(
        default=None, description="Another document that it takes the place of: its id or number."
    )


class ConfirmDocument(Payload, of=ControlledDocument):
    """A published document that is still right, and when it is to be reviewed next."""

    review_due_at: Instant


class SupersedeDocument(Payload):
    """The document that takes its place."""

    successor: Annotated[UUID, Field(description="The document that takes its place: its id.")]


class ReviewDocument(Tallied):
    """The reviewers' decision on a document."""


class CountersignDocument(Tallied):
    """The departments' decision on a document."""


class ReadDocument(Payload):
    """A reading of what is restricted or secret."""

    channel: ReadingChannel = Field(description="The channel by which it was read.", examples=["file"])
    edition: int | None = Field(
        default=None, ge=1, le=MOST_EDITIONS, strict=True, description="The version that was read, from 1."
    )
