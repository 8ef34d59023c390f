"""Absences, and the calendars that they are taken from (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Hidden, Record, optional, required
from app.common.state_fields import EnteredAt


class AbsenceState(CodeEnum):
    """State of an absence: an imported absence is removed when its calendar no longer has it."""

    planned = "planned", "Planned", "已登记"
    withdrawn = "withdrawn", "Withdrawn", "已撤销"
    removed = "removed", "No longer in the calendar", "日历中已删除"


class AbsenceSource(CodeEnum):
    """Source of an absence: entered by hand, or imported from a file or an address."""

    by_hand = "by_hand", "Entered by hand", "手工登记"
    file = "file", "From a calendar's file", "来自日历文件"
    calendar = "calendar", "From a calendar's address", "来自日历地址"


class AbsenceCalendarState(CodeEnum):
    """State of an absence calendar: an ended calendar is no longer fetched."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已终止"


class FetchFailure(CodeEnum):
    """Reason why a calendar could not be fetched or read."""

    address_refused = "address_refused", "Address not allowed", "不允许访问该地址"
    unknown_host = "unknown_host", "Unknown host", "找不到该主机"
    no_connection = "no_connection", "No connection", "无法连接"
    tls = "tls", "The certificate is not trusted", "证书不受信任"
    timeout = "timeout", "Timeout", "应答超时"
    closed = "closed", "Connection closed", "连接中断"
    redirect = "redirect", "Redirected to another address", "地址被重定向"
    status = "status", "Error response", "应答为错误状态"
    too_large = "too_large", "The calendar is too large", "日历过大"
    no_calendar = "no_calendar", "Not a calendar", "应答不是日历"
    too_many_absences = "too_many_absences", "Too many absences", "不在岗时段过多"


class Absence(Record):
    """The absence of `person_id` from `from_at` until before `until_at`, with the deputy, if there is one.

    `team_ids` are the teams of the person when it was planned or changed: their members see it, but not the
    reason, which is the person's own. Votes are cast only by a deputy whom the person named,
    `deputy_named_by_id`, and only for the time that they gave with it: from `votes_from_at` until before
    `votes_until_at` (null: from before that was stored; then for the whole time). `cover_id` is the lead who
    is on call in the person's place, if no deputy may be. `event_key` identifies the event in the calendar,
    without revealing its content.
    """

    KIND: ClassVar[str] = "absence"

    state: AbsenceState | None = required()
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Person who is absent."
    )
    deputy_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.deputising), Responsible(NoticeType.deputises)
    ] = optional("Deputy who votes and is on call for the absent person; null if not set.")
    deputy_named_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who named the deputy; the deputy votes only if the absent person named them."
    )
    votes_from_at: datetime | None = optional(
        "Beginning of the time in which the deputy votes in the absent person's name; null if the "
        "absent person did not name the deputy."
    )
    votes_until_at: datetime | None = optional(
        "End, exclusive, of the time in which the deputy votes in the absent person's name; null if "
        "the absent person did not name the deputy."
    )
    key_id: Annotated[UUID | None, Hidden()] = None
    secret_hash: Annotated[str | None, Hidden()] = None
    set_with: Annotated[list[str] | None, Hidden()] = None
    suspended_by_rotation: bool | None = optional(
        "True if the key that entered the absence was revoked, or rotated without an overlap: the "
        "deputy does not vote until the absent person confirms the absence."
    )
    entered_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who entered the absence; null if it was imported from a calendar."
    )
    cover_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.deputising), Responsible(NoticeType.covers_on_call)
    ] = optional(
        "Team lead who is on call for the absent person if the deputy may not be; null if no lead is needed."
    )
    from_at: datetime | None = required("Beginning of the absence.", examples=["2026-12-21T00:00:00Z"])
    until_at: datetime | None = required("End of the absence, exclusive.", examples=["2027-01-04T00:00:00Z"])
    reason: Annotated[str | None, Personal(), Hidden()] = None
    team_ids: Annotated[list[str] | None, ForeignRef("team")] = optional(
        "Teams of the person when the absence was planned; their members see the absence."
    )
    source: AbsenceSource | None = required(
        "Source of the absence: entered by hand, or imported from a file or an address."
    )
    calendar_id: Annotated[UUID | None, ForeignRef("absence_calendar")] = optional(
        "Calendar from which the absence was imported; null for other absences."
    )
    event_key: Annotated[str | None, Hidden()] = None
    planned_at: Annotated[datetime | None, EnteredAt(AbsenceState.planned)] = required()
    withdrawn_at: Annotated[datetime | None, EnteredAt(AbsenceState.withdrawn)] = None
    removed_at: Annotated[datetime | None, EnteredAt(AbsenceState.removed)] = None


class AbsenceCalendar(Record):
    """A calendar at an address, from which a worker takes a person's absences.

    The address may hold a secret: it is encrypted under the person's key, and only its origin is shown.
    `ends_at` is the end of the key with which it was added or changed. `failing_since_at` is set once the
    person has been notified that it cannot be fetched or read.
    """

    KIND: ClassVar[str] = "absence_calendar"

    state: AbsenceCalendarState | None = required()
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Person whose absences the calendar has."
    )
    deputy_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.deputising, quiet=True)] = optional(
        "Deputy for all absences that are imported from the calendar; null if not set."
    )
    origin: str | None = required("Scheme, host and port of the address.")
    url: Annotated[str | None, Personal(), Hidden()] = required()
    ends_at: datetime | None = optional(
        "Time at which fetching ends because the key that added the calendar ends; null if the key "
        "does not end."
    )
    key_id: Annotated[UUID | None, Hidden()] = None
    secret_hash: Annotated[str | None, Hidden()] = None
    set_with: Annotated[list[str] | None, Hidden()] = None
    suspended_by_rotation: bool | None = optional(
        "True if the key that added the calendar was revoked, or rotated without an overlap: the "
        "calendar is not fetched until its person confirms it."
    )
    failing_since_at: datetime | None = optional(
        "Time since which the calendar cannot be fetched or read; null if it can, or if its person has "
        "not been notified yet."
    )
    failing_because: FetchFailure | None = optional(
        "Reason why the calendar cannot be fetched or read; null if it can."
    )
    added_at: Annotated[datetime | None, EnteredAt(AbsenceCalendarState.active)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(AbsenceCalendarState.ended)] = None
