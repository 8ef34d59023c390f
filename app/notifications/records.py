"""The record of notices, its states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class DeliveryMethod(CodeEnum):
    """Delivery of a notice: in the application, or also by mail."""

    in_app = "in_app", "In the application", "应用内"
    mail = "mail", "In the application and by mail", "应用内及邮件"


class NoticeState(CodeEnum):
    """State of a notice: read by the person, or not yet."""

    unread = "unread", "Unread", "未读"
    read = "read", "Read", "已读"


class DeliveryFailure(CodeEnum):
    """Why the mail of a notice was not sent."""

    no_address = "no_address", "No mail address", "没有可用的邮件地址"
    not_for_them = "not_for_them", "No longer relevant to them", "不再与其有关"
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
    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    about: str | None = required("The ticket: `<kind>/<id>`.")
    number: str | None = required(
        "The ticket's, or another name; its id, if it has no number and the reader may not see it now."
    )
    title: str | None = optional(
        "The ticket's, as it was then; null for a reader who may not see the ticket now."
    )
    steps: list[str] | None = required()
    versions: list[int] | None = required("Of each step, the version of the event that says it.")
    streams: list[str] | None = optional(
        "Of each step, the stream of that event: a clock's, or the ticket's. Null: all are the ticket's."
    )
    way: DeliveryMethod | None = required("The channel: in the application, or by mail besides.")
    sent_at: Annotated[datetime | None, EnteredAt(NoticeState.unread)] = required()
    read_at: Annotated[datetime | None, EnteredAt(NoticeState.read)] = None
    mailed_at: datetime | None = optional("Time at which the mail server took it.")
    failed_at: datetime | None = optional("Time at which it was given up to mail it.")
    failure: DeliveryFailure | None = optional("The reason why it was given up.")
