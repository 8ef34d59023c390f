"""Payloads of actions on incidents."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ForeignRef, KeyRef
from app.common.tickets import Channel
from app.foundation.custom.values import CustomValues
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    ShortText,
    Title,
)
from app.processes.incidents.records import (
    Effect,
    ResolutionCode,
)
from app.ticketing.priority import PrioritiseTicket
from app.ticketing.work.ticket_holds import (
    HoldTicket,
)


class ReportIncident(Payload):
    """The incident to report: an interruption or degradation of a service."""

    title: Title = Field(description="What is wrong, in a line. Lists show it: name no persons here.")
    description: FreeText = Field(description="What happened, in the words of whoever reports it.")
    channel: Channel = Field(description="How it came in.")
    impact: Impact = Field(description="How many are touched: 1 organisation, 2 department, 3 person.")
    urgency: Urgency = Field(description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.")
    effect: Effect = Field(description="What it does to the service.")
    began_at: Instant | None = Field(
        default=None, description="When it began, if known; at most 366 days before."
    )
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service, if known."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item, if known."
    )
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="The key of the category, if known."
    )
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None,
        description="Whom it is reported for, if not the caller: a person's id, or `<source>:<name>`, as "
        "another system calls them.",
    )
    alert_source: RecordKey | None = Field(
        default=None, description="Of an alert: where it comes from. With `dedup_key`; for integrations."
    )
    dedup_key: ShortText | None = Field(
        default=None, description="Of an alert: what its source calls it, each time that it fires."
    )
    custom: CustomValues = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_alert_pair(self) -> ReportIncident:
        if (self.alert_source is None) != (self.dedup_key is None):
            raise PydanticCustomError("both_of_an_alert", "give alert_source and dedup_key, or neither")
        return self


class HoldIncident(HoldTicket):
    """The reason why work on the incident waits, and the time at which it resumes."""


class ResolveIncident(Payload):
    """How the incident was resolved, and the time when service was restored."""

    resolution_code: ResolutionCode = Field(description="How it ended.")
    done: FreeText = Field(description="What was done.")
    cause: FreeText | None = Field(default=None, description="What caused it, if known.")
    service_restored_at: Instant | None = Field(
        default=None,
        description="When service came back, if not when it was contained, or now; not before it began, or "
        "else was opened.",
    )


class EditIncident(Patch):
    """The fields of the incident to change."""

    REQUESTER_FIELDS = frozenset({"title", "description"})

    title: Title = Field(default_factory=str, description="What is wrong, in a line. Lists show it.")
    description: FreeText = Field(default_factory=str, description="What happened.")
    began_at: Instant | None = Field(default=None, description="When it began; at most 366 days before.")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item."
    )
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="The key of the category."
    )
    custom: CustomValues = Field(default_factory=dict)


class PrioritiseIncident(PrioritiseTicket):
    """The incident's impact, urgency, effect or priority."""

    effect: Effect | None = Field(
        default=None, description="What it does to the service, if other than was thought."
    )


class RemindIncident(Payload):
    """The persons who are reminded of the incident."""

    persons: Annotated[
        tuple[Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.reminded)], ...], BoundedList
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="Whom.")


class ReviewEntry(PayloadPart):
    """An entry in the timeline of a major incident."""

    happened_at: Instant = Field(description="When.")
    text: FreeText = Field(description="What, in words.")


class ReviewAction(PayloadPart):
    """A follow-up that prevents a recurrence; it becomes a task of the incident."""

    title: Title = Field(description="What will be done. Lists show it: name no persons here.")
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)] = Field(
        description="Who sees to it: a person's id, or `me`."
    )
    due_at: Instant = Field(description="By when.")


class ReviewIncident(Payload):
    """The review of a major incident."""

    timeline: Annotated[tuple[ReviewEntry, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="What happened, in order; `GET …/review` proposes it from the log.",
    )
    causes: FreeText = Field(description="Why it happened.")
    went_well: FreeText = Field(description="What went well.")
    went_badly: FreeText = Field(description="What went badly.")
    actions: Annotated[tuple[ReviewAction, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="What will be done; none: nothing need be."
    )


class ContainIncident(Payload):
    """The measure that contains the incident or restores service for the time being."""

    measure: FreeText = Field(description="What stops the spread or restores service.")
    contained_at: Instant | None = Field(
        default=None,
        description="When that took effect, if not now; not before it began, or else was opened.",
    )
    service_restored_at: Instant | None = Field(
        default=None,
        description="When service was back, if it is; not before it began, or else was opened. A resolution "
        "that says nothing else keeps it.",
    )


class DeclareMajorIncident(Payload):
    """The commander of the major incident, and the first statement. If the incident is a major incident
    already, the commander takes over.
    """

    commander: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        description="Who leads: a person's id, or `me`."
    )
    statement: FreeText = Field(description="For those affected: what is known.")


class PostUpdateIncident(Payload):
    """The statement for those affected, and when the next one is due."""

    statement: FreeText = Field(description="For those affected: how it stands.")
    next_update_due_at: Instant = Field(description="When they will be told more at the latest.")


class MarkDuplicateIncident(Payload):
    """The original: the incident that this one duplicates."""

    original: Annotated[Reference, ForeignRef("incident")] = Field(
        description="The incident that it repeats: its id or number. If that repeats one, it is that one's."
    )


class PassOnCommentIncident(Payload):
    """A comment on a duplicate, to be copied to its original."""

    number: ShortText = Field(
        description="The duplicate's number; those who may not see it learn no more of it.",
        examples=["INC-2026-000123"],
    )
    author: Annotated[Reference, ForeignRef("person", on_behalf=True)] = Field(
        description="Who said it: a person's id."
    )
    text: FreeText = Field(description="What was said.", examples=["Any news?"])
    text_key: UUID = Field(
        description="The key of what was said: withdrawn there, it is unreadable here.",
    )
