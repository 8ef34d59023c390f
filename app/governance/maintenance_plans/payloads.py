"""Payloads of actions on maintenance plans."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.records import ForeignRef, KeyRef
from app.foundation.cis.records import CiClass
from app.governance.maintenance_plans.records import MaintenanceInterval, MaintenancePlan
from app.kernel.actions.conditions import Condition, exactly_one_member
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    ShortText,
    Statement,
    Title,
)
from app.kpis.targets.lifecycle import Number

MOST_DAYS = 366


def _is_in_order(limits: ReadingLimits) -> bool:
    lower, upper = limits.lower, limits.upper
    return lower is None or upper is None or float(lower) <= float(upper)


class ReadingLimits(PayloadPart):
    """A reading that each round takes, and its limits."""

    name: ShortText = Field(description="Name of the reading.", examples=["Temperature"])
    unit: ShortText = Field(description="Unit of the reading.", examples=["°C"])
    lower: Number | None = Field(
        default=None, description="Lowest correct value; if left out, there is no lower limit."
    )
    upper: Number | None = Field(
        default=None, description="Highest correct value; if left out, there is no upper limit."
    )

    CONDITIONS = (Condition("limits_reversed", ("lower", "upper"), _is_in_order),)


Items = Annotated[tuple[Statement, ...], BoundedList]
Limits = Annotated[tuple[ReadingLimits, ...], BoundedList]


class MaintenancePlanFields(Payload, of=MaintenancePlan):
    """Editable fields of a maintenance plan; rounds that have fallen due stay as they are."""

    title: Title
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)]
    interval: MaintenanceInterval
    days: int = Field(ge=1, le=MOST_DAYS, strict=True)
    items: Items = Field(default=(), max_length=LONGEST_LIST)
    limits: Limits = Field(default=(), max_length=LONGEST_LIST)
    first_round_at: Instant
    calendar: Annotated[RecordKey, KeyRef("calendar", must_exist=True)] | None = None


class PlanMaintenancePlan(MaintenancePlanFields, of=MaintenancePlan):
    """A plan for the maintenance of a service, or of the configuration items of a class."""

    model_config = example_includes("service")

    service: Annotated[RecordKey, KeyRef("service")] | None = None
    ci_class: CiClass | None = None
    request: Annotated[Reference, ForeignRef("request")] | None = Field(
        default=None,
        description="Request whose delivery is maintained from then on: its id or number.",
    )

    CONDITIONS = (exactly_one_member("service_or_ci_class", "service", "ci_class"),)


class EditMaintenancePlan(Patch, MaintenancePlanFields, of=MaintenancePlan):
    """The fields of the maintenance plan to change."""
