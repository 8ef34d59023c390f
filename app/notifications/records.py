"""The record of notices, its states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class DeliveryMethod(CodeEnum):
    """Channel of a notice: in the application, or also by mail."""

    in_app = "in_app", "In the application", "应用内"
    mail = "mail", "In the application and by mail", "应用内及邮件"


class NoticeState(CodeEnum):
    """State of a notice: read by the person, or not yet."""

    unread = "unread", "Unread", "未读"
    read = "read", "Read", "已读"


class DeliveryFailure(CodeEnum):
    """The reason why the mail of a notice was not sent."""

    no_address = "no_address", "No mail address", "没有可用的邮件地址"
    not_for_them = "not_for_them", "No longer relevant to the recipient", "收件人已无权查看"
    refused = "refused", "Refused by the mail server", "被邮件服务器拒收"
    given_up = "given_up", "Given up after several attempts", "多次尝试未果"


class Notice(Record):
    """A notice to one person about the events of one record.

    `about` is the record's stream, `number` (or another display name) and `title` as they were when it was
    sent. `steps` are the notice types, in order, and `versions` those of the events that caused them, of the
    record's own stream if `streams` does not name others. `way` is the delivery method.
    """

    KIND: ClassVar[str] = "notice"

    state: NoticeState | None = required()
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who receives the notice.")
    about: str | None = required("Record that the notice is about: `<kind>/<id>`.")
    number: str | None = required(
        "Number or another name of the record; its id if it has no number and the reader may not see it now."
    )
    title: str | None = optional(
        "Title of the record at that time; null if the reader may not see the record now."
    )
    steps: list[str] | None = required("Steps that the notice reports, in the order in which they happened.")
    versions: list[int] | None = required("Version of the event for each step.")
    streams: list[str] | None = optional(
        "Stream of the event for each step, which may be a clock's; null if all are the record's own."
    )
    way: DeliveryMethod | None = required("Channel of the notice: in the application, or also by mail.")
    sent_at: Annotated[datetime | None, EnteredAt(NoticeState.unread)] = required()
    read_at: Annotated[datetime | None, EnteredAt(NoticeState.read)] = None
    mailed_at: datetime | None = optional(
        "Time at which the mail server accepted the mail; null if it has not."
    )
    failed_at: datetime | None = optional("Time at which the mail was given up; null if it was not.")
    failure: DeliveryFailure | None = optional("Reason for giving up the mail; null if it was not given up.")
