"""Payloads of actions on effects."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.records import ForeignRef
from app.foundation.decisions.payloads import AskDecision
from app.foundation.documents.evidence import ExternalDocuments, RegisteredDocuments
from app.kernel.actions.conditions import at_least_one_member
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Note,
    Payload,
    Reference,
    ShortText,
)
from app.log.canonical import LARGEST_WHOLE_NUMBER

RevertedTeams = Annotated[
    tuple[Annotated[Reference, ForeignRef("team", GivenDuty.audience)], ...], BoundedList
]
REVERTED_TEAMS: Any = Field(
    default=(),
    max_length=LONGEST_LIST,
    description="Teams that work by the old process again, besides those that the improvement names: keys or "
    "ids. They are notified.",
)


class EvaluateImprovement(Payload):
    """The evaluation of an improvement, with the measurement on which it is based."""

    position: int = Field(
        ge=0,
        le=LARGEST_WHOLE_NUMBER,
        strict=True,
        description="Position of the log of the measured effect on which the evaluation is based: the "
        "latest.",
        examples=[4711],
    )
    goal_reached: bool = Field(strict=True, description="True if the goal was reached.", examples=[True])
    scope_reached: bool = Field(
        strict=True, description="True if the improvement covered its planned scope.", examples=[True]
    )
    benefit_reached: bool = Field(
        strict=True, description="True if the benefit was reached.", examples=[True]
    )
    reached: bool = Field(
        strict=True, description="True if the improvement succeeded as a whole.", examples=[True]
    )
    agreed_by: Annotated[Reference, ForeignRef("person", GivenDuty.agreement, quiet=True)] | None = Field(
        default=None,
        description="Process owner who is asked to agree, and does so with `agree_to_evaluation`: a person's "
        "id. Left out if it is the caller, who has not proposed the improvement.",
    )
    comment: Note | None = Field(
        default=None,
        description="Comment on the evaluation; required for success as a whole without the goal or "
        "the benefit.",
    )
    reason: FreeText | None = Field(
        default=None, description="Reason for an evaluation against the evidence; it stays visible."
    )


class AgreeToEvaluationImprovement(Payload):
    """The agreement of the process owner to the latest evaluation."""


class StandardiseImprovement(Payload):
    """The documents that were updated and published, and the teams that are informed."""

    model_config = example_includes("external_numbers")
    document_numbers: Annotated[
        tuple[ShortText, ...],
        BoundedList,
        RegisteredDocuments(since=lambda improvement, _: improvement.approved_at, own=False, of_process=True),
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Documents, templates and forms of the register that were updated and are published: "
        "their numbers or ids.",
        examples=[["PR2026001"]],
    )
    external_numbers: ExternalDocuments = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Numbers of updated documents, templates and forms in other systems.",
        examples=[["SOP-12"]],
    )
    teams: Annotated[
        tuple[Annotated[Reference, ForeignRef("team", GivenDuty.audience)], ...], BoundedList
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="Teams that are informed: keys or ids.")
    published_at: Instant | None = Field(
        default=None, description="Time at which the documents were published; if left out, now."
    )

    CONDITIONS = (at_least_one_member("document_number_missing", "document_numbers", "external_numbers"),)


class RevertImprovement(Payload):
    """The reason for reverting the improvement, and the people who were informed."""

    reason: FreeText = Field(description="Reason for reverting.", examples=["Mail was restored no faster."])
    old_process_stands: bool = Field(
        strict=True, description="Confirmation that the old process applies again.", examples=[True]
    )
    told: FreeText = Field(
        description="People who were informed, and how.", examples=["Both desks, by the morning meeting."]
    )
    teams: RevertedTeams = REVERTED_TEAMS


class AskToRevertImprovement(AskDecision):
    """The question to the committee whether to revert the improvement after its cutover."""

    reason: FreeText = Field(description="Reason for reverting.", examples=["Mail was restored no faster."])
    told: FreeText = Field(
        description="People who are informed if the improvement is reverted, and how.",
        examples=["Both desks, by mail."],
    )
    teams: RevertedTeams = REVERTED_TEAMS


class MeasureEffectsImprovement(Payload):
    """The occasion of the measurement; its windows and scopes follow from the proposal, the pilot and the
    dates.
    """
