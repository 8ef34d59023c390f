"""Payloads of actions on incidents."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Attachment, Visibility
from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ChildRef, CodeEnum, ForeignRef, KeyRef
from app.common.tickets import Channel
from app.kernel.actions.conditions import all_members_or_none
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FileName,
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
    Incident,
    IncidentReview,
    ResolutionCode,
    TimelineEntry,
)
from app.ticketing.priority import PrioritiseTicket
from app.ticketing.records import Comment
from app.ticketing.report_fields import ReportFields
from app.ticketing.work.ticket_holds import HoldTicket


class IncidentFields(ReportFields, of=Incident):
    """The fields of an incident that may be edited."""

    began_at: Instant | None = None
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = None


class ReportIncident(IncidentFields, of=Incident):
    """The incident to report: an interruption or degradation of a service."""

    channel: Channel
    impact: Impact
    urgency: Urgency
    effect: Effect
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None,
        description="The person for whom it is reported, if not the caller: an id, or `<source>:<name>` "
        "where another system has a name for them.",
    )
    alert_source: RecordKey | None = Field(
        default=None, description="The source of its alert, with `dedup_key`; for integrations."
    )
    dedup_key: ShortText | None = None
    alert_labels: FreeText | None = Field(
        default=None, description="The labels of its alert: a name, `=` and a value in each line."
    )

    CONDITIONS = (all_members_or_none("both_of_an_alert", "alert_source", "dedup_key"),)


class HoldIncident(HoldTicket):
    """The reason why work on the incident waits, and the time at which it resumes."""


class ResolveIncident(Payload, of=Incident):
    """The resolution of the incident, and the time when service was restored."""

    resolution_code: ResolutionCode
    done: FreeText = Field(description="The measures that resolved it.")
    cause: FreeText | None = None
    service_restored_at: Instant | None = Field(
        default=None,
        description="Time of the restoration of service, if not that of containment, or now; not before the "
        "incident began, or else was opened.",
    )


class EditIncident(Patch, IncidentFields):
    """The fields of the incident to change."""

    REQUESTER_FIELDS = frozenset({"title", "description"})


class PrioritiseIncident(PrioritiseTicket, of=Incident):
    """The incident's impact, urgency, effect or priority."""

    effect: Effect | None = None


class RemindIncident(Payload):
    """The persons who are reminded of the incident."""

    persons: Annotated[
        tuple[Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.reminded)], ...], BoundedList
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="The persons to remind.")


class ReviewEntry(PayloadPart, of=TimelineEntry):
    """An entry in the timeline of a major incident."""

    happened_at: Instant
    text: FreeText


class ReviewAction(PayloadPart):
    """A follow-up that prevents a recurrence; it becomes a task of the incident."""

    title: Title = Field(description="The task in a line, without names of persons: lists show it.")
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)] = Field(
        description="The person who sees to it: an id, or `me`."
    )
    due_at: Instant = Field(description="Time by which it is to be done.")


class ReviewIncident(Payload, of=IncidentReview):
    """The review of a major incident."""

    timeline: Annotated[tuple[ReviewEntry, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The events in order; `GET …/review` proposes them from the log.",
    )
    causes: FreeText
    went_well: FreeText
    went_badly: FreeText
    actions: Annotated[tuple[ReviewAction, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="The tasks that follow; none: none is needed."
    )


class ContainIncident(Payload):
    """The measure that contains the incident or restores service for the time being."""

    measure: FreeText = Field(description="The measure that stops the spread or restores service.")
    contained_at: Instant | None = Field(
        default=None,
        description="Time at which it took effect, if not now; not before the incident began, or else was "
        "opened.",
    )
    service_restored_at: Instant | None = Field(
        default=None,
        description="Time of the restoration of service, if it is restored; not before the incident began, "
        "or else was opened. A resolution without such a time keeps it.",
    )


class DeclareMajorIncident(Payload):
    """The commander of the major incident, and the first statement. If the incident is a major incident
    already, the commander takes over.
    """

    commander: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        description="The person who leads it: an id, or `me`."
    )
    statement: FreeText = Field(description="The first statement for those affected.")


class PostUpdateIncident(Payload, of=Incident):
    """The statement for those affected, and when the next one is due."""

    statement: FreeText
    next_update_due_at: Instant


class MarkDuplicateIncident(Payload):
    """The original: the incident that this one duplicates."""

    original: Annotated[Reference, ForeignRef("incident")] = Field(
        description="The id or number of the incident that it repeats; if that repeats another one, the "
        "other one is taken."
    )


class PassOnCommentIncident(Payload):
    """A comment on a duplicate, to be copied to its original."""

    number: ShortText = Field(
        description="The duplicate's number.",
        examples=["INC-2026-000123"],
    )
    author: Annotated[Reference, ForeignRef("person", on_behalf=True)] = Field(
        description="The comment's author: a person's id."
    )
    text: FreeText = Field(description="The comment.", examples=["Any news?"])
    text_key: UUID = Field(
        description="The key of the comment's text: withdrawn there, it is unreadable here.",
    )
    visibility: Visibility = Field(
        default=Visibility.public, description="The readers: all who see the original, or staff."
    )


class PassOnAttachmentIncident(Payload, of=Attachment):
    """A file on a duplicate, to be shown on its original."""

    number: ShortText = Field(description="The duplicate's number.", examples=["INC-2026-000123"])
    author: Annotated[Reference, ForeignRef("person", on_behalf=True)] = Field(
        description="The person who attached it: their id."
    )
    name: FileName
    content: UUID = Field(description="The upload with its content: its id.")
    media_type: ShortText
    size: int = Field(ge=0)
    sha256: ShortText
    visibility: Visibility
    text_key: UUID = Field(description="The key of the file: erased there, it is unreadable here.")


class RestrictCommentIncident(Payload):
    """The comment that only staff may read from now on."""

    comment: Annotated[UUID, ChildRef(Comment), Field(description="The comment: its id.")]


class OriginalProgress(CodeEnum):
    """OriginalProgress of an incident that the requesters of its duplicates are told of."""

    acknowledged = "acknowledged", "Acknowledged", "已有人响应"
    started = "started", "Work started", "已开始处理"
    held = "held", "On hold", "处理暂时挂起"
    resumed = "resumed", "Work resumed", "已恢复处理"
    updated = "updated", "New update", "有新的进展通报"
    reopened = "reopened", "Reopened", "已重新打开"
    cancelled = "cancelled", "Cancelled", "已取消"


class TellProgressIncident(Payload):
    """The progress of the original."""

    progress: OriginalProgress = Field(description="The progress of the original, without its words.")
