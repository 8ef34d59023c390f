"""Payloads of actions on effects."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.records import ForeignRef
from app.foundation.decisions.payloads import AskDecision
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    Reference,
    ShortText,
)
from app.log.canonical import LARGEST_WHOLE_NUMBER


class EvaluateImprovement(Payload):
    """The judgement of an improvement, by the measurement that it names."""

    position: int = Field(
        ge=0,
        le=LARGEST_WHOLE_NUMBER,
        strict=True,
        description="The log position of the measured effect that it is judged by: the newest.",
        examples=[4711],
    )
    goal_reached: bool = Field(strict=True, description="True if the goal was reached.", examples=[True])
    scope_reached: bool = Field(strict=True, description="True if the scope was covered.", examples=[True])
    benefit_reached: bool = Field(
        strict=True, description="True if the benefit was reached.", examples=[True]
    )
    reached: bool = Field(strict=True, description="True if it was reached as a whole.", examples=[True])
    agreed_by: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None,
        description="The process owner who agrees: a person's id; none if that is the caller, or it is of "
        "the department.",
    )
    comment: FreeText | None = Field(
        default=None,
        description="Comment; must be said if it is reached as a whole without its goal or its benefit.",
    )
    reason: FreeText | None = Field(
        default=None, description="Reason for a judgement against the evidence; it stays visible."
    )


class StandardiseImprovement(Payload):
    """The documents that were updated and published, and the teams that are told."""

    document_numbers: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The numbers of the documents, templates and forms that were updated.",
        examples=[["IMP-SOP-12"]],
    )
    teams: Annotated[tuple[Annotated[Reference, ForeignRef("team")], ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The teams that are told: keys or ids."
    )
    published_at: Instant | None = Field(
        default=None, description="Time at which they were published, if not now."
    )


class RevertImprovement(Payload):
    """Why the improvement is reverted, and who was told that the old process stands."""

    reason: FreeText = Field(description="Reason.", examples=["Mail was restored no faster."])
    old_process_stands: bool = Field(
        strict=True, description="That the old process stands again.", examples=[True]
    )
    told: FreeText = Field(
        description="People who were told, and the way.", examples=["Both desks, by the morning meeting."]
    )


class AskToRevertImprovement(AskDecision):
    """The question to the committee whether the improvement is reverted after its cutover."""

    reason: FreeText = Field(description="Reason.", examples=["Mail was restored no faster."])
    told: FreeText = Field(
        description="People who are told if it is reverted, and the way.", examples=["Both desks, by mail."]
    )


class MeasureEffectsImprovement(Payload):
    """The measurement; its windows and scopes follow from the proposal, the pilot and the dates."""
