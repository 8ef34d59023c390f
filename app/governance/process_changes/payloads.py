"""Payloads of actions on applications for changes of processes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.records import ANY_RECORD, ForeignRef
from app.foundation.decisions.payloads import AskDecision
from app.foundation.process_names import ProcessName
from app.governance.process_changes.records import ProcessChange
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Payload,
    Reference,
    Title,
)


class ApplyProcessChange(Payload, of=ProcessChange):
    """The proposed change of a process."""

    title: Title
    process: ProcessName
    description: FreeText
    reason: FreeText
    retires: bool = Field(
        default=False,
        strict=True,
        description="Retirement of the process instead of a change. Only such an application retires it.",
    )
    teams: Annotated[
        tuple[Annotated[Reference, ForeignRef("team", GivenDuty.team_work)], ...], BoundedList
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Internal teams that are concerned too. The team of the executor and the teams with "
        "cases of the process in the last year are always included; if there are none besides those that "
        "the applicant named, the heads of departments decide as well, or else the management.",
    )
    origin: Annotated[Reference, ForeignRef(ANY_RECORD, retired=True)] | None = Field(
        default=None,
        description="Finding, suggestion or other record that led to the change: a number, or `<kind>/<id>`. "
        "Required unless `no_origin_reason` is given.",
    )
    no_origin_reason: FreeText | None = None


class ReviewProcessChange(AskDecision, of=ProcessChange):
    """The reviewers' opinion on the application, and the question to the heads of the teams."""

    opinion: FreeText = Field(
        description="Reviewers' opinion on the application.", examples=["It saves a step. 减少环节。"]
    )


class PublishProcessChange(Payload):
    """The edition of the process definition that includes the change."""

    definition: Annotated[Reference, ForeignRef("process_definition")] = Field(
        description="Published process definition: its number or id."
    )
