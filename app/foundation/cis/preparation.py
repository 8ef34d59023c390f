"""Preparations of actions on configuration items, baselines and verifications."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.foundation.cis.lookups import drawn_cis
from app.foundation.cis.payloads import (
    CheckItemVerification,
    DrawVerification,
    SettleDifferenceVerification,
    TakeBaseline,
    UnrelateCi,
)
from app.foundation.cis.records import Baseline, Ci, CiRelation, Verification, VerificationItem
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue


@dataclass(frozen=True, slots=True)
class EndedRelation:
    """The relation that the action ends."""

    relation: CiRelation


async def ended_relation(reads: ReadContext, ci: Ci, body: UnrelateCi, ctx: ActionContext) -> EndedRelation:
    """Find the relation that the action ends. Raises WrongValue if it does not exist."""
    other = ctx.required_ref(Ci, "other")
    relation = await reads.child(CiRelation, ci, kind=body.kind.value, to_ci_id=other.id)
    if relation is None:
        raise WrongValue(pointer="/other", because="not_related")
    return EndedRelation(relation)


@dataclass(frozen=True, slots=True)
class LatestPosition:
    """The last position of the log."""

    position: int


async def latest_position(
    reads: ReadContext, baseline: Baseline, body: TakeBaseline, ctx: ActionContext
) -> LatestPosition:
    """Find the last position of the log, at which a baseline is taken if no position is provided."""
    return LatestPosition(await reads.head())


@dataclass(frozen=True, slots=True)
class DrawnSample:
    """The items drawn, in order, with the number of those they were drawn from and the log's position."""

    position: int
    population: int
    cis: tuple[UUID, ...]


async def sample(
    reads: ReadContext, verification: Verification, body: DrawVerification, ctx: ActionContext
) -> DrawnSample:
    """Draw the sample. Raises WrongValue if no such item is in use."""
    classes = [ci_class.value for ci_class in body.ci_classes]
    services, seed = list(body.services), str(verification.id)
    position, population, drawn = await drawn_cis(reads, classes, services, seed, body.size)
    if not drawn:
        raise WrongValue(pointer="/ci_classes", because="nothing_to_draw")
    return DrawnSample(position, population, tuple(drawn))


@dataclass(frozen=True, slots=True)
class SampleItem:
    """The item of the sample that the payload names, and all items of the sample."""

    item: VerificationItem
    items: tuple[VerificationItem, ...]


async def sample_item(
    reads: ReadContext,
    verification: Verification,
    body: CheckItemVerification | SettleDifferenceVerification,
    ctx: ActionContext,
) -> SampleItem:
    """Find the item of the sample. Raises WrongValue if it was not drawn, or is settled already."""
    items = await reads.children(VerificationItem, verification)
    ci = ctx.required_ref(Ci, "ci")
    item = next((item for item in items if item.ci_id == ci.id), None)
    if item is None:
        raise WrongValue(pointer="/ci", because="not_drawn")
    if item.settlement is not None:
        raise WrongValue(pointer="/ci", because="settled_already")
    return SampleItem(item, tuple(items))
