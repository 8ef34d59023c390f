"""Notices: told to a person, and read by them; those that go by mail are mailed, or fail.

unread ─► read
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.notices import Step
from app.common.people import SEE_EVERYTHING, Person
from app.common.records import ANYTHING, Record, Refers
from app.kernel.bodies import Body, Nothing, Reference
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.who import addressee, rule
from app.notifications.records import Failure, Notice, Way
from app.notifications.records import NoticeState as State

MOST_STEPS = 100


class SendNotice(Body):
    """Who is told of what."""

    person: Annotated[Reference, Refers("person")] = Field(description="Who is told.")
    ticket: Annotated[Reference, Refers(ANYTHING, retired=True)] = Field(
        description="What it is about: a ticket, or another record by its name in the log."
    )
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MOST_STEPS, description="What is told of it.")
    versions: tuple[int, ...] = Field(
        min_length=1,
        max_length=MOST_STEPS,
        description="Of each step, the version of the record's event that says it.",
    )
    way: Way = Field(description="How: in the application, or by mail besides.")


def send(notice: Notice, body: SendNotice, at: Moment) -> None:
    """Somebody is told what happened to a record."""
    person, record = at.named(Person, "person"), at.named(Record, "ticket")
    notice.person_id = person.id
    notice.about = record.row_key
    notice.number = record.called
    notice.title = getattr(record, "title", None)
    notice.steps = [step.value for step in body.steps]
    notice.versions = list(body.versions)
    notice.way = body.way
    notice.sent_at = at.occurred_at


def mark_read(notice: Notice, body: Nothing, at: Moment) -> None:
    """Whom it is for has read it."""
    notice.read_at = at.occurred_at


def mail(notice: Notice, body: Nothing, at: Moment) -> None:
    """The mail server has taken it."""
    notice.mailed_at = at.occurred_at


class FailNotice(Body):
    """Why it cannot be mailed."""

    failure: Failure = Field(description="Why.")


def fail(notice: Notice, body: FailNotice, at: Moment) -> None:
    """It cannot be mailed, and is not tried any more."""
    notice.failed_at = at.occurred_at
    notice.failure = body.failure


# fmt: off
LIFECYCLE = Lifecycle(
    kind="notice", plural="notices", zh="通知", record=Notice, states=State,
    audience=lambda notice: (f"person:{notice.person_id}",), sees_all=SEE_EVERYTHING, columns={"person": ("person_id",)},
    rows=(
        #      action     中文        from            to            who        event
        action(send,      "发送",     FROM_NOTHING,   State.unread, rule,      "notice.sent"),
        action(mark_read, "标为已读", [State.unread], State.read,   addressee, "notice.read"),
        action(mail,      "寄出邮件", State,          STAYS,        rule,      "notice.mailed"),
        action(fail,      "放弃邮件", State,          STAYS,        rule,      "notice.failed"),
    ),
)
# fmt: on
