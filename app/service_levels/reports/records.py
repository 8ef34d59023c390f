"""Issued service reports, their recipients, and released consequences: child records of an agreement
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
    `content` is for both parties, `staff_content` only for staff: cost, causes of breaches and proposed
    consequences. `changes` and `staff_changes` name the changes of a correction, `remarks` are its reason or
    comments on the report. `missed` are the targets that were missed: each needs a service improvement plan.
    """

    KIND: ClassVar[str] = "sla_report"

    number: str | None = required("Number of the report's document.")
    edition: int | None = required("Number of the edition, from 1; each correction adds one.")
    period: str | None = required("Period of the report: `2026-10`, `2026-Q4` or `2026`.")
    begins_at: datetime | None = required("Beginning of the agreement's part of the period.")
    ends_at: datetime | None = required("End of the agreement's part of the period, exclusive.")
    position: int | None = required("Position of the log up to which the report counts.", sa_type=BigInteger)
    computed_at: datetime | None = required("Time at which the report was computed.")
    missed: list[str] | None = optional("Targets that were missed.")
    content: Annotated[dict[str, Any] | None, Document()] = required(
        "Content of the report for both parties."
    )
    staff_content: Annotated[dict[str, Any] | None, Document(), StaffOnly()] = required(
        "Content of the report for staff."
    )
    changes: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Figures for both parties that the correction changed; null for the first edition."
    )
    staff_changes: Annotated[list[dict[str, Any]] | None, Document(), StaffOnly()] = optional(
        "Figures for staff that the correction changed; null for the first edition."
    )
    remarks: Annotated[str | None, Personal()] = optional(
        "Remarks for both parties; null if not given.",
        examples=["Both breaches were of one power cut. 两次超时均由一次停电引起。"],
    )
    issued_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who issued the report; null if it was issued automatically when it was due."
    )
    issued_at: datetime | None = required("Time at which the report was issued.")


class AgreementReportRecipient(ChildRecord):
    """A lead who received an edition of a report, besides the agreement's representatives."""

    KIND: ClassVar[str] = "sla_report_recipient"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    number: str | None = required("Number of the report's document.")
    edition: int | None = required("Number of the report's edition.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who received the report.")
    sent_at: datetime | None = required("Time at which the report was sent.")


class ReleasedConsequence(ChildRecord):
    """A consequence of a missed target that somebody has released, as an edition of a report proposed it;
    it is paid elsewhere. `amount` is in `currency`; null: the agreement has no cost to take a share of.
    """

    KIND: ClassVar[str] = "sla_consequence"

    number: str | None = required("Number of the report's document.", examples=["SR2026001"])
    edition: int | None = required("Number of the report's edition that proposed the consequence.")
    target: str | None = required("Identifier of the missed target.")
    kind: ConsequenceKind | None = required("Kind of consequence.")
    below: str | None = optional("Limit of the tier that applied.")
    percent: str | None = optional("Percentage of the cost of the period; null if the tier has an amount.")
    amount: str | None = optional("Resulting amount, as a decimal text; null if no cost is agreed.")
    currency: str | None = optional("Currency of the amount (ISO 4217); null if there is no amount.")
    released_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who released the consequence."
    )
    released_at: datetime | None = required("Time at which the consequence was released.")
