"""Read side of risks: the list, one of them with its assessments, actions, occurrences, indicators and
warnings, and the matrices.
"""

from __future__ import annotations

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.filters import Parameter, WhereClause, multi_value
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.common.priorities.risk_level import RiskLevel
from app.foundation.people.queries import PERSONS
from app.governance.risks import matrices
from app.governance.risks.lifecycle import LIFECYCLE
from app.governance.risks.records import (
    Risk,
    RiskAction,
    RiskAssessment,
    RiskIndicator,
    RiskMatrix,
    RiskOccurrence,
    RiskWarning,
)
from app.kernel.actions.payloads import RecordKey


class RiskOut(RecordOut, of=Risk):
    """A risk: something that may happen and would do harm."""


class RiskAssessmentOut(OutputModel, of=RiskAssessment):
    """An assessment of a risk."""


class RiskActionOut(OutputModel, of=RiskAction):
    """An action of the response to a risk."""


class RiskOccurrenceOut(OutputModel, of=RiskOccurrence):
    """An occurrence of a risk."""


class RiskIndicatorOut(OutputModel, of=RiskIndicator):
    """A KPI that warns of a risk."""


class RiskWarningOut(OutputModel, of=RiskWarning):
    """A warning of a risk."""


class RiskLevelCell(OutputModel):
    """The level for one likelihood and one impact."""

    likelihood: int = Field(description="Likelihood, from 1 (rare) to 5 (almost certain).")
    impact: int = Field(description="Impact, from 1 (slight) to 5 (disastrous).")
    risk_level: RiskLevel = Field(description="Level for this likelihood and impact.")


class RiskMatrixOut(RecordOut, of=RiskMatrix):
    """A risk matrix; the latest one is in force."""

    cells: list[RiskLevelCell] = Field(description="Levels by likelihood, then by impact.")


async def _of_services(where: WhereClause, keys: list[str], renderer: Renderer) -> None:
    where.conditions.append(f"r.services && {where.bind(keys)}::text[]")


SERVICE = Parameter(
    "service",
    multi_value(
        RecordKey,
        "Keys of services that the risks endanger.",
        reference={"kind": "service", "by": "key"},
    ),
    _of_services,
)
LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=RiskOut,
    filters=(
        *("state", "kind", "risk_level", "process", "owner", "response", "offered_response"),
        *("identified_at", "reassess_by_at", "overdue_at", "changed_at"),
    ),
    sorts=("identified_at", "reassess_by_at", "changed_at"),
    expands=(PERSONS,),
    own_parameters=(SERVICE,),
)
MATRICES = Listing(
    lifecycle=matrices.LIFECYCLE,
    shape=RiskMatrixOut,
    filters=("set_at", "awaits_agreement"),
    sorts=("set_at",),
)
CHILD_LISTINGS = (
    ChildListing(
        "assessments",
        RiskAssessment,
        "assessed_at",
        RiskAssessmentOut,
        "a risk's assessments, oldest first",
    ),
    ChildListing("actions", RiskAction, "planned_at", RiskActionOut, "the actions of a risk's responses"),
    ChildListing("occurrences", RiskOccurrence, "noted_at", RiskOccurrenceOut, "a risk's occurrences"),
    ChildListing("indicators", RiskIndicator, "attached_at", RiskIndicatorOut, "a risk's indicators"),
    ChildListing("warnings", RiskWarning, "warned_at", RiskWarningOut, "the warnings of a risk's indicators"),
)
