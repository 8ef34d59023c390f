"""Child records of tickets: comments, tags, links, tasks, ratings and complaints (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.children import Visibility
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import Altered, ChildRecord, CodeEnum, ForeignRef, altered_fields, optional, required
from app.common.times.clocks import AgreementType, ClockMetric


class Comment(ChildRecord):
    """A comment on a record."""

    KIND: ClassVar[str] = "comment"

    author_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "Author of the comment; null if another system did not name one."
    )
    visibility: Visibility | None = required(
        "Readers of the comment: everybody who sees the record, or staff only."
    )
    text: Annotated[str | None, Personal()] = required("Text of the comment; null if it was withdrawn.")
    folded: Annotated[str | None, Personal()] = optional(
        "Quoted history in a reply by mail, which pages show folded; null if the mail quotes no history."
    )
    written_at: datetime | None = required("Time at which the comment was written.")
    corrected_at: datetime | None = optional(
        "Time at which the comment was last corrected; null if it never was."
    )
    withdrawn_at: datetime | None = optional("Time at which the comment was withdrawn; null if it was not.")
    altered: Altered = altered_fields()

    @property
    def for_staff(self) -> bool:
        """Only staff see an internal comment."""
        return self.visibility is Visibility.internal


class Tag(ChildRecord):
    """A tag by which records are found: for staff, unless it is public."""

    KIND: ClassVar[str] = "tag"

    name: str | None = required("Word or phrase by which tickets are found and grouped.")
    visibility: Visibility | None = optional(
        "Readers of the tag: everybody who sees the record if it is public, otherwise staff; null for "
        "staff, in older tags."
    )
    tagged_at: datetime | None = required("Time at which the ticket was tagged.")

    @property
    def for_staff(self) -> bool:
        """Only staff see a tag that is not public."""
        return self.visibility is not Visibility.public


class LinkKind(CodeEnum):
    """Kind of a link from a record to another one. Each kind has an opposite for the other end."""

    caused_by = "caused_by", "Caused by", "起因于"
    causes = "causes", "Causes", "导致"
    duplicate_of = "duplicate_of", "Duplicate of", "重复于"
    duplicated_by = "duplicated_by", "Duplicated by", "被重复"
    blocks = "blocks", "Blocks", "阻碍"
    blocked_by = "blocked_by", "Blocked by", "受阻于"
    resolves = "resolves", "Resolves", "解决"
    resolved_by = "resolved_by", "Resolved by", "由对方解决"
    implements = "implements", "Implements", "实施"
    implemented_by = "implemented_by", "Implemented by", "由对方实施"
    relates_to = "relates_to", "Relates to", "相关"
    parent_of = "parent_of", "Parent of", "父项"
    child_of = "child_of", "Child of", "子项"

    @property
    def opposite(self) -> LinkKind:
        """Return the kind of the same link at the other end."""
        return _OPPOSITES[self]


_PAIRS = (
    (LinkKind.caused_by, LinkKind.causes),
    (LinkKind.duplicate_of, LinkKind.duplicated_by),
    (LinkKind.blocks, LinkKind.blocked_by),
    (LinkKind.resolves, LinkKind.resolved_by),
    (LinkKind.implements, LinkKind.implemented_by),
    (LinkKind.relates_to, LinkKind.relates_to),
    (LinkKind.parent_of, LinkKind.child_of),
)


_OPPOSITES = dict(_PAIRS) | {opposite: kind for kind, opposite in _PAIRS}


class Link(ChildRecord):
    """One end of a link from the record to the `other` one, as its stream is named in the log.

    Both ends have the same `link_id`.
    """

    KIND: ClassVar[str] = "link"

    link_id: UUID | None = required("Identifier of the link, the same at both ends.")
    kind: LinkKind | None = required("Relation of this record to the other one.")
    other: str | None = required("Other record of the link, in the form `<kind>/<id>`.")
    linked_at: datetime | None = required("Time at which the records were linked.")


class Task(ChildRecord):
    """A task for a record, open until it is completed or dropped.

    `from_checklist` is the key of the checklist that it comes from, `position` its place there, from 1.
    `milestone_id` is the step of a plan that it belongs to, if the record has such. `visibility` None: the
    task was added before tasks had one, and is for staff unless it belongs to a plan, which both sides read.
    """

    KIND: ClassVar[str] = "task"
    DONE_FIELDS: ClassVar[tuple[str, ...]] = ("completed_at", "dropped_at")

    title: str | None = required("Task in one line.")
    visibility: Visibility | None = optional(
        "Readers of the task; null in older tasks, which are for staff unless they belong to a milestone."
    )
    assignee_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)
    ] = optional("Person who carries out the task; null while unassigned.")
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team that carries out the task; null while unassigned."
    )
    milestone_id: UUID | None = optional("Milestone to which the task belongs; null if not set.")
    due_at: datetime | None = optional("Time by which the task must be done; null if it has no due time.")
    overdue_at: datetime | None = optional(
        "Time at which the task was flagged as overdue; null if it was not, or if its due time was "
        "moved since."
    )
    added_at: datetime | None = required("Time at which the task was added to the record.")
    completed_at: datetime | None = optional("Time at which the task was completed; null until then.")
    outcome: Annotated[str | None, Personal()] = optional("Outcome of the task; null until it is completed.")
    dropped_at: datetime | None = optional("Time at which the task was dropped; null if it was not.")
    dropped_because: Annotated[str | None, Personal()] = optional(
        "Reason for dropping the task; null if it was not dropped, if a new plan replaced its plan."
    )
    from_checklist: str | None = optional("Key of the checklist from which the task comes; null if not set.")
    position: int | None = optional(
        "Place of the task on the checklist, from 1; null if the task is not from a checklist."
    )

    @property
    def for_staff(self) -> bool:
        """Return whether only staff may see the task. For a row with the changes of one event alone it is yes
        for the additions of that event: later changes are in events that are for staff themselves.
        """
        if self.visibility is not None:
            return self.visibility is Visibility.internal
        return self.added_at is not None and self.milestone_id is None


class Rating(ChildRecord):
    """The requester's satisfaction: 1 to 5; one for each record. `rated_at` is the time of the first one.

    `by_staff`: the requester was staff for the ticket when they rated it, so that figures leave it out.
    """

    KIND: ClassVar[str] = "rating"

    score: int | None = required("Satisfaction, from 1 (not satisfied) to 5 (fully satisfied).")
    comment: Annotated[str | None, Personal()] = optional(
        "Reason in the requester's own words; null if not given."
    )
    rated_at: datetime | None = required("Time of the first rating.")
    by_staff: bool | None = optional(
        "True if the requester was staff for the ticket when rating it, so that figures leave the rating "
        "out; null otherwise."
    )


class RatingRequest(ChildRecord):
    """A request to the person to rate the ticket; one for each record. The link in it is valid until
    `until_at`.
    """

    KIND: ClassVar[str] = "rating_request"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Requester who is asked for the rating."
    )
    asked_at: datetime | None = required("Time at which the requester was asked.")
    until_at: datetime | None = required("Time until which the rating can be given.")


class ComplaintSubject(CodeEnum):
    """Subject of a complaint."""

    speed = "speed", "Time taken", "处理时长"
    result = "result", "Result", "处理结果"
    communication = "communication", "Communication", "沟通"
    conduct = "conduct", "Conduct", "服务态度"
    other = "other", "Something else", "其他"


class ComplaintState(CodeEnum):
    """State of a complaint, derived from its fields."""

    open = "open", "Open", "待答复"
    answered = "answered", "Answered", "已答复"
    merged = "merged", "Merged", "已合并"


class Complaint(ChildRecord):
    """A complaint of the requester, with the findings and the remedy.

    `person_id` is the person complained about, if the complaint is about the ticket's assignee. `owner_id`
    sees to its answer. `escalated_at` is when it was escalated, for it was not answered by `due_at`.
    `merged_into_id` is the other complaint about the ticket with the same content, which is answered in its
    place.
    """

    KIND: ClassVar[str] = "complaint"

    subject: ComplaintSubject | None = required("Subject of the complaint, as a code.")
    about: Annotated[str | None, Personal()] = required("Complaint in the requester's own words.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person complained about, if that is the ticket's assignee; null otherwise."
    )
    complained_at: datetime | None = required("Time at which the requester complained.")
    due_at: datetime | None = required("Time by which the complaint must be answered.")
    answered_at: datetime | None = optional("Time at which the complaint was answered; null until then.")
    answered_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who answered the complaint; null until then."
    )
    findings: Annotated[str | None, Personal()] = optional(
        "Findings about the complaint; null until it is answered."
    )
    remedy: Annotated[str | None, Personal()] = optional(
        "Remedy for the complaint; null until it is answered."
    )
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.answering), Responsible(NoticeType.complaint_assigned)
    ] = optional("Person who is responsible for the answer; null if the complaint is not assigned.")
    escalated_at: datetime | None = optional(
        "Time at which the complaint was escalated because it was not answered in time; null if it was not."
    )
    merged_into_id: UUID | None = optional(
        "Complaint into which this one was merged, and which gets the answer to both; null if it was "
        "not merged."
    )
    merged_at: datetime | None = optional(
        "Time at which the complaint was merged into another one; null if it was not."
    )

    @property
    def state(self) -> ComplaintState:
        """Return where the complaint stands."""
        if self.merged_at is not None:
            return ComplaintState.merged
        return ComplaintState.open if self.answered_at is None else ComplaintState.answered


class BreachCauseCode(CodeEnum):
    """The cause of a missed service level target. A rule records `unknown` if no cause is stated."""

    late_assignment = "late_assignment", "Assigned late", "分派延迟"
    workload = "workload", "Workload", "工作量过大"
    vendor = "vendor", "Vendor", "供应商原因"
    requester = "requester", "Requester", "用户原因"
    technical = "technical", "Technical difficulty", "技术难度"
    misclassified = "misclassified", "Misclassified", "分类有误"
    other = "other", "Other", "其他"
    unknown = "unknown", "Unknown", "未说明"


class BreachCause(ChildRecord):
    """The cause for which a clock of the ticket missed its target, or all of its clocks if `agreement_type`
    and `metric` are not set; one for each clock. `stated_by_id` is not set if a rule recorded it.
    """

    KIND: ClassVar[str] = "breach_cause"

    cause: BreachCauseCode | None = required("Code of the cause of the missed target.")
    agreement_type: AgreementType | None = optional(
        "Type of the clock's agreement; null if the cause applies to all clocks that missed their targets."
    )
    metric: ClockMetric | None = optional(
        "Metric of the clock; null if the cause applies to all clocks that missed their targets."
    )
    explanation: Annotated[str | None, Personal()] = optional(
        "Cause in words; null if there is no explanation."
    )
    stated_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who stated the cause; null if a rule recorded it because it was not stated in time."
    )
    stated_at: datetime | None = required("Time at which the cause was stated.")

    @property
    def for_staff(self) -> bool:
        """Only staff see why a target was missed."""
        return True
