"""Lifecycle of notices: sent to a person, read by them; those with a mail are mailed, or fail.

unread ─► read
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.common.duties import GivenDuty
from app.common.notices import NoticeType
from app.common.people import Person
from app.common.records import ANY_RECORD, ForeignRef, Record
from app.kernel.access.audience_rules import to_persons
from app.kernel.actions.actor_policy import addressee, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Payload, Reference
from app.notifications.records import DeliveryFailure, DeliveryMethod, Notice
from app.notifications.records import NoticeState as State

MOST_STEPS = 100
StreamName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z_]*/[0-9a-f-]{36}$", max_length=78),
    Field(examples=["clock/018f6d0a-2c5e-7a41-9b7e-3f0c5d1a2b4c"]),
]


class SendNotice(Payload):
    """A notice to send: the person, the record, and the events that the notice reports."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Person who receives the notice."
    )
    ticket: Annotated[Reference, ForeignRef(ANY_RECORD, retired=True)] = Field(
        description="Record that the notice is about: a ticket, or another record by its name in the log."
    )
    steps: tuple[NoticeType, ...] = Field(
        min_length=1, max_length=MOST_STEPS, description="Steps that the notice reports."
    )
    versions: tuple[int, ...] = Field(
        min_length=1,
        max_length=MOST_STEPS,
        description="Version of the event for each step.",
    )
    streams: tuple[StreamName, ...] | None = Field(
        default=None,
        max_length=MOST_STEPS,
        description="Stream of the event for each step; if left out, all are the record's own.",
    )
    way: DeliveryMethod = Field(description="Channel of the notice: in the application, or also by mail.")


def send(notice: Notice, body: SendNotice, ctx: ActionContext) -> None:
    """Send a notice, to a person about a record."""
    person, record = ctx.required_ref(Person, "person"), ctx.required_ref(Record, "ticket")
    notice.person_id = person.id
    notice.about = record.row_key
    notice.number = record.display_name
    notice.title = getattr(record, "title", None)
    notice.steps = [step.value for step in body.steps]
    notice.versions = list(body.versions)
    notice.streams = None if body.streams is None else list(body.streams)
    notice.way = body.way


def mark_read(notice: Notice, body: EmptyPayload, ctx: ActionContext) -> None:
    """Mark the notice as read, as its person."""


def mail(notice: Notice, body: EmptyPayload, ctx: ActionContext) -> None:
    """Mail the notice: the mail server has accepted it."""
    notice.mailed_at = ctx.occurred_at


class FailNotice(Payload):
    """The reason why the notice cannot be mailed."""

    failure: DeliveryFailure = Field(description="Reason for the failure.")


def fail(notice: Notice, body: FailNotice, ctx: ActionContext) -> None:
    """Fail the notice's mail: it will not be sent again."""
    notice.failed_at = ctx.occurred_at
    notice.failure = body.failure


# fmt: off
LIFECYCLE = Lifecycle(
    kind="notice", plural="notices", zh="通知", record=Notice,
    visible=(to_persons("person_id"),),
    rows=(
        #      action     中文        from            to            who        event
        action(send,      "发送",     NEW_RECORD,     State.unread, rule,      "notice.sent"),
        action(mark_read, "标为已读", [State.unread], State.read,   addressee, "notice.read"),
        action(mail,      "发送邮件", State,          STAYS,        rule,      "notice.mailed"),
        action(fail,      "放弃发送邮件", State,          STAYS,        rule,      "notice.failed"),
    ),
)
# fmt: on
