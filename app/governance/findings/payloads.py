"""Payloads of actions on findings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef
from app.foundation.process_names import ProcessName
from app.governance.findings.records import Finding, FindingKind, FindingSeverity, ObjectionVerdict
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    Reference,
    Statement,
    Title,
)

Concerned = Annotated[Reference, ForeignRef("person", GivenDuty.appraisal, quiet=True)]


class RaiseFinding(Payload, of=Finding):
    """A finding, with the persons who are responsible in three parts."""

    title: Title
    kind: FindingKind
    severity: FindingSeverity
    process: ProcessName
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)]
    audit: Annotated[Reference, ForeignRef("audit")] | None = None
    evidence: Annotated[tuple[Statement, ...], BoundedList] = Field(min_length=1, max_length=LONGEST_LIST)
    description: FreeText
    self_found: bool = False
    person: Concerned | None = None
    supervisor: Concerned | None = Field(
        default=None,
        description="Supervisor of the process at that time; if left out, the present supervisor.",
    )
    head: Concerned | None = Field(
        default=None, description="Head of the team at that time; if left out, the team's lead."
    )
    owner: Annotated[
        Reference, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.finding_to_correct)
    ]
    auditor: Annotated[Reference, ForeignRef("person", GivenDuty.auditing, quiet=True)] | None = None
    due_at: Instant


class ObjectFinding(Payload, of=Finding):
    """An objection to a finding."""

    objection: FreeText


class DecideObjectionFinding(Payload, of=Finding):
    """The verdict on an objection."""

    verdict: ObjectionVerdict
    verdict_reason: FreeText


class CorrectFinding(Payload, of=Finding):
    """The correction of what was found."""

    correction: FreeText


class VerifyFinding(Payload, of=Finding):
    """The evidence that the correction has an effect."""

    verification: FreeText
