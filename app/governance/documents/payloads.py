"""Payloads of actions on documents."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.files.uploads import UploadRef
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef, KeyRef
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.documents.evidence import ExternalNumbers
from app.foundation.documents.records import Confidentiality, DocumentClass, Importance
from app.foundation.process_names import ProcessName
from app.governance.documents.records import ControlledDocument, DocumentVersion, ReadingChannel, ReviewTier
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FileName,
    FreeText,
    OutsideNumber,
    Payload,
    PlaceName,
    RecordKey,
    Reference,
    Statement,
    SuppliedField,
    Title,
    WithinThreeYears,
    WithinYear,
    at_most_entries,
)

MOST_READERS = 200
MOST_EDITIONS = 10_000
Persons = Annotated[
    tuple[Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)], ...],
    at_most_entries(MOST_READERS),
]
Teams = Annotated[tuple[Annotated[Reference, ForeignRef("team", GivenDuty.audience)], ...], BoundedList]


class DraftDocument(Payload, of=ControlledDocument):
    """A new document, with its uploaded first file."""

    document_class: DocumentClass
    subclass: PlaceName | None = None
    template: Statement | None = None
    title: Title
    process: ProcessName | None = None
    service: Annotated[RecordKey, KeyRef("service")] | None = None
    importance: Importance
    confidentiality: Confidentiality
    readers: Persons = Field(default=(), max_length=MOST_READERS)
    reader_teams: Teams = Field(default=(), max_length=LONGEST_LIST)
    tier: Annotated[ReviewTier | None, SuppliedField()] = Field(
        default=None,
        description="Tier of the document's reviewers; if left out, the lowest that its importance and its "
        "confidentiality permit.",
        examples=["management"],
    )
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] = Field(
        description="Team of the author."
    )
    countersigning_teams: Teams = Field(default=(), max_length=LONGEST_LIST)
    external_number: Annotated[OutsideNumber, ExternalNumbers()] | None = None
    upload: Annotated[UUID, UploadRef(), Field(description="Identifier of the upload with the file.")]
    name: FileName = Field(description="Name of the file, with its extension.", examples=["process.pdf"])


class ReviseDocument(Payload, of=ControlledDocument):
    """The next version of a document, with its uploaded file."""

    upload: Annotated[UUID, UploadRef(), Field(description="Identifier of the upload with the file.")]
    name: FileName = Field(description="Name of the file, with its extension.", examples=["process.pdf"])
    title: Title | None = Field(
        default=None, description="New title of the document; if left out, the title stays."
    )
    tier: ReviewTier | None = Field(
        default=None, description="New tier of the document's reviewers; if left out, the tier stays."
    )
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] | None = Field(
        default=None, description="New team of the document; if left out, the team stays."
    )


class SubmitDocument(AskDecision, of=DocumentVersion):
    """The question to the reviewers, and a summary of the changes."""

    changes: FreeText = Field(examples=["The first version. 首版。"])


class PublishDocument(Payload, of=ControlledDocument):
    """The time from which a version is in force, and the persons who must acknowledge it."""

    effective_at: WithinYear
    acknowledged_by: Annotated[
        tuple[
            Annotated[
                Reference,
                ForeignRef("person", GivenDuty.participation),
                Responsible(NoticeType.document_to_acknowledge),
            ],
            ...,
        ],
        at_most_entries(MOST_READERS),
    ] = Field(
        default=(),
        max_length=MOST_READERS,
        description="Identifiers of the persons who must acknowledge the document.",
    )
    review_due_at: WithinThreeYears
    replaces: Annotated[Reference, ForeignRef("document")] | None = Field(
        default=None, description="Id or number of the document that this one replaces, if any."
    )


class ConfirmDocument(Payload, of=ControlledDocument):
    """The confirmation that a published document is still correct, and the date of its next review."""

    review_due_at: WithinThreeYears


class SupersedeDocument(Payload):
    """The document that takes the place of this one."""

    successor: Annotated[
        UUID, Field(description="Identifier of the document that takes the place of this one.")
    ]


class ReviewDocument(Tallied):
    """The reviewers' decision on a document."""


class CountersignDocument(Tallied):
    """The departments' decision on a document."""


class ReadDocument(Payload):
    """A reading of a restricted or secret document."""

    channel: ReadingChannel = Field(
        description="Channel through which the document was read.", examples=["file"]
    )
    edition: int | None = Field(
        default=None,
        ge=1,
        le=MOST_EDITIONS,
        strict=True,
        description="Number of the version that was read, from 1.",
    )
