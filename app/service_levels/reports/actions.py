"""Actions on service reports: issue, correct, release a consequence.

The content of a report is computed above this package (`app/service_reports`), and comes with the command as
a `ComputedReport`; the event holds all of it, so that nothing that happens later changes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from app.common.components import Component, example_includes
from app.common.records import jsonb_ordered
from app.foundation.documents.filing import OnFile, file_document
from app.foundation.documents.records import DocumentClass
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText, Note, Payload, ShortText
from app.kernel.actions.refusals import PreparationRefused, WrongValue
from app.service_levels.agreements.records import Agreement, ConsequenceKind
from app.service_levels.agreements.terms.payloads import TargetId
from app.service_levels.reports.records import (
    AgreementReport,
    AgreementReportRecipient,
    ReleasedConsequence,
)

#: Child records of an agreement that reports make.
CHILDREN = (AgreementReport, AgreementReportRecipient, ReleasedConsequence)

#: A period of reports, by the zone of the agreement's calendar.
PeriodLabel = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$"),
    Component("ReportPeriod", "Month, quarter or year, by the reporting period of the agreement.", "2026-10"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedReport:
    """The computed report: the part of the period in which the agreement is in force, the log position up to
    which it counts, and the content for both parties and for staff. `recipients` are the leads to whom it is
    sent besides the representatives. `changes` and `staff_changes` are the differences from the edition
    before.
    """

    begins_at: datetime
    ends_at: datetime
    position: int
    computed_at: datetime
    missed: tuple[str, ...]
    content: Mapping[str, Any]
    staff_content: Mapping[str, Any]
    recipients: tuple[UUID, ...] = ()
    changes: Sequence[Mapping[str, Any]] = field(default=())
    staff_changes: Sequence[Mapping[str, Any]] = field(default=())


class IssueReportSla(Payload, of=AgreementReport):
    """The report of a period that is over."""

    model_config = example_includes("remarks")
    period: PeriodLabel
    remarks: Note | None = None


def issue_report(agreement: Agreement, body: IssueReportSla, ctx: ActionContext) -> None:
    """Issue a report of the agreement for a period: it is stored unchanged and sent to both parties."""
    entry = file_document(agreement, DocumentClass.SR, (), ctx)
    _add_edition(agreement, ctx, (entry.number or "", 1, body.period), body.remarks)


class CorrectReportSla(Payload, of=AgreementReport):
    """A correction of an issued report."""

    number: ShortText = Field(description="Number of the report.", examples=["SR2026001"])
    remarks: FreeText = Field(
        description="Reason for the correction, for both parties.",
        examples=["A call was recorded after the report. 报告发布后补录了一通来电。"],
    )


def correct_report(agreement: Agreement, body: CorrectReportSla, ctx: ActionContext) -> None:
    """Correct a report of the agreement, if its figures have changed since it was issued. The correction is a
    new edition with the differences, and the earlier edition stays unchanged.
    """
    newest = ctx.prepared(NewestEdition).report
    edition = (newest.edition or 0) + 1
    for entry in ctx.prepared(OnFile).documents:
        if entry.number == newest.number:
            ctx.outcome.change(entry).edition = edition
    _add_edition(agreement, ctx, (newest.number or "", edition, newest.period or ""), body.remarks)


def _add_edition(
    agreement: Agreement, ctx: ActionContext, name: tuple[str, int, str], remarks: str | None
) -> None:
    """Add the edition of that number, place and period, and its recipients."""
    computed = ctx.prepared(ComputedReport)
    number, edition, period = name
    ctx.outcome.add(
        AgreementReport(
            id=ctx.new_id(),
            record=agreement.row_key,
            number=number,
            edition=edition,
            period=period,
            begins_at=computed.begins_at,
            ends_at=computed.ends_at,
            position=computed.position,
            computed_at=computed.computed_at,
            missed=list(computed.missed) or None,
            content=jsonb_ordered(dict(computed.content)),
            staff_content=jsonb_ordered(dict(computed.staff_content)),
            changes=jsonb_ordered([dict(change) for change in computed.changes]) or None,
            staff_changes=jsonb_ordered([dict(staff_change) for staff_change in computed.staff_changes])
            or None,
            remarks=remarks,
            issued_by_id=ctx.caller.person_id,
            issued_at=ctx.occurred_at,
        )
    )
    for person in computed.recipients:
        ctx.outcome.add(
            AgreementReportRecipient(
                id=ctx.new_id(),
                record=agreement.row_key,
                number=number,
                edition=edition,
                person_id=person,
                sent_at=ctx.occurred_at,
            )
        )


class ReleaseConsequenceSla(Payload, of=ReleasedConsequence):
    """The release of a consequence that a report proposes."""

    number: ShortText
    target: TargetId


def release_consequence(agreement: Agreement, body: ReleaseConsequenceSla, ctx: ActionContext) -> None:
    """Release the consequence of the agreement: a target was missed, and the newest edition of a report
    proposes it. The person who issued that edition may not release it. Nothing is paid here.
    """
    newest, line = ctx.prepared(NewestEdition).report, ctx.prepared(ProposedConsequence).line
    ctx.outcome.add(
        ReleasedConsequence(
            id=ctx.new_id(),
            record=agreement.row_key,
            number=newest.number,
            edition=newest.edition,
            target=body.target,
            kind=ConsequenceKind(line["kind"]),
            below=line["below"],
            percent=line["percent"],
            amount=line["amount"],
            currency=line["currency"],
            released_by_id=ctx.caller.person_id,
            released_at=ctx.occurred_at,
        )
    )


async def already_issued(
    reads: ReadContext, agreement: Agreement, body: IssueReportSla, ctx: ActionContext
) -> None:
    """Refuse a period that has its report. Raises PreparationRefused."""
    editions = await reads.children(AgreementReport, agreement, period=body.period)
    if editions:
        raise PreparationRefused("report_issued", {"number": editions[0].number or ""})


@dataclass(frozen=True, slots=True)
class NewestEdition:
    """The newest edition of the report that the payload names."""

    report: AgreementReport


async def newest_edition(
    reads: ReadContext,
    agreement: Agreement,
    body: CorrectReportSla | ReleaseConsequenceSla,
    ctx: ActionContext,
) -> NewestEdition:
    """Find the newest edition of the report. Raises WrongValue if the agreement has no report of that
    number.
    """
    editions = await reads.children(AgreementReport, agreement, number=body.number)
    if not editions:
        raise WrongValue(pointer="/number", because="no_such_report")
    return NewestEdition(max(editions, key=lambda edition: edition.edition or 0))


async def nothing_differs(
    reads: ReadContext, agreement: Agreement, body: CorrectReportSla, ctx: ActionContext
) -> str | None:
    """Refuse a correction of a report whose figures are the same now."""
    computed = ctx.prepared(ComputedReport)
    return None if computed.changes or computed.staff_changes else "report_agrees"


@dataclass(frozen=True, slots=True)
class ProposedConsequence:
    """The line of the report that proposes a consequence."""

    line: Mapping[str, Any]


async def proposed_consequence(
    reads: ReadContext, agreement: Agreement, body: ReleaseConsequenceSla, ctx: ActionContext
) -> ProposedConsequence:
    """Find the report's proposal for the target. Raises WrongValue without a proposal, PreparationRefused if
    it was released before, or if the caller has issued the report or represents its recipient.
    """
    newest = ctx.prepared(NewestEdition).report
    lines = (newest.staff_content or {}).get("consequences", [])
    line = next(
        (candidate for candidate in lines if candidate["target"] == body.target and candidate["due"]), None
    )
    if line is None:
        raise WrongValue(pointer="/target", because="no_consequence")
    if await reads.children(ReleasedConsequence, agreement, number=body.number, target=body.target):
        raise PreparationRefused("released_before")
    if ctx.caller.person_id in (newest.issued_by_id, agreement.party_representative_id):
        raise PreparationRefused("released_by_another")
    return ProposedConsequence(line)
