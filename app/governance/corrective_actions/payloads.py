"""Payloads of actions on corrective actions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ANY_RECORD, ForeignRef
from app.foundation.process_names import ProcessName
from app.governance.corrective_actions.records import CorrectionOccasion, CorrectiveAction
from app.kernel.actions.payloads import Finding, FreeText, Instant, Payload, Reference, Title

Owner = Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)]


class PlanCorrectiveAction(Payload, of=CorrectiveAction):
    """The corrective action to plan, and the record that led to it."""

    title: Title
    task: FreeText
    occasion: CorrectionOccasion
    source: Annotated[Reference, ForeignRef(ANY_RECORD, retired=True)] = Field(
        description="Record that led to the corrective action: its number, or `<kind>/<id>`."
    )
    process: ProcessName | None = None
    owner: Owner
    due_at: Instant


class MoveCorrectiveAction(Payload, of=CorrectiveAction):
    """The new due date of the corrective action."""

    due_at: Instant
    reason: FreeText = Field(description="Reason for the new due date.")


class HandOverCorrectiveAction(Payload, of=CorrectiveAction):
    """The new owner of the corrective action."""

    owner: Owner


class CompleteCorrectiveAction(Payload, of=CorrectiveAction):
    """The evidence that the corrective action is done."""

    evidence: Finding


class VerifyCorrectiveAction(Payload, of=CorrectiveAction):
    """The verification of the corrective action."""

    verification: FreeText
