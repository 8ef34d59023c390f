"""Absences, and the calendars that they are taken from (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Hidden, Record, optional, required
from app.common.state_fields import EnteredAt


class AbsenceState(CodeEnum):
    """State of an absence: one that was taken from a calendar is removed when the calendar has it no more."""

    planned = "planned", "Planned", "已登记"
    withdrawn = "withdrawn", "Withdrawn", "已撤销"
    removed = "removed", "No longer in the calendar", "日历中已删除"


class AbsenceSource(CodeEnum):
    """Source of an absence."""

    by_hand = "by_hand", "Entered by hand", "手工登记"
    file = "file", "From a calendar's file", "来自日历文件"
    calendar = "calendar", "From a calendar's address", "来自日历地址"


class AbsenceCalendarState(CodeEnum):
    """State of a calendar of absences: an ended one is not fetched any more."""

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
    too_many_absences = "too_many_absences", "Too many absences", "缺勤过多"


class Absence(Record):
    """The absence of `person_id` from `from_at` until before `until_at`, with the deputy, if there is one.

    `team_ids` are the teams that the person was in when it was planned or changed: their members see it, but
    not the reason, which is the person's own. Votes are cast only by a deputy whom the person has named
    themselves, `deputy_named_by_id`, and only for the time that they named with it: from `votes_from_at`
    until before `votes_until_at` (null: from before that was kept; then for the whole time). `cover_id` is
    the lead who is on call in the person's place, where there is no deputy who may. `event_key` identifies
    the event in the calendar, without saying what it was.
    """

    KIND: ClassVar[str] = "absence"

    state: AbsenceState | None = required()
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("The person who is away.")
    deputy_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.deputises)] = optional(
        "The deputy, who votes and is on call in the person's place; null: nobody."
    )
    deputy_named_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who named the deputy: only one whom the absent person has named votes in their name."
    )
    votes_from_at: datetime | None = optional(
        "Begin of the time for which the absent person has named the deputy to vote in their name; null: the "
        "person has not, or before that was kept."
    )
    votes_until_at: datetime | None = optional("End of that time, exclusive.")
    key_id: Annotated[UUID | None, Hidden()] = None
    secret_hash: Annotated[str | None, Hidden()] = None
    suspended_by_rotation: bool | None = optional(
        "True if the key that it was entered with was rotated without an overlap, or revoked: the deputy "
        "does not vote until the person confirms it."
    )
    entered_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who entered it; null: it was taken from a calendar."
    )
    cover_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.covers_on_call)] = optional(
        "The lead who is on call in the person's place, where no deputy may; null: nobody is needed."
    )
    from_at: datetime | None = required("Begin of the absence.", examples=["2026-12-21T00:00:00Z"])
    until_at: datetime | None = required("End of the absence, exclusive.", examples=["2027-01-04T00:00:00Z"])
    reason: Annotated[str | None, Personal(), Hidden()] = None
    team_ids: Annotated[list[str] | None, ForeignRef("team")] = optional(
        "The teams of the person when it was planned: their members see it."
    )
    source: AbsenceSource | None = required("Its source: a person's hand, a file or an address.")
    calendar_id: Annotated[UUID | None, ForeignRef("absence_calendar")] = optional(
        "The calendar that it is taken from."
    )
    event_key: Annotated[str | None, Hidden()] = None
    planned_at: Annotated[datetime | None, EnteredAt(AbsenceState.planned)] = required()
    withdrawn_at: Annotated[datetime | None, EnteredAt(AbsenceState.withdrawn)] = None
    removed_at: Annotated[datetime | None, EnteredAt(AbsenceState.removed)] = None


class AbsenceCalendar(Record):
    """A calendar at an address, from which a worker takes a person's absences.

    The address may hold a secret: it is encrypted under the person's key, and only its origin is shown.
    `ends_at` is the end of the key that it was added or changed with. `failing_since_at` is set once the
    person has been told that it cannot be fetched or read.
    """

    KIND: ClassVar[str] = "absence_calendar"

    state: AbsenceCalendarState | None = required()
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("The person whose absences it has.")
    deputy_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The deputy in every absence that is taken from it; null: nobody."
    )
    origin: str | None = required("Scheme, host and port of the address.")
    url: Annotated[str | None, Personal(), Hidden()] = required()
    ends_at: datetime | None = optional(
        "Time from which it is not fetched, as the key ends that it was added with; null: never."
    )
    key_id: Annotated[UUID | None, Hidden()] = None
    secret_hash: Annotated[str | None, Hidden()] = None
    suspended_by_rotation: bool | None = optional(
        "True if the key that it was added with was rotated without an overlap, or revoked: it is not "
        "fetched until its person confirms it."
    )
    failing_since_at: datetime | None = optional(
        "Time since which it cannot be fetched or read, if its person has been told of it."
    )
    failing_because: FetchFailure | None = optional("The reason why it cannot be fetched or read.")
    added_at: Annotated[datetime | None, EnteredAt(AbsenceCalendarState.active)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(AbsenceCalendarState.ended)] = None
