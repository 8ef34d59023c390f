"""Child records of tickets: comments, tags, links, tasks, ratings and complaints (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.children import Visibility
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import Altered, ChildRecord, CodeEnum, ForeignRef, altered_fields, optional, required
from app.common.times.clocks import AgreementType, ClockMetric


class Comment(ChildRecord):
    """A comment on a record."""

    KIND: ClassVar[str] = "comment"

    author_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "The author; null where another system did not name one."
    )
    visibility: Visibility | None = required()
    text: Annotated[str | None, Personal()] = required("The comment; null when it was withdrawn.")
    folded: Annotated[str | None, Personal()] = optional(
        "The part of a reply by mail that pages show folded: the quoted history; null: it has none."
    )
    written_at: datetime | None = required()
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None
    altered: Altered = altered_fields()

    @property
    def for_staff(self) -> bool:
        """Only staff see an internal comment."""
        return self.visibility is Visibility.internal


class Tag(ChildRecord):
    """A tag by which records are found: for staff, unless it is public."""

    KIND: ClassVar[str] = "tag"

    name: str | None = required()
    visibility: Visibility | None = optional(
        "The readers: all who see the record if it is public, else staff; null: staff, for tags of before."
    )
    tagged_at: datetime | None = required()

    @property
    def for_staff(self) -> bool:
        """Only staff see a tag that is not public."""
        return self.visibility is not Visibility.public


class LinkKind(CodeEnum):
    """Kind of a link from a record to another one. Each kind has an opposite, used at the other end."""

    caused_by = "caused_by", "Caused by", "起因于"
    causes = "causes", "Causes", "导致"
    duplicate_of = "duplicate_of", "Duplicate of", "重复于"
    duplicated_by = "duplicated_by", "Duplicated by", "被重复"
    blocks = "blocks", "Blocks", "阻碍"
    blocked_by = "blocked_by", "Blocked by", "受阻于"
    resolves = "resolves", "Resolves", "解决"
    resolved_by = "resolved_by", "Resolved by", "由其解决"
    implements = "implements", "Implements", "实施"
    implemented_by = "implemented_by", "Implemented by", "由其实施"
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

    link_id: UUID | None = required()
    kind: LinkKind | None = required("The relation of this record to the other one.")
    other: str | None = required()
    linked_at: datetime | None = required()


class Task(ChildRecord):
    """A task for a record, open until it is completed or dropped.

    `from_checklist` is the key of the checklist that it comes from, `position` its place there, from 1.
    `milestone_id` is the step of a plan that it belongs to, if the record has such. `visibility` None: the
    task was added before tasks had one, and is for staff unless it belongs to a plan, which both sides read.
    """

    KIND: ClassVar[str] = "task"
    DONE_FIELDS: ClassVar[tuple[str, ...]] = ("completed_at", "dropped_at")

    title: str | None = required()
    visibility: Visibility | None = optional(
        "The readers; null: it was added before tasks had any, and is for staff "
        "unless it belongs to a milestone."
    )
    assignee_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = None
    team_id: Annotated[UUID | None, ForeignRef("team")] = None
    milestone_id: UUID | None = optional("The milestone that it belongs to, if the plan has some.")
    due_at: datetime | None = None
    overdue_at: datetime | None = optional(
        "Time at which it was flagged as overdue; null: it was not, or its time was moved since."
    )
    added_at: datetime | None = required()
    completed_at: datetime | None = None
    outcome: Annotated[str | None, Personal()] = optional("The outcome.")
    dropped_at: datetime | None = optional("Time at which it was dropped.")
    dropped_because: Annotated[str | None, Personal()] = optional(
        "The reason why it was dropped; null when another plan took the place of its own."
    )
    from_checklist: str | None = optional("The key of the checklist that it comes from.")
    position: int | None = optional("Its place on the checklist, from 1.")

    @property
    def for_staff(self) -> bool:
        """Return whether only staff may see the task. Of a row with the changes of one event alone it is yes
        for what that event adds: what comes later is told by events that are for staff themselves.
        """
        if self.visibility is not None:
            return self.visibility is Visibility.internal
        return self.added_at is not None and self.milestone_id is None


class Rating(ChildRecord):
    """The requester's satisfaction: 1 to 5; one for each record. `rated_at` is the time of the first one.

    `by_staff`: the requester was staff for the ticket when they rated it, so that figures leave it out.
    """

    KIND: ClassVar[str] = "rating"

    score: int | None = required("The satisfaction from 1, none, to 5, entire.")
    comment: Annotated[str | None, Personal()] = None
    rated_at: datetime | None = required("Time of the first rating.")
    by_staff: bool | None = None


class RatingRequest(ChildRecord):
    """A request to the person to rate the ticket; one for each record. The link in it is valid until
    `until_at`.
    """

    KIND: ClassVar[str] = "rating_request"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    asked_at: datetime | None = required()
    until_at: datetime | None = required()


class ComplaintSubject(CodeEnum):
    """Subject of a complaint."""

    speed = "speed", "Time taken", "处理时长"
    result = "result", "Result", "处理结果"
    communication = "communication", "Communication", "沟通"
    conduct = "conduct", "Conduct", "服务态度"
    other = "other", "Something else", "其他"


class ComplaintState(CodeEnum):
    """State of a complaint, which follows from its fields."""

    open = "open", "Open", "待答复"
    answered = "answered", "Answered", "已答复"
    merged = "merged", "Merged", "已合并"


class Complaint(ChildRecord):
    """A complaint of the requester, with the findings and the remedy.

    `person_id` is the person complained about, if the complaint is about the ticket's assignee. `owner_id`
    sees to its answer. `escalated_at` is when it was escalated, for it was not answered by `due_at`.
    `merged_into_id` is the other complaint about the ticket that says the same and is answered in its place.
    """

    KIND: ClassVar[str] = "complaint"

    subject: ComplaintSubject | None = required()
    about: Annotated[str | None, Personal()] = required()
    person_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person complained about, if that is the ticket's assignee."
    )
    complained_at: datetime | None = required()
    due_at: datetime | None = required("Time by which it is to be answered.")
    answered_at: datetime | None = None
    answered_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    findings: Annotated[str | None, Personal()] = optional("The findings.")
    remedy: Annotated[str | None, Personal()] = optional("The remedy.")
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.complaint_assigned)] = None
    escalated_at: datetime | None = None
    merged_into_id: UUID | None = optional(
        "The complaint into which it was merged, which is answered in its place."
    )
    merged_at: datetime | None = None

    @property
    def state(self) -> ComplaintState:
        """Return where the complaint stands."""
        if self.merged_at is not None:
            return ComplaintState.merged
        return ComplaintState.open if self.answered_at is None else ComplaintState.answered


class BreachCauseCode(CodeEnum):
    """The cause of a missed target of a service level. A rule records `unknown` if nobody states one."""

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

    cause: BreachCauseCode | None = required()
    agreement_type: AgreementType | None = optional(
        "The kind of agreement of the clock that it is about; null: all clocks that missed their targets."
    )
    metric: ClockMetric | None = optional("The measure of that clock.")
    explanation: Annotated[str | None, Personal()] = optional("The cause in words.")
    stated_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who stated it; null: a rule did, as nobody had by the end."
    )
    stated_at: datetime | None = required()

    @property
    def for_staff(self) -> bool:
        """Only staff see why a target was missed."""
        return True
