"""The record of a change from which the natural limits of a KPI count anew."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.kpis.questions.scopes import ScopeKind


class RebaseState(CodeEnum):
    """The state of a re-basing: in force, or taken back."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class KpiRebase(Record):
    """A change of the process from which the natural limits of a KPI in a scope count anew: from the first
    period that begins at `begins_at` or later. `change` is the number of a record of ours, or a name.
    """

    KIND: ClassVar[str] = "kpi_rebase"

    state: RebaseState | None = required()
    kpi: str | None = required("The key of the KPI.")
    scope: ScopeKind | None = required("The kind of scope: all cases, those of a service or of a team.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service, if it is about one."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team, if it is about one.")
    change: str | None = required(
        "The number of the change or another record, or a name.", examples=["CHG-2026-000031"]
    )
    begins_at: datetime | None = required(
        "Time of the change: limits count anew from the first period that begins then or later.",
        examples=["2026-04-01T00:00:00+08:00"],
    )
    added_at: Annotated[datetime | None, EnteredAt(RebaseState.active)] = required()
    added_by_id: Annotated[UUID | None, ForeignRef("person")] = None
