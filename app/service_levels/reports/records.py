"""Issued service reports, whom they were sent to, and released consequences: child records of an agreement
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.personal import Personal
from app.common.records import ChildRecord, Document, ForeignRef, StaffOnly, optional, required
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

    number: str | None = required("The number of the document.")
    edition: int | None = required("Number of the edition: 1, and one more with each correction.")
    period: str | None = required("The period: `2026-10`, `2026-Q4` or `2026`.")
    begins_at: datetime | None = required("The begin of the agreement's part of the period.")
    ends_at: datetime | None = required("The end, exclusive.")
    position: int | None = required("The position of the log up to which it counts.", sa_type=BigInteger)
    computed_at: datetime | None = required()
    missed: list[str] | None = optional("The targets that were missed.")
    content: Annotated[dict[str, Any] | None, Document()] = required()
    staff_content: Annotated[dict[str, Any] | None, Document(), StaffOnly()] = required()
    changes: Annotated[list[dict[str, Any]] | None, Document()] = None
    staff_changes: Annotated[list[dict[str, Any]] | None, Document(), StaffOnly()] = None
    remarks: Annotated[str | None, Personal()] = optional(
        "Remarks to both parties.",
        examples=["Both breaches were of one power cut. 两次超时均由一次停电引起。"],
    )
    issued_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who issued it; null: the rule, when it was due."
    )
    issued_at: datetime | None = required()


class AgreementReportRecipient(ChildRecord):
    """A lead to whom an edition of a report was sent, besides the agreement's representatives."""

    KIND: ClassVar[str] = "sla_report_recipient"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    number: str | None = required()
    edition: int | None = required()
    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    sent_at: datetime | None = required()


class ReleasedConsequence(ChildRecord):
    """A consequence of a missed target that somebody has released, as an edition of a report proposed it;
    it is paid elsewhere. `amount` is in `currency`; null: the agreement has no cost to take a share of.
    """

    KIND: ClassVar[str] = "sla_consequence"

    number: str | None = required("The number of the report.", examples=["SR2026001"])
    edition: int | None = required()
    target: str | None = required("The missed target from which it follows.")
    kind: ConsequenceKind | None = required()
    below: str | None = None
    percent: str | None = None
    amount: str | None = None
    currency: str | None = None
    released_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    released_at: datetime | None = required()
