"""The incident's record, its child records, states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import (
    Altered,
    ChildRecord,
    CodeEnum,
    ForeignRef,
    Hidden,
    KeyRef,
    StaffOnly,
    altered_fields,
    optional,
    required,
)
from app.common.state_fields import ClearedBy, EnteredAt, StateBefore
from app.common.tickets import Channel, HoldReason, Ticket


class IncidentState(CodeEnum):
    """The state of an incident."""

    new = "new", "New", "新建"
    acknowledged = "acknowledged", "Acknowledged", "已响应"
    in_progress = "in_progress", "In progress", "处理中"
    on_hold = "on_hold", "On hold", "挂起"
    resolved = "resolved", "Resolved", "已解决"
    closed = "closed", "Closed", "已关闭"
    cancelled = "cancelled", "Cancelled", "已取消"


OPEN = frozenset(
    {IncidentState.new, IncidentState.acknowledged, IncidentState.in_progress, IncidentState.on_hold}
)
ENDED = frozenset({IncidentState.resolved, IncidentState.closed})


class Effect(CodeEnum):
    """The effect of an incident on its service."""

    none = "none", "None", "无影响"
    degraded = "degraded", "Degraded", "性能下降"
    down = "down", "Down", "中断"


class ResolutionCode(CodeEnum):
    """The way in which an incident was resolved."""

    fixed = "fixed", "Fixed", "已修复"
    workaround = "workaround", "Workaround", "变通解决"
    no_fault_found = "no_fault_found", "No fault found", "未发现故障"
    user_error = "user_error", "User error", "用户操作"
    external = "external", "External", "外部原因"


BY_RESUMING = ClearedBy(leaving={IncidentState.on_hold})
BY_REOPENING = ClearedBy(leaving=ENDED, entering=OPEN)


class Incident(Ticket):
    """An unplanned interruption or degradation of a service.

    Alerts are rows beside it. `alert_group` stands for what alerts have in common that are taken as one
    incident; of the incidents of a group each has a number.
    """

    KIND: ClassVar[str] = "incident"

    state: IncidentState | None = required()
    description: Annotated[str | None, Personal()] = optional("The fault in the reporter's words.")
    channel: Channel | None = optional("The channel through which it came in.")
    effect: Effect | None = optional("The effect on the service.")
    began_at: datetime | None = optional(
        "Time of its beginning, if known; at most 366 days before the report."
    )
    service: Annotated[str | None, KeyRef("service")] = None
    ci: Annotated[str | None, KeyRef("ci")] = None
    category: Annotated[str | None, KeyRef("category", per_process=True)] = optional(
        "The key of the category."
    )
    acknowledged_at: Annotated[
        datetime | None, EnteredAt(IncidentState.acknowledged, not_after={IncidentState.on_hold})
    ] = None
    started_at: Annotated[datetime | None, EnteredAt(IncidentState.in_progress, first=True)] = None
    held_from: Annotated[
        IncidentState | None,
        StateBefore(IncidentState.on_hold, among=OPEN, otherwise=IncidentState.in_progress),
        BY_RESUMING,
    ] = None
    hold_reason: Annotated[HoldReason | None, BY_RESUMING] = None
    wake_up_at: Annotated[datetime | None, BY_RESUMING] = None
    held_for_change_id: Annotated[UUID | None, ForeignRef("change"), StaffOnly(), BY_RESUMING] = optional(
        "The change that it waits for, if one was named."
    )
    supplier_id: Annotated[UUID | None, ForeignRef("team"), StaffOnly(), BY_RESUMING] = optional(
        "The supplier that it waits for."
    )
    resolved_at: Annotated[datetime | None, EnteredAt(IncidentState.resolved), BY_REOPENING] = None
    resolution_code: Annotated[ResolutionCode | None, BY_REOPENING] = optional("The kind of resolution.")
    resolution: Annotated[str | None, Personal(), BY_REOPENING] = optional("The measures that resolved it.")
    cause: Annotated[str | None, Personal(), BY_REOPENING] = optional("The cause, if known.")
    service_restored_at: Annotated[datetime | None, BY_REOPENING] = None
    closed_at: Annotated[datetime | None, EnteredAt(IncidentState.closed), BY_REOPENING] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(IncidentState.cancelled)] = None
    contained_at: datetime | None = None
    containment: Annotated[str | None, Personal()] = optional(
        "The measure that stops the spread or restores service."
    )
    declared_major_at: datetime | None = optional("Time of the declaration; null: no major incident.")
    commander_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "The person who leads the major incident."
    )
    statement: Annotated[str | None, Personal()] = optional("The latest statement for those affected.")
    next_update_due_at: Annotated[datetime | None, ClearedBy(entering=frozenset(IncidentState) - OPEN)] = (
        optional("Time by which those affected hear more at the latest.")
    )
    update_overdue_at: Annotated[
        datetime | None, ClearedBy(entering=frozenset(IncidentState) - OPEN), StaffOnly()
    ] = optional("Time at which the promised update was flagged as overdue; null again once there is one.")
    reminded_at: datetime | None = optional("Time of the last reminder.")
    duplicate_of_id: Annotated[UUID | None, ForeignRef("incident"), BY_REOPENING] = optional(
        "The original: the incident that this one repeats."
    )
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The reporter, if not the requester."
    )
    alert_source: str | None = optional("The source of its first alert.")
    dedup_key: str | None = optional(
        "The source's name of its first alert, the same each time that the alert fires."
    )
    alert_count: int | None = optional("Number of times that its alerts have fired.")
    alert_group: Annotated[str | None, Hidden()] = None
    alert_group_number: Annotated[int | None, Hidden()] = None
    last_alert_at: datetime | None = None
    review_due_at: Annotated[datetime | None, BY_REOPENING] = None
    review_overdue_at: Annotated[datetime | None, BY_REOPENING, StaffOnly()] = optional(
        "Time at which the review of its present resolution was flagged as overdue; null again once it is "
        "reviewed."
    )
    reviewed_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time of the review of its present resolution."
    )
    altered: Altered = altered_fields()
    reopen_days: int | None = optional(
        "Number of days after its end in which it may be reopened, if an agreement says so."
    )


class IncidentAlert(ChildRecord):
    """An alert of an incident, which fires and clears by itself: it fires as long as it has not cleared since
    it fired last. The same sender, source and key mean the same alert.
    """

    KIND: ClassVar[str] = "incident_alert"

    sender_id: Annotated[UUID | None, ForeignRef("person")] = required("The account that sends it.")
    source: str | None = required("The source: the tool's name for itself.")
    dedup_key: str | None = required("The source's name of the alert, the same each time that it fires.")
    title: str | None = required("The alert in a line.")
    labels: Annotated[str | None, Personal()] = optional("Its labels: a name, `=` and a value in each line.")
    first_fired_at: datetime | None = required("Time at which it fired first.")
    last_fired_at: datetime | None = required("Time at which it fired last.")
    fired_count: int | None = required("Number of times that it has fired, with repetitions.")
    cleared_at: datetime | None = optional("Time at which it cleared; null: it fires.")

    @classmethod
    def id_of(cls, incident: UUID, sender: UUID, source: str, dedup_key: str) -> UUID:
        """Return its id, which follows from what it is: an incident has an alert once."""
        return uuid5(incident, f"{sender} {source} {dedup_key}")


class IncidentReview(ChildRecord):
    """The review of a major incident."""

    KIND: ClassVar[str] = "incident_review"

    causes: Annotated[str | None, Personal()] = required("The causes.")
    went_well: Annotated[str | None, Personal()] = required("The things that went well.")
    went_badly: Annotated[str | None, Personal()] = required("The things that went badly.")
    reviewed_at: datetime | None = required()

    @property
    def for_staff(self) -> bool:
        """Only staff may read the review."""
        return True


class TimelineEntry(ChildRecord):
    """An entry in the timeline of a major incident's review."""

    KIND: ClassVar[str] = "timeline_entry"

    review_id: UUID | None = required()
    happened_at: datetime | None = required("Time of the event.")
    text: Annotated[str | None, Personal()] = required("The event.")

    @property
    def for_staff(self) -> bool:
        """Only staff may read the entry, as its review."""
        return True
