"""Payloads of actions on incidents."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Attachment, Visibility
from app.common.duties import GivenDuty
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
    Remark,
    ShortText,
    Title,
    WithinWeek,
)
from app.processes.incidents.records import (
    Effect,
    Incident,
    IncidentReview,
    ResolutionCode,
    TimelineEntry,
)
from app.ticketing.opening import ReportFields
from app.ticketing.priority import PrioritiseTicket
from app.ticketing.records import Comment
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
    requester: (
        Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True, on_behalf=True)] | None
    ) = Field(
        default=None,
        description="Person on whose behalf the incident is reported: an id, or `<source>:<name>` for a "
        "name in another system; if left out, the caller.",
    )
    alert_source: RecordKey | None = Field(
        default=None, description="Source of the incident's alert, with `dedup_key`; for integrations."
    )
    dedup_key: ShortText | None = None
    alert_labels: FreeText | None = Field(
        default=None, description="Labels of the incident's alert: a name, `=` and a value in each line."
    )

    CONDITIONS = (all_members_or_none("both_of_an_alert", "alert_source", "dedup_key"),)


class HoldIncident(HoldTicket):
    """The reason why work on the incident waits, the question to its requester, and the time at which it
    resumes.
    """


class ResolveIncident(Payload, of=Incident):
    """The resolution of the incident, and the time when service was restored."""

    resolution_code: ResolutionCode
    done: FreeText = Field(description="Measures that resolved the incident.")
    cause: FreeText | None = None
    service_restored_at: Instant | None = Field(
        default=None,
        description="Time at which the service was restored; if left out, the time that the "
        "containment stated, or now. It may not be before the incident began, or was opened if the "
        "beginning is unknown.",
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
        tuple[
            Annotated[Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.reminded)],
            ...,
        ],
        BoundedList,
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="Persons to remind.")


class ReviewEntry(PayloadPart, of=TimelineEntry):
    """An entry in the timeline of a major incident."""

    happened_at: Instant
    text: FreeText


class ReviewAction(PayloadPart):
    """A follow-up that prevents a recurrence, as a task of the incident."""

    title: Title = Field(description="Task in one line, without names of persons, as lists show it.")
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)] = Field(
        description="Owner of the task: an id, or `me`."
    )
    due_at: Instant = Field(description="Time by which the task must be done.")


class ReviewIncident(Payload, of=IncidentReview):
    """The review of a major incident."""

    timeline: Annotated[tuple[ReviewEntry, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Events in order; `GET …/review` proposes them from the log.",
    )
    causes: FreeText
    went_well: FreeText
    went_badly: FreeText
    actions: Annotated[tuple[ReviewAction, ...], BoundedList] = Field(
        max_length=LONGEST_LIST,
        description="Tasks that follow from the review; if there are none, send `no_actions_reason`.",
    )
    no_actions_reason: FreeText | None = None


class ContainIncident(Payload):
    """The measure that stops the spread of the incident or temporarily restores the service."""

    measure: FreeText = Field(description="Measure that stops the spread or restores the service.")
    contained_at: Instant | None = Field(
        default=None,
        description="Time at which the measure took effect; if left out, now. It may not be before the "
        "incident began or, if that is unknown, was opened.",
    )
    service_restored_at: Instant | None = Field(
        default=None,
        description="Time at which the service was restored, if it was. It may not be before the "
        "incident began or, if that is unknown, was opened. A resolution without such a "
        "time keeps it.",
    )


class DeclareMajorIncident(Payload):
    """The commander of the major incident, and the first statement. For an incident that is already a major
    one, the commander takes over.
    """

    commander: Annotated[
        Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)
    ] = Field(description="Person who leads the major incident: an id, or `me`.")
    statement: FreeText = Field(description="First statement for those affected.")


class PostUpdateIncident(Payload, of=Incident):
    """The statement for those affected, and the time of the next one."""

    statement: FreeText
    next_update_due_at: WithinWeek


class MarkDuplicateIncident(Payload):
    """The original of the duplicate."""

    original: Annotated[Reference, ForeignRef("incident")] = Field(
        description="Id or number of the original; if the original is itself a duplicate, the original "
        "of that one is used."
    )


class PassOnCommentIncident(Payload):
    """A comment on a duplicate, to be copied to its original."""

    number: ShortText = Field(
        description="Number of the duplicate.",
        examples=["INC-2026-000123"],
    )
    author: Annotated[Reference, ForeignRef("person", GivenDuty.recorded, on_behalf=True)] = Field(
        description="Author of the comment: a person's id."
    )
    text: Remark = Field(description="Text of the comment.", examples=["Any news?"])
    folded: Remark | None = Field(
        default=None, description="Part of the comment that pages show folded; null if there is none."
    )
    text_key: UUID = Field(
        description="Key of the comment's text, which becomes unreadable in both places when the "
        "comment is withdrawn.",
    )
    visibility: Visibility = Field(
        default=Visibility.public,
        description="Readers of the comment: everybody who sees the original, or staff only.",
    )


#: Forms of the media type and digest that were found when the file came (common/files/media.py), so that no
#: text of a person can stand there.
MEDIA_TYPE, SHA256 = r"^(application|audio|image|text|video)/[a-z0-9.+-]+$", r"^[0-9a-f]{64}$"


class PassOnAttachmentIncident(Payload, of=Attachment):
    """A file on a duplicate, to be shown on its original."""

    number: ShortText = Field(description="Number of the duplicate.", examples=["INC-2026-000123"])
    author: Annotated[Reference, ForeignRef("person", GivenDuty.recorded, on_behalf=True)] = Field(
        description="Person who attached the file: their id."
    )
    name: FileName
    content: UUID = Field(description="Identifier of the upload with the file's content.")
    media_type: ShortText = Field(pattern=MEDIA_TYPE, examples=["image/png"])
    size: int = Field(ge=0)
    sha256: ShortText = Field(pattern=SHA256, examples=["0" * 64])
    visibility: Visibility
    text_key: UUID = Field(
        description="Key of the file, which becomes unreadable in both places when the file is erased."
    )


class RestrictCommentIncident(Payload):
    """The comment that only staff may read from now on."""

    comment: Annotated[UUID, ChildRef(Comment), Field(description="Identifier of the comment.")]


class OriginalProgress(CodeEnum):
    """A step of an original incident. The requesters of its duplicates are notified of it."""

    acknowledged = "acknowledged", "Acknowledged", "已有人响应"
    started = "started", "Work started", "已开始处理"
    held = "held", "On hold", "处理暂时挂起"
    resumed = "resumed", "Work resumed", "已恢复处理"
    updated = "updated", "New update", "有新的进展通报"
    reopened = "reopened", "Reopened", "已重新打开"
    cancelled = "cancelled", "Cancelled", "已取消"


class TellProgressIncident(Payload):
    """The step of the original."""

    progress: OriginalProgress = Field(description="Step of the original, without its texts.")
