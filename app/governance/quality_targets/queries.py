"""Read side of quality targets: the list with its filters and sorts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.api.listings.filters import Parameter, WhereClause, multi_value
from app.api.listings.lists import Listing
from app.api.records.shapes import RecordOut, Renderer
from app.foundation.people.queries import PERSONS
from app.governance.quality_targets.lifecycle import LIFECYCLE
from app.governance.quality_targets.records import QualityTarget
from app.kernel.actions.payloads import EARLIEST_YEAR, LATEST_YEAR
from app.kpis.catalogue import KPIS


class QualityTargetOut(RecordOut, of=QualityTarget):
    """A goal for a KPI in a year, of the organisation, a team or a person."""


async def _of_years(where: WhereClause, years: list[int], renderer: Renderer) -> None:
    where.conditions.append(f"r.year = any({where.bind(years)})")


YEAR = Parameter(
    "year",
    multi_value(Annotated[int, Field(ge=EARLIEST_YEAR, le=LATEST_YEAR)], "Years of the targets."),
    _of_years,
)
LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=QualityTargetOut,
    filters=("state", "level", "kpi", "parent_id", "team", "person", "answerable", "set_at", "changed_at"),
    sorts=("set_at", "changed_at"),
    expands=(PERSONS,),
    own_parameters=(YEAR,),
    known_names={"kpi": KPIS},
)
