"""The lifecycle of targets of KPIs: set for a time, revised, and withdrawn.

active ─► withdrawn
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from app.i18n import LANGUAGES
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import quality_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import Payload, Reason, RecordKey
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Aggregate, Comparator, Unit
from app.kpis.questions.effective_dating import ValidFrom, ValidUntil, both_or_neither, ends_after_it_begins
from app.kpis.targets.face import FACE
from app.kpis.targets.records import KpiTarget
from app.kpis.targets.records import TargetState as State


def _as_text(value: Any) -> Any:
    """Return a number as decimal text, since the log holds no fractional numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


DecimalText = Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$")]
_Float = Annotated[float, Field(ge=-999_999_999_999, le=999_999_999_999)]
Number = Annotated[DecimalText, BeforeValidator(_as_text, json_schema_input_type=DecimalText | _Float)]


class ReviseKpiTarget(Payload, of=KpiTarget):
    """A new target for a KPI, and its period. Without comparator and value, the period has no target."""

    comparator: Comparator | None = Field(default=None, examples=["lt"])
    value: Number | None = Field(
        default=None,
        description="Target value in the unit of the KPI, as a number or a decimal text: seconds, "
        "cases, or a ratio such as 0.95.",
        examples=["5400"],
    )
    valid_from_at: ValidFrom = None
    valid_until_at: ValidUntil = None


class AddKpiTarget(ReviseKpiTarget, of=KpiTarget):
    """The KPI, its target, and the period."""

    kpi: RecordKey


def add(target: KpiTarget, body: AddKpiTarget, ctx: ActionContext) -> None:
    """Add a KPI target for a period."""
    revise(target, body, ctx)


def revise(target: KpiTarget, body: ReviseKpiTarget, ctx: ActionContext) -> None:
    """Revise the target for a period."""
    copy_fields(target, body, ctx)
    target.valid_from_at = body.valid_from_at or ctx.occurred_at


def withdraw(target: KpiTarget, body: Reason, ctx: ActionContext) -> None:
    """Withdraw the target: it was a mistake. All its versions stop counting, for all periods."""


async def no_such_kpi(reads: ReadContext, target: KpiTarget, body: AddKpiTarget, ctx: ActionContext) -> None:
    """Refuse a target for an unknown KPI (`unknown_value`)."""
    if body.kpi not in KPIS:
        raise WrongValue({"value": body.kpi}, pointer="/kpi", because="unknown_value")


async def does_not_fit(
    reads: ReadContext, target: KpiTarget, body: ReviseKpiTarget, ctx: ActionContext
) -> None:
    """Refuse a target with a comparator but no value or the reverse, with a value outside the range of the
    KPI's unit, or with an invalid period.
    """
    both_or_neither(body, "comparator", "value")
    kpi = KPIS[body.kpi if isinstance(body, AddKpiTarget) else str(target.kpi)]
    if body.value is not None:
        value = float(body.value)
        if kpi.aggregate in {Aggregate.share, Aggregate.of_decided} and not 0 <= value <= 1:
            raise WrongValue(pointer="/value", because="not_a_share")
        if kpi.unit is not Unit.ratio and value < 0:
            raise WrongValue({"ge": "0"}, pointer="/value", because="greater_than_equal")
    ends_after_it_begins(body.valid_from_at, body.valid_until_at, ctx)


#: The names of the KPIs, by key and language.
NAMES = {key: {language: kpi.texts(language).name for language in LANGUAGES} for key, kpi in KPIS.items()}

# fmt: off
LIFECYCLE = Lifecycle(
    kind="kpi_target", plural="kpi_targets", zh="指标目标", record=KpiTarget,
    face=FACE,
    visible=(to_staff(),), lookup=Lookup(vocabulary=frozenset(KPIS), vocabulary_names=NAMES),
    rows=(
        #      action    中文    from            to               who              event
        action(add,      "设定", NEW_RECORD,     State.active,    quality_manager, "kpi_target.added",   wrong=(no_such_kpi, does_not_fit)),
        action(revise,   "调整", [State.active], STAYS,           quality_manager, "kpi_target.revised", wrong=(does_not_fit,)),
        action(withdraw, "撤回", [State.active], State.withdrawn, quality_manager, "kpi_target.withdrawn"),
    ),
)
# fmt: on
