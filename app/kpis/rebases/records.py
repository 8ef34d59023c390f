"""The record of a change from which the natural limits of a KPI count anew."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, KeyRef, Record
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

    state: RebaseState | None = None
    kpi: str | None = None
    scope: ScopeKind | None = None
    service: Annotated[str | None, KeyRef("service")] = None
    team_id: Annotated[UUID | None, ForeignRef("team")] = None
    change: str | None = None
    begins_at: datetime | None = None
    added_at: Annotated[datetime | None, EnteredAt(RebaseState.active)] = None
    added_by_id: Annotated[UUID | None, ForeignRef("person")] = None
