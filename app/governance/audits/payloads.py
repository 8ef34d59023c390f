"""Payloads of actions on process audits."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.records import ForeignRef
from app.foundation.months import Month
from app.foundation.process_names import ProcessName
from app.governance.audits.records import Audit, AuditDraw, DesignFaultKind, SelfCheckEntry, SelfCheckItem
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Payload,
    PayloadPart,
    Reference,
    ShortText,
)

MOST_RUNS, MOST_DRAWN = 10_000_000, 200


class OpenAudit(Payload, of=Audit):
    """A month, a team and a process to audit."""

    month: Month
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)]
    process: ProcessName
    head: Annotated[Reference, ForeignRef("person", GivenDuty.appraisal, quiet=True)] | None = Field(
        default=None, description="Head of the team; if left out, the team's lead."
    )


class NotedMeasure(PayloadPart, of=SelfCheckEntry):
    """A measure that the team has taken."""

    text: FreeText


class NotedDeviation(PayloadPart, of=SelfCheckEntry):
    """A deviation that the team itself has found."""

    text: FreeText
    about: ShortText | None = None


class NotedDesignFault(PayloadPart, of=SelfCheckEntry):
    """A fault in the design of the process."""

    fault: DesignFaultKind
    text: FreeText


class SubmitSelfCheckAudit(Payload, of=Audit):
    """The self-check of the month."""

    runs: int | None = Field(
        default=None,
        ge=0,
        le=MOST_RUNS,
        strict=True,
        description="Number of cases; if left out, the number in the log.",
    )
    measures: Annotated[tuple[NotedMeasure, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Measures that were taken."
    )
    deviations: Annotated[tuple[NotedDeviation, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Deviations; may be empty."
    )
    design_faults: Annotated[tuple[NotedDesignFault, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Design faults; may be empty."
    )


class CorrectSelfCheckAudit(SubmitSelfCheckAudit, of=Audit):
    """The self-check of the month as it should have been; it replaces the one that was submitted."""


class ConfirmSummaryAudit(Payload, of=Audit):
    """The monthly summary for the team's head."""

    low_performers: FreeText
    measures: FreeText


class DrawAudit(Payload, of=AuditDraw):
    """The size of a draw."""

    size: int = Field(ge=1, le=MOST_DRAWN, strict=True)


class ConcludeAudit(Payload, of=Audit):
    """The conclusion of the audit."""

    summary: FreeText
    incomplete_items: Annotated[tuple[SelfCheckItem, ...], BoundedList] = Field(
        default=(),
        max_length=len(SelfCheckItem),
        description="Items of the self-check that were incomplete, besides those that the last draw found.",
    )
