"""The scope of a signal or a re-basing of a KPI: all cases, those of a service, or those of a team (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.common.records import CodeEnum
from app.kpis.declaration.dimensions import Dimension


class ScopeKind(CodeEnum):
    """The kind of a scope."""

    organisation = "organisation", "The organisation", "整个组织"
    service = "service", "A service", "服务"
    team = "team", "A team", "团队"


@dataclass(frozen=True, slots=True)
class KpiScope:
    """All cases of a KPI, or those of the service with that key, or of the team with that id."""

    service: str | None = None
    team_id: UUID | None = None

    @property
    def kind(self) -> ScopeKind:
        """Return the kind of the scope."""
        if self.service is not None:
            return ScopeKind.service
        return ScopeKind.organisation if self.team_id is None else ScopeKind.team

    @property
    def name(self) -> str:
        """Return the scope as a text that no other has: `organisation`, `service/mail`, `team/<id>`."""
        which = self.service if self.service is not None else self.team_id
        return self.kind.value if which is None else f"{self.kind.value}/{which}"


ORGANISATION = KpiScope()


def scoped_value(filters: Mapping[Dimension, tuple[str, ...]]) -> tuple[ScopeKind, str | None] | None:
    """Return the kind of scope that these filters of a question select, and the service or team as it was
    written; None if they select something else, of which no signals are noted.
    """
    filtered_values = {dimension: values for dimension, values in filters.items() if values}
    if not filtered_values:
        return ScopeKind.organisation, None
    kinds = {Dimension.service: ScopeKind.service, Dimension.team: ScopeKind.team}
    ((dimension, values), *more) = filtered_values.items()
    if more or len(values) > 1 or dimension not in kinds:
        return None
    return kinds[dimension], values[0]
