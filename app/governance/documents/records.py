"""Documents that are records of their own, and their versions (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.decisions.records import DecisionOutcome
from app.foundation.documents.records import (
    Confidentiality,
    DocumentClass,
    DocumentState,
    Importance,
)


class ReviewTier(CodeEnum):
    """Tier of those who review a document; the approval rules say who they are."""

    team_lead = "team_lead", "Team lead", "团队负责人"
    department_head = "department_head", "Head of IT or of the business side", "信息技术或业务部门负责人"
    management = "management", "Management", "管理层"


class ReadingChannel(CodeEnum):
    """Channel by which a document was read."""

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

    number: str | None = required("Its class, the year, and a sequence: `PR2026001`; accepted as its id is.")
    state: DocumentState | None = required("The state of the newest version.")
    document_class: DocumentClass | None = required("Its class.", examples=["PR"])
    subclass: str | None = optional("The sort of document within its class.", examples=["Work instruction"])
    template: str | None = optional("The template that it is written by.", examples=["T-PR-02"])
    title: str | None = required(
        "The document in a line, without names of persons.", examples=["How incidents are taken up"]
    )
    importance: Importance | None = required("Its importance.", examples=["important"])
    confidentiality: Confidentiality | None = required("Its confidentiality.", examples=["internal"])
    tier: ReviewTier | None = required("The tier of those who review it.", examples=["management"])
    team_id: Annotated[UUID | None, ForeignRef("team")] = required("The team that it belongs to.")
    reader_ids: list[str] | None = optional("The readers of what is not internal: their ids.")
    reader_team_ids: list[str] | None = optional("The teams whose members are readers, too: their ids.")
    countersigning_team_ids: list[str] | None = optional("The departments that countersign it: teams' ids.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = required("The person who wrote it first.")
    external_number: str | None = optional("The number that it has elsewhere.", examples=["SD-02001"])
    version_label: str | None = required("The newest version: 0.x of drafts, 1.0 of what is published first.")
    published_label: str | None = optional("The version in force; null: none was published so far.")
    edition: int | None = required("Number of the versions that there are.")
    attachment_id: UUID | None = required("The file of the newest version: its id.")
    decision_id: UUID | None = optional("The question on which its reviewers vote, or voted last.")
    review_outcome: DecisionOutcome | None = optional(
        "The outcome of the newest review; null: none, or it goes on."
    )
    effective_at: datetime | None = optional(
        "Time from which the version in force is effective.", examples=["2199-01-31T00:00:00Z"]
    )
    review_due_at: datetime | None = optional(
        "Time by which it is to be reviewed again.", examples=["2199-12-31T00:00:00Z"]
    )
    review_overdue_at: datetime | None = optional(
        "Time at which its review was found overdue; null: it is not."
    )
    approved_at: Annotated[datetime | None, EnteredAt(DocumentState.approved)] = optional(
        "Time at which its reviewers approved it last."
    )
    published_at: Annotated[datetime | None, EnteredAt(DocumentState.published)] = optional(
        "Time at which it was last published."
    )
    superseded_at: Annotated[datetime | None, EnteredAt(DocumentState.superseded)] = optional(
        "Time at which another document took its place."
    )
    archived_at: Annotated[datetime | None, EnteredAt(DocumentState.archived)] = optional(
        "Time at which it was archived."
    )
    destroyed_at: Annotated[datetime | None, EnteredAt(DocumentState.destroyed)] = optional(
        "Time at which it was destroyed."
    )
    drafted_at: datetime | None = required("Time at which it was first written.")


class DocumentVersion(ChildRecord):
    """A version of a document, with the file that holds it."""

    KIND: ClassVar[str] = "document_version"

    edition: int | None = required("Its place among the versions, from 1.")
    label: str | None = required("The version: 0.x of drafts, 1.0 of what was published first.")
    state: DocumentState | None = required("Drafted, published or superseded.")
    attachment_id: UUID | None = required("The file: its id.")
    media_type: str | None = required("Media type of the file by its first bytes, whatever it is called.")
    size: int | None = required("Size of the file in bytes.")
    sha256: str | None = required("SHA-256 digest of the file's content, in hex.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who wrote it.")
    changes: Annotated[str | None, Personal()] = optional("The changes since the version before.")
    written_at: datetime | None = required("Time at which it was written.")
    published_at: datetime | None = optional("Time at which it was published.")
    effective_at: datetime | None = optional("Time from which it is effective.")
    superseded_at: datetime | None = optional("Time at which the next one was published.")
