"""Lifecycle of the editions of weights and measures: proposed, and confirmed by somebody else before the
quarter begins that they are for.

proposed ─► set
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.quarters import start_of_quarter
from app.governance.scorecards.marks import Weights
from app.governance.scorecards.payloads import ScorecardMeasure, SetScorecardEdition
from app.governance.scorecards.records import RaterPart, ScorecardDimension, ScorecardEdition
from app.governance.scorecards.records import ScorecardEditionState as State
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty, quality_manager, role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, FormerEvent, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import narrowing_dimension
from app.kpis.declaration.kpi import Direction

WHOLE_PERCENT = 100

#: The weight of each part of a rating, and the least weight of a part or a dimension, in percent: nobody
#: appraises alone, and nothing that is appraised counts for nothing.
PART_WEIGHTS = ("oneself_weight", "superior_weight", "peer_weight")
LEAST_WEIGHT = 5


def set_edition(edition: ScorecardEdition, body: SetScorecardEdition, ctx: ActionContext) -> None:
    """Set a scorecard edition: the weights for a first quarter and all later ones. It counts once somebody
    else has confirmed it.
    """
    assert ctx.assigned.number is not None, "editions have numbers"
    edition.number, edition.proposed_by_id = ctx.assigned.number, ctx.caller.person_id
    copy_fields(edition, body, ctx, without="measures")
    # In the order of the event's members, so that a replayed answer, read from the event, has the same bytes.
    edition.measures = [
        {
            "best": measure.best,
            "dimension": measure.dimension.value,
            "kpi": measure.kpi,
            "worst": measure.worst,
        }
        for measure in body.measures
    ]


def confirm(edition: ScorecardEdition, body: EmptyPayload, ctx: ActionContext) -> None:
    """Confirm a scorecard edition. Another person has proposed it."""
    edition.confirmed_by_id = ctx.caller.person_id


async def edition_too_late(reads: ReadContext, edition: ScorecardEdition, ctx: ActionContext) -> str | None:
    """Refuse to confirm an edition whose first quarter has begun (`edition_too_late`)."""
    begins_at = start_of_quarter(str(edition.begins_with), ctx.settings.zone)
    return "edition_too_late" if begins_at <= ctx.counts_from else None


def weights_of(edition: ScorecardEdition) -> Weights:
    """Return the weights of the edition."""
    dimensions: dict[ScorecardDimension, int] = {
        dimension: getattr(edition, dimension.value) for dimension in ScorecardDimension
    }
    parts: dict[RaterPart, int] = {part: getattr(edition, f"{part.value}_weight") for part in RaterPart}
    assert edition.points_per_mark is not None
    assert edition.line is not None
    return Weights(dimensions, parts, edition.points_per_mark, edition.line)


async def edition_invalid(
    reads: ReadContext, edition: ScorecardEdition, body: SetScorecardEdition, ctx: ActionContext
) -> None:
    """Refuse a quarter that has begun, weights that are too low or do not make 100, and measures that cannot
    be.
    """
    if start_of_quarter(body.begins_with, ctx.settings.zone) <= ctx.now:
        raise WrongValue(pointer="/begins_with", because="not_ahead")
    for last, names in (
        ("satisfaction", ("service_quality", "efficiency", "cooperation", "satisfaction")),
        ("peer_weight", PART_WEIGHTS),
    ):
        if sum(getattr(body, name) for name in names) != WHOLE_PERCENT:
            raise WrongValue(pointer=f"/{last}", because="weights_not_whole")
    _check_floors(body)
    named = set[tuple[ScorecardDimension, str]]()
    for n, measure in enumerate(body.measures):
        _check_measure(measure, f"/measures/{n}")
        if (measure.dimension, measure.kpi) in named:
            raise WrongValue(pointer=f"/measures/{n}", because="each_once")
        named.add((measure.dimension, measure.kpi))


def _check_floors(body: SetScorecardEdition) -> None:
    """Refuse weights by which a dimension or a rater hardly counts, and a line that nobody falls below."""
    for name in (*(dimension.value for dimension in ScorecardDimension), *PART_WEIGHTS):
        if getattr(body, name) < LEAST_WEIGHT:
            raise WrongValue({"least": str(LEAST_WEIGHT)}, pointer=f"/{name}", because="weight_too_low")
    if not body.line:
        raise WrongValue(pointer="/line", because="nobody_below_line")


def _check_measure(measure: ScorecardMeasure, pointer: str) -> None:
    if measure.kpi not in KPIS:
        raise WrongValue({"value": measure.kpi}, pointer=f"{pointer}/kpi", because="unknown_value")
    narrowed = partial(narrowing_dimension, KPIS[measure.kpi].dimensions)
    if narrowed(of_person=False) is None and narrowed(of_person=True) is None:
        raise WrongValue(pointer=f"{pointer}/kpi", because="kpi_of_no_team_or_person")
    if Decimal(measure.best) == Decimal(measure.worst):
        raise WrongValue(pointer=f"{pointer}/worst", because="same_as_best")
    lower_is_better = Decimal(measure.best) < Decimal(measure.worst)
    against = {Direction.up: lower_is_better, Direction.down: not lower_is_better}
    if against.get(KPIS[measure.kpi].direction, False):
        raise WrongValue(pointer=f"{pointer}/worst", because="best_is_worse")


CONFIRMERS = (quality_manager | role(Role.management)).in_person()
PROPOSER = RecordDuty("person who has proposed it", "提出人", ("proposed_by_id",))
TELL_CONFIRMERS = (
    RecipientRule(NoticeType.weights_to_confirm, roles=frozenset({Role.quality_manager, Role.management})),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="scorecard_edition", plural="scorecard_editions", zh="记分卡权重版本", record=ScorecardEdition, code="SCE",
    visible=(to_staff(),), lookup=Lookup(vocabulary=frozenset(KPIS)),
    rows=(
        #      action       中文    from        to         who              event
        action(set_edition, "设定", NEW_RECORD, State.proposed, quality_manager, "scorecard_edition.proposed", name="set", wrong=(edition_invalid,),
               former=(FormerEvent("scorecard_edition.set", SetScorecardEdition),), notifies=TELL_CONFIRMERS),
        action(confirm, "确认", [State.proposed], State.set, CONFIRMERS, "scorecard_edition.confirmed",
               unless=(edition_too_late,), segregate_from=(PROPOSER,)),
    ),
)
# fmt: on
