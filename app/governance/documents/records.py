"""Documents that are records of their own, and their versions (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.decisions.records import DecisionOutcome
from app.foundation.documents.records import (
    Confidentiality,
    DocumentClass,
    DocumentState,
    Importance,
)
from app.foundation.process_names import OF_PROCESS


class ReviewTier(CodeEnum):
    """Tier of a document's reviewers, who are determined by the approval rules."""

    team_lead = "team_lead", "Team lead", "团队负责人"
    department_head = "department_head", "Head of IT or of the business side", "信息技术或业务部门负责人"
    management = "management", "Management", "管理层"


class ReadingChannel(CodeEnum):
    """Channel through which a document was read."""

    page = "page", "Printed page", "打印页"
    file = "file", "File download", "文件下载"
    export = "export", "Export", "导出"
    search = "search", "Search excerpt", "检索摘录"


class ControlledDocument(Record):
    """A document of its own, in its newest version.

    It has one entry in the register of documents, with the same id and number. `published_label` is the
    version in force, which stays in force while the next one is written.
    """

    KIND: ClassVar[str] = "document"

    number: str | None = required(
        "Number of the document: its class, the year, and a sequence, such as `PR2026001`; accepted "
        "wherever the id is."
    )
    state: DocumentState | None = required("State of the newest version.")
    document_class: DocumentClass | None = required(
        "Class of the document, which is the first part of its number.", examples=["PR"]
    )
    subclass: str | None = optional(
        "Kind of document within its class; null if not set.", examples=["Work instruction"]
    )
    template: str | None = optional(
        "Template from which the document is written; null if not set.", examples=["T-PR-02"]
    )
    title: str | None = required(
        "Title of the document in one line, without names of persons.",
        examples=["How incidents are taken up"],
    )
    process: Annotated[str | None, OF_PROCESS] = optional(
        "Process that the document belongs to, such as `incident`, or its name; null for all processes.",
        examples=["incident"],
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Service that the document belongs to, by its key; null for all services.", examples=["mail"]
    )
    importance: Importance | None = required(
        "Importance of the document, which determines its retention period.", examples=["important"]
    )
    confidentiality: Confidentiality | None = required(
        "Confidentiality of the document, which determines its readers.", examples=["internal"]
    )
    tier: ReviewTier | None = required("Tier of the document's reviewers.", examples=["management"])
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = required(
        "Team to which the document belongs."
    )
    reader_ids: list[str] | None = optional(
        "Identifiers of the persons who may read a document that is not internal."
    )
    reader_team_ids: list[str] | None = optional(
        "Identifiers of the teams whose members may also read the document."
    )
    countersigning_team_ids: list[str] | None = optional(
        "Identifiers of the teams of departments that countersign the document."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who wrote the first version.")
    external_number: str | None = optional(
        "Number of the document elsewhere; null if not set.", examples=["SD-02001"]
    )
    version_label: str | None = required(
        "Label of the newest version: 0.x for drafts, 1.0 for the first published one."
    )
    published_label: str | None = optional("Label of the version in force; null if not published.")
    edition: int | None = required("Number of versions.")
    attachment_id: UUID | None = required("Identifier of the newest version's file.")
    decision_id: UUID | None = optional(
        "Identifier of the latest question to the reviewers; null before the first question."
    )
    review_outcome: DecisionOutcome | None = optional(
        "Outcome of the latest review; null before the first review, and while a review is open."
    )
    effective_at: datetime | None = optional(
        "Time from which the version in force is effective; null if not published.",
        examples=["2027-01-31T00:00:00Z"],
    )
    review_due_at: datetime | None = optional(
        "Time by which the document must be reviewed again; null if no review is due.",
        examples=["2028-12-31T00:00:00Z"],
    )
    review_overdue_at: datetime | None = optional(
        "Time at which the review became overdue; null if it is not overdue."
    )
    approved_at: Annotated[datetime | None, EnteredAt(DocumentState.approved)] = optional(
        "Time at which the reviewers last approved the document; null if they never did."
    )
    published_at: Annotated[datetime | None, EnteredAt(DocumentState.published)] = optional(
        "Time at which the document was last published; null if it never was."
    )
    superseded_at: Annotated[datetime | None, EnteredAt(DocumentState.superseded)] = optional(
        "Time at which another document took the place of this one; null if not replaced."
    )
    archived_at: Annotated[datetime | None, EnteredAt(DocumentState.archived)] = optional(
        "Time at which the document was archived; null if it is not."
    )
    destroyed_at: Annotated[datetime | None, EnteredAt(DocumentState.destroyed)] = optional(
        "Time at which the document was destroyed; null if it was not."
    )
    drafted_at: datetime | None = required("Time at which the document was first drafted.")


class DocumentVersion(ChildRecord):
    """A version of a document, with the file that holds it."""

    KIND: ClassVar[str] = "document_version"

    edition: int | None = required("Number of the version, from 1.")
    label: str | None = required("Label of the version: 0.x for drafts, 1.0 for the first published one.")
    state: DocumentState | None = required("State of the version: drafted, published or superseded.")
    attachment_id: UUID | None = required("Identifier of the file.")
    media_type: str | None = required("Media type of the file by its first bytes, regardless of its name.")
    size: int | None = required("Size of the file in bytes.")
    sha256: str | None = required("SHA-256 digest of the file's content, in hexadecimal digits.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who wrote the version.")
    changes: Annotated[str | None, Personal()] = optional(
        "Changes since the version before; null for the first version."
    )
    written_at: datetime | None = required("Time at which the version was written.")
    published_at: datetime | None = optional("Time at which the version was published; null if it was not.")
    effective_at: datetime | None = optional(
        "Time from which the version is effective; null if it was not published."
    )
    superseded_at: datetime | None = optional(
        "Time at which the next version was published; null if not replaced."
    )
