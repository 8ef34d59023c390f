"""What every ticket has in its row, whatever process it belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.common.priority import Impact, Priority, Urgency
from app.common.records import Record, Refers, StaffOnly


class Ticket(Record):
    """A record with a life: a number that people can say, a state and since when, and those concerned.

    `custom` and `custom_for_staff` are the values of its process's custom fields, by their keys.
    """

    number: str = ""
    state: Any = None
    state_since: datetime | None = None
    opened_at: datetime | None = None
    title: str | None = None
    requester_id: Annotated[UUID | None, Refers("person")] = None
    customer_id: Annotated[UUID | None, Refers("team")] = None
    team_id: Annotated[UUID | None, Refers("team")] = None
    assignee_id: Annotated[UUID | None, Refers("person")] = None
    impact: Impact | None = Field(default=None, sa_type=Text)
    urgency: Urgency | None = Field(default=None, sa_type=Text)
    priority: Priority | None = Field(default=None, sa_type=Text)
    custom: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    custom_for_staff: Annotated[dict[str, Any] | None, StaffOnly()] = Field(default=None, sa_type=JSONB)
