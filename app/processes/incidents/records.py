"""The incident's record, its child records, states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.priorities.priority import Impact, Urgency
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

    Alerts are child records of the incident. `alert_group` identifies the values that the alerts of one
    incident have in common; the incidents of a group are numbered.
    """

    KIND: ClassVar[str] = "incident"

    state: IncidentState | None = required()
    description: Annotated[str | None, Personal()] = optional("Fault in the reporter's words.")
    channel: Channel | None = optional("Channel through which the incident was reported.")
    effect: Effect | None = optional("Effect on the service.")
    effect_reported_at: datetime | None = optional(
        "Time at which users reported the effect; null if staff, an alert or enough reporters confirmed it."
    )
    began_at: datetime | None = optional(
        "Time at which the incident began, if it is known; at most 366 days before the report."
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service; null if it is not known."
    )
    ci: Annotated[str | None, KeyRef("ci")] = optional(
        "Key of the configuration item; null if it is not known."
    )
    category: Annotated[str | None, KeyRef("category", per_process=True)] = optional(
        "Key of the category; null if not set."
    )
    acknowledged_at: Annotated[
        datetime | None, EnteredAt(IncidentState.acknowledged, not_after={IncidentState.on_hold})
    ] = optional("Time at which the incident was last acknowledged; null if it never was.")
    started_at: Annotated[datetime | None, EnteredAt(IncidentState.in_progress, first=True)] = None
    held_from: Annotated[
        IncidentState | None,
        StateBefore(IncidentState.on_hold, among=OPEN, otherwise=IncidentState.in_progress),
        BY_RESUMING,
    ] = optional("State before the hold, to which the incident returns; null if it was never on hold.")
    hold_reason: Annotated[HoldReason | None, BY_RESUMING] = optional(
        "Reason for the hold; null if the incident is not on hold."
    )
    wake_up_at: Annotated[datetime | None, BY_RESUMING] = optional(
        "Time at which the hold ends automatically; null if it has no end."
    )
    held_for_change_id: Annotated[UUID | None, ForeignRef("change"), StaffOnly(), BY_RESUMING] = optional(
        "Change for which the incident waits; null if not named."
    )
    supplier_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.supply), StaffOnly(), BY_RESUMING] = (
        optional("Supplier for which the incident waits; null if not set.")
    )
    resolved_at: Annotated[datetime | None, EnteredAt(IncidentState.resolved), BY_REOPENING] = None
    resolution_code: Annotated[ResolutionCode | None, BY_REOPENING] = optional(
        "Kind of resolution; null until the incident is resolved."
    )
    resolution: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Measures that resolved the incident; null until it is resolved."
    )
    cause: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Cause of the incident, if it is known."
    )
    service_restored_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time at which the service was restored; null until then."
    )
    closed_at: Annotated[datetime | None, EnteredAt(IncidentState.closed), BY_REOPENING] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(IncidentState.cancelled)] = None
    contained_at: datetime | None = optional("Time at which the incident was contained; null if it was not.")
    containment: Annotated[str | None, Personal()] = optional(
        "Measure that stopped the spread or restored the service; null if the incident was not contained."
    )
    declared_major_at: datetime | None = optional(
        "Time at which the incident was declared a major incident; null if it is not one."
    )
    commander_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)
    ] = optional("Person who leads the major incident; null for other incidents.")
    statement: Annotated[str | None, Personal()] = optional(
        "Latest statement for the people affected; null before the first statement."
    )
    next_update_due_at: Annotated[datetime | None, ClearedBy(entering=frozenset(IncidentState) - OPEN)] = (
        optional("Time by which those affected get the next update; null if not promised.")
    )
    update_overdue_at: Annotated[
        datetime | None, ClearedBy(entering=frozenset(IncidentState) - OPEN), StaffOnly()
    ] = optional("Time at which the promised update was flagged as overdue; null if it is not overdue.")
    reminded_at: datetime | None = optional("Time of the last reminder; null before the first reminder.")
    duplicate_of_id: Annotated[UUID | None, ForeignRef("incident"), BY_REOPENING] = optional(
        "Original of the duplicate; null if the incident is not a duplicate."
    )
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who reported the incident; null if the requester did."
    )
    alert_source: str | None = optional("Source of the first alert; null if a person reported the incident.")
    dedup_key: str | None = optional(
        "Name of the first alert in its source, the same each time that it fires; null if a person "
        "reported the incident."
    )
    alert_count: int | None = optional("Number of times that the incident's alerts fired.")
    alert_group: Annotated[str | None, Hidden()] = None
    alert_group_number: Annotated[int | None, Hidden()] = None
    last_alert_at: datetime | None = optional(
        "Time at which an alert of the incident last fired; null if it never did."
    )
    review_due_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time by which the major incident must be reviewed; null if no review is due."
    )
    review_overdue_at: Annotated[datetime | None, BY_REOPENING, StaffOnly()] = optional(
        "Time at which the review of the current resolution was flagged as overdue; null if it is not "
        "overdue."
    )
    reviewed_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time of the review of the current resolution; null if not reviewed."
    )
    altered: Altered = altered_fields()
    reopen_days: int | None = optional(
        "Number of days in which the incident may be reopened after its end, if an agreement sets it; "
        "null for the general limit."
    )


class IncidentAlert(ChildRecord):
    """An alert of an incident, which fires and clears by itself: it fires as long as it has not cleared since
    it fired last. The same sender, source and key mean the same alert.
    """

    KIND: ClassVar[str] = "incident_alert"

    sender_id: Annotated[UUID | None, ForeignRef("person")] = required("Account that sends the alert.")
    source: str | None = required("Source of the alert: the name that the tool uses for itself.")
    dedup_key: str | None = required("Name of the alert in the source, the same each time that it fires.")
    title: str | None = required("Title of the alert in one line, as it was when the alert last fired.")
    description: Annotated[str | None, Personal()] = optional(
        "Full text of the alert, as it was when the alert last fired."
    )
    impact: Impact | None = optional(
        "Number of people affected, as it was when the alert last fired; null if not known."
    )
    urgency: Urgency | None = optional(
        "Effect on the users' work, as it was when the alert last fired; null if not known."
    )
    effect: Effect | None = optional(
        "Effect on the service, as it was when the alert last fired; null if not known."
    )
    labels: Annotated[str | None, Personal()] = optional(
        "Labels of the alert: a name, `=` and a value in each line."
    )
    first_fired_at: datetime | None = required("Time at which the alert first fired.")
    last_fired_at: datetime | None = required("Time at which the alert last fired.")
    fired_count: int | None = required("Number of times that the alert fired, including repetitions.")
    cleared_at: datetime | None = optional("Time at which the alert cleared; null while it fires.")

    @classmethod
    def id_of(cls, incident: UUID, sender: UUID, source: str, dedup_key: str) -> UUID:
        """Return its id, which follows from what it is: an incident has an alert once."""
        return uuid5(incident, f"{sender} {source} {dedup_key}")


class IncidentReview(ChildRecord):
    """The review of a major incident."""

    KIND: ClassVar[str] = "incident_review"

    causes: Annotated[str | None, Personal()] = required("Causes of the incident.")
    went_well: Annotated[str | None, Personal()] = required("Things that went well.")
    went_badly: Annotated[str | None, Personal()] = required("Things that went badly.")
    no_actions_reason: Annotated[str | None, Personal()] = optional(
        "Reason why no task follows from the review; null if tasks do.",
        examples=["None, because the supplier replaces the switch."],
    )
    reviewed_at: datetime | None = required("Time of the review.")

    @property
    def for_staff(self) -> bool:
        """Only staff may read the review."""
        return True


class TimelineEntry(ChildRecord):
    """An entry in the timeline of a major incident's review."""

    KIND: ClassVar[str] = "timeline_entry"

    review_id: UUID | None = required("Review to which the event belongs.")
    happened_at: datetime | None = required("Time of the event.")
    text: Annotated[str | None, Personal()] = required("Event in words.")

    @property
    def for_staff(self) -> bool:
        """Only staff may read the entry, as its review."""
        return True
