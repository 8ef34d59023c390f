"""Issued service reports, whom they were sent to, and released consequences: child records of an agreement
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import FOLD, ChildRecord, Document, ForeignRef, StaffOnly
from app.service_levels.agreements.records import ConsequenceKind


class AgreementReport(ChildRecord):
    """An edition of a service report, which never changes: the first as it was issued, each further one a
    correction. All have the `number` of the document.

    `period` is `2026-10`, `2026-Q4` or `2026`, and `begins_at` and `ends_at` the part of it in which the
    agreement is in force. `position` is the log's up to which the figures count, as of `computed_at`.
    `content` is what both parties read, `staff_content` what only staff do: cost, causes of breaches and
    proposed consequences. `changes` and `staff_changes` name what a correction changed, `remarks` are its
    reason or what was said to the report. `missed` are the targets that were missed: each needs a service
    improvement plan.
    """

    KIND: ClassVar[str] = "sla_report"

    number: str | None = None
    edition: int | None = None
    period: str | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    position: int | None = None
    computed_at: datetime | None = None
    missed: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    content: Annotated[dict[str, Any] | None, Document()] = Field(default=None, sa_type=JSONB)
    staff_content: Annotated[dict[str, Any] | None, Document(), StaffOnly()] = Field(
        default=None, sa_type=JSONB
    )
    changes: Annotated[list[dict[str, Any]] | None, Document()] = Field(default=None, sa_type=JSONB)
    staff_changes: Annotated[list[dict[str, Any]] | None, Document(), StaffOnly()] = Field(
        default=None, sa_type=JSONB
    )
    remarks: Annotated[str | None, Personal()] = None
    issued_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    issued_at: datetime | None = None


class AgreementReportRecipient(ChildRecord):
    """A lead to whom an edition of a report was sent, besides the agreement's representatives."""

    KIND: ClassVar[str] = "sla_report_recipient"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    number: str | None = None
    edition: int | None = None
    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    sent_at: datetime | None = None


class ReleasedConsequence(ChildRecord):
    """A consequence of a missed target that somebody has released, as an edition of a report proposed it;
    it is paid elsewhere. `amount` is in `currency`; null: the agreement has no cost to take a share of.
    """

    KIND: ClassVar[str] = "sla_consequence"

    number: str | None = None
    edition: int | None = None
    target: str | None = None
    kind: ConsequenceKind | None = Field(default=None, sa_type=Text)
    below: str | None = None
    percent: str | None = None
    amount: str | None = None
    currency: str | None = None
    released_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    released_at: datetime | None = None


class AgreementReportTable(AgreementReport, table=True):
    """The table of editions of service reports."""

    __tablename__ = "sla_report"
    __table_args__: ClassVar = FOLD


class AgreementReportRecipientTable(AgreementReportRecipient, table=True):
    """The table of leads to whom reports were sent."""

    __tablename__ = "sla_report_recipient"
    __table_args__: ClassVar = FOLD


class ReleasedConsequenceTable(ReleasedConsequence, table=True):
    """The table of released consequences."""

    __tablename__ = "sla_consequence"
    __table_args__: ClassVar = FOLD
