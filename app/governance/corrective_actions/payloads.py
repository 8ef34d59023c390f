"""Payloads of actions on corrective actions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.notices import NoticeType, Responsible
from app.common.records import ANY_RECORD, ForeignRef
from app.foundation.process_names import ProcessName
from app.governance.corrective_actions.records import CorrectionOccasion, CorrectiveAction
from app.kernel.actions.payloads import FreeText, Instant, Payload, Reference, Title

Owner = Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)]


class PlanCorrectiveAction(Payload, of=CorrectiveAction):
    """The corrective action to plan, and what it comes from."""

    title: Title
    task: FreeText
    occasion: CorrectionOccasion
    source: Annotated[Reference, ForeignRef(ANY_RECORD, retired=True)] = Field(
        description="The record that it comes from: its number, or `<kind>/<id>`."
    )
    process: ProcessName | None = None
    owner: Owner
    due_at: Instant


class MoveCorrectiveAction(Payload, of=CorrectiveAction):
    """The new due date of the corrective action."""

    due_at: Instant
    reason: FreeText = Field(description="The reason, in the words of whoever acts.")


class HandOverCorrectiveAction(Payload, of=CorrectiveAction):
    """The person who sees to the corrective action from now on."""

    owner: Owner


class CompleteCorrectiveAction(Payload, of=CorrectiveAction):
    """The evidence that the corrective action is done."""

    evidence: FreeText


class VerifyCorrectiveAction(Payload, of=CorrectiveAction):
    """The verification of the corrective action."""

    verification: FreeText
