"""Checks that refuse actions on configuration items and baselines because of their payloads."""

from __future__ import annotations

from app.foundation.cis.payloads import ChangeAttributesCi, RelateCi, TakeBaseline
from app.foundation.cis.preparation import LatestPosition
from app.foundation.cis.records import Baseline, Ci, CiRelation
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.actions.refusals import WrongValue

#: Most relations that start from one configuration item; any number may lead to one.
MOST_RELATIONS = 500


async def too_many_attributes(
    reads: ReadContext, ci: Ci, body: ChangeAttributesCi, ctx: ActionContext
) -> None:
    """Refuse if the item would have too many attributes."""
    set_keys = {key for key, value in body.attributes.items() if value is not None}
    other_keys = (ci.attributes or {}).keys() - body.attributes.keys()
    if len(other_keys | set_keys) > LONGEST_LIST:
        raise WrongValue({"max_length": str(LONGEST_LIST)}, pointer="/attributes", because="too_long")


async def cannot_be_related(reads: ReadContext, ci: Ci, body: RelateCi, ctx: ActionContext) -> None:
    """Refuse a relation to the item itself, one that exists already, or one relation too many."""
    other = ctx.required_ref(Ci, "other")
    if other.id == ci.id:
        raise WrongValue(pointer="/other", because="itself")
    relations = await reads.children(CiRelation, ci)
    if any((relation.kind, relation.to_ci_id) == (body.kind, other.id) for relation in relations):
        raise WrongValue(pointer="/other", because="there_already")
    if len(relations) >= MOST_RELATIONS:
        raise WrongValue({"max_length": str(MOST_RELATIONS)}, pointer="/other", because="too_long")


async def position_not_reached(
    reads: ReadContext, baseline: Baseline, body: TakeBaseline, ctx: ActionContext
) -> None:
    """Refuse if the log has not reached the position yet (`ahead_of_the_log`)."""
    if body.position is not None and body.position > ctx.prepared(LatestPosition).position:
        raise WrongValue(pointer="/position", because="ahead_of_the_log")
