"""Checks of what a pilot is cut by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.foundation.people.records import Team
from app.foundation.services.records import CatalogueItem, Service
from app.kernel.access.reads import ReadContext
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.effects.lifecycle import Scope
from app.kpis.questions.question import NO_VALUE
from app.processes.improvements.proposal.records import ImprovementTarget

#: Dimensions that limit a pilot, and the records that their values name.
PILOT_DIMENSIONS = {
    Dimension.team: Team.KIND,
    Dimension.service: Service.KIND,
    Dimension.customer: Team.KIND,
    Dimension.catalogue_item: CatalogueItem.KIND,
}


async def check_pilot_scope(
    reads: ReadContext, scope: Scope | None, targets: Iterable[ImprovementTarget], pointer: str
) -> None:
    """Check that a pilot is cut by teams, services, customers or catalogue items that there are, and by what
    all its target KPIs can be cut by: otherwise its effect could never be measured. Raises WrongValue.
    """
    kpis = [KPIS[target.kpi] for target in targets if target.kpi is not None]
    fitting = [
        dimension for dimension in PILOT_DIMENSIONS if all(dimension in kpi.dimensions for kpi in kpis)
    ]
    for dimension, values in (scope or {}).items():
        if dimension not in fitting:
            words = {"dimensions": fitting}
            raise WrongValue(words, pointer=f"{pointer}/{dimension.value}", because="not_a_pilot_dimension")
        for n, value in enumerate(values):
            if value != NO_VALUE and await reads.record(PILOT_DIMENSIONS[dimension], value) is None:
                raise WrongValue(
                    {"value": value}, pointer=f"{pointer}/{dimension.value}/{n}", because="unknown_value"
                )


def check_compared(scope: Mapping[Any, Any], control: Mapping[Any, Any] | None, pointer: str) -> None:
    """Check that a pilot is compared with other cases than its own. Raises WrongValue."""
    if control and _as_sets(control) == _as_sets(scope):
        raise WrongValue(pointer=pointer, because="compared_with_itself")


def _as_sets(filters: Mapping[Any, Any]) -> dict[str, frozenset[str]]:
    return {str(dimension): frozenset(map(str, values)) for dimension, values in filters.items()}
