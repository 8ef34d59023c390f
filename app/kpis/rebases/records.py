"""The record of a change from which the natural limits of a KPI restart."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.kpis.questions.scopes import ScopeKind


class RebaseState(CodeEnum):
    """The state of a KPI re-basing: in force, or withdrawn."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class KpiRebase(Record):
    """A change of the process after which the natural limits of a KPI are computed again in a scope: from the
    first period that begins at `begins_at` or later. `change` is the number of a record, or a name.
    """

    KIND: ClassVar[str] = "kpi_rebase"

    state: RebaseState | None = required()
    kpi: str | None = required("Key of the KPI.")
    scope: ScopeKind | None = required(
        "Kind of scope: all cases, the cases of a service, or the cases of a team."
    )
    service: Annotated[str | None, KeyRef("service")] = optional("Key of the service; null for other scopes.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Team of the cases; null for other scopes."
    )
    change: str | None = required(
        "Number of the change or another record, or a name.", examples=["CHG-2026-000031"]
    )
    reason: str | None = optional(
        "Reason in one line for which the limits restart, printed on charts; null for restarts of before it "
        "was asked for.",
        examples=["Nights are staffed since."],
    )
    begins_at: datetime | None = required(
        "Time of the change; the limits are computed again from the first period that begins at this "
        "time or later.",
        examples=["2026-04-01T00:00:00+08:00"],
    )
    added_at: Annotated[datetime | None, EnteredAt(RebaseState.active)] = required()
    added_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who added the re-basing.")
