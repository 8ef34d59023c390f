"""Notices: what a person is told, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Text
from sqlmodel import Field

from app.common.records import FOLD, CodeEnum, ForeignRef, Record


class DeliveryMethod(CodeEnum):
    """How somebody is told: in the application, or by mail besides."""

    in_app = "in_app", "In the application", "应用内"
    mail = "mail", "By mail, too", "应用内及邮件"


class NoticeState(CodeEnum):
    """Whether its person has read it."""

    unread = "unread", "Unread", "未读"
    read = "read", "Read", "已读"


class DeliveryFailure(CodeEnum):
    """Why a mail was not sent."""

    no_address = "no_address", "No address that mail could go to", "没有可用的邮件地址"
    not_for_them = "not_for_them", "Not for them any more", "不再与其有关"
    refused = "refused", "Refused by the mail server", "被邮件服务器拒收"
    given_up = "given_up", "Tried in vain for too long", "多次尝试未果"


class Notice(Record):
    """What one person was told of one record, in one go.

    `about` is the record's name in the log, `number` (or what else people call it) and `title` as they were.
    `steps` are what was told, in order, and `versions` those of the record's events that say it. `way` is
    how.
    """

    KIND: ClassVar[str] = "notice"

    state: NoticeState | None = Field(default=None, sa_type=Text)
    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    about: str | None = None
    number: str | None = None
    title: str | None = None
    steps: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    versions: list[int] | None = Field(default=None, sa_type=ARRAY(Integer))
    way: DeliveryMethod | None = Field(default=None, sa_type=Text)
    sent_at: datetime | None = None
    read_at: datetime | None = None
    mailed_at: datetime | None = None
    failed_at: datetime | None = None
    failure: DeliveryFailure | None = Field(default=None, sa_type=Text)


class NoticeTable(Notice, table=True):
    """Where notices stand."""

    __tablename__ = "notice"
    __table_args__: ClassVar = FOLD
