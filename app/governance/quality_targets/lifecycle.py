"""Lifecycle of quality targets: set, broken down, and accepted by those who answer for them.

proposed ─► accepted | returned ─► proposed          any of them ─► withdrawn
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.decisions.authorship import agrees_to_what_was_read, authors_do_not_judge
from app.foundation.people.succession.handing_over import succession_rows
from app.governance.quality_targets import checks
from app.governance.quality_targets.checks import Answerable
from app.governance.quality_targets.payloads import (
    BreakDownQualityTarget,
    ReviseQualityTarget,
    SetQualityTarget,
)
from app.governance.quality_targets.records import QualityTarget
from app.governance.quality_targets.records import QualityTargetState as State
from app.kernel.access.audience_rules import to_members, to_persons
from app.kernel.access.kinds import Lookup
from app.kernel.actions.actor_policy import process_relation, quality_manager, role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.kernel.actions.related import RelatedCommands, RelatedPart
from app.kpis.catalogue import KPIS
from app.log.events import stream

answers_for_it = process_relation("answerable", "owner of the target", "目标责任人", "answerable_id")


def set_target(target: QualityTarget, body: SetQualityTarget, ctx: ActionContext) -> None:
    """Set a quality target: the goal for a KPI in a year. The person who is responsible is asked to accept
    it.
    """
    assert ctx.assigned.number is not None, "quality targets have numbers"
    target.number = ctx.assigned.number
    copy_fields(target, body, ctx, without="answerable")
    target.level = checks.level_of(body)
    target.setter_id = ctx.caller.person_id
    target.answerable_id = ctx.prepared(Answerable).person_id
    target.set_at = ctx.occurred_at


def revise(target: QualityTarget, body: ReviseQualityTarget, ctx: ActionContext) -> None:
    """Revise the quality target: the new goal must be accepted again."""
    copy_fields(target, body, ctx)


def break_down(target: QualityTarget, body: BreakDownQualityTarget, ctx: ActionContext) -> None:
    """Break the quality target down: each team or person gets a target of its own."""


def accept(target: QualityTarget, body: EmptyPayload, ctx: ActionContext) -> None:
    """Accept the quality target, as the person who is responsible for it."""


def return_(target: QualityTarget, body: Reason, ctx: ActionContext) -> None:
    """Return the quality target, with the reason for not accepting it."""
    target.reason = body.reason


def withdraw(target: QualityTarget, body: Reason, ctx: ActionContext) -> None:
    """Withdraw the quality target, with the reason. Targets that were broken down from it stay."""
    target.reason = body.reason


def _parts(target: QualityTarget, body: BreakDownQualityTarget, ctx: ActionContext) -> Sequence[RelatedPart]:
    """Return the setting of a target for each team or person."""
    same: dict[str, Any] = {
        "year": target.year,
        "kpi": target.kpi,
        "comparator": target.comparator,
        "parent": str(target.id),
    }
    parts = []
    for n, part in enumerate(body.targets):
        named = {"team": part.team, "person": part.person, "value": part.value}
        fields = same | {name: field for name, field in named.items() if field is not None}
        parts.append(RelatedPart(stream(QualityTarget.KIND, ctx.new_id()), fields, within=f"targets/{n}"))
    return parts


#: Management accepts what is the organisation's.
ACCEPTORS = answers_for_it | role(Role.management)
#: People who set the goal, or named its answerable person, do not accept it.
GOAL_OF_OTHERS = authors_do_not_judge(("value", "answerable_id"))
ACCEPTED_AS_READ = agrees_to_what_was_read(("set", "revised"), ("accepted",))
IN_FORCE = (State.proposed, State.accepted, State.returned)
SET_PARTIAL_TARGETS = RelatedCommands(action="set", field="targets", parts=_parts, permitted=True)
TO_ACCEPT = (RecipientRule(NoticeType.target_to_accept, field="answerable_id"),)
RETURNED = (RecipientRule(NoticeType.target_returned, field="setter_id"),)
WITHDRAWN = (RecipientRule(NoticeType.target_withdrawn, field="answerable_id"),)


def after_handing_over(target: QualityTarget) -> State:
    """Return the state under a new owner, who has accepted nothing yet."""
    assert target.state is not None
    return State.proposed if target.state is State.accepted else target.state


ACCEPTED_AGAIN = Branch(
    after_handing_over,
    (State.proposed, State.returned),
    outcomes={
        State.proposed: (State.proposed,),
        State.accepted: (State.proposed,),
        State.returned: (State.returned,),
    },
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="quality_target", plural="quality_targets", zh="质量目标", record=QualityTarget, code="QTG",
    visible=(to_persons("setter_id", "answerable_id"), to_members("team_id")), lookup=Lookup(vocabulary=frozenset(KPIS)),
    rows=(
        #      action      中文    from              to               who                               event
        action(set_target, "设定", NEW_RECORD,       State.proposed,  quality_manager,                  "quality_target.set", name="set",
               prepare=(checks.answerable,), wrong=(checks.does_not_fit,)),
        action(revise,     "调整", IN_FORCE,         State.proposed,  quality_manager,                  "quality_target.revised",
               wrong=(checks.value_out_of_range,), notifies=TO_ACCEPT),
        action(break_down, "分解", [State.accepted], STAYS,           quality_manager | answers_for_it, "quality_target.broken_down",
               wrong=(checks.part_named_twice,), related=SET_PARTIAL_TARGETS),
        action(accept,     "接受", [State.proposed], State.accepted,  ACCEPTORS.in_person(),                        "quality_target.accepted",
               unless=(checks.others_answer,), wrong=(GOAL_OF_OTHERS, ACCEPTED_AS_READ)),
        action(return_,    "退回", [State.proposed], State.returned,  ACCEPTORS,                        "quality_target.returned",
               unless=(checks.others_answer,), notifies=RETURNED),
        action(withdraw,   "撤回", IN_FORCE,         State.withdrawn, quality_manager,                  "quality_target.withdrawn", notifies=WITHDRAWN),
        *succession_rows("quality_target", State, to=ACCEPTED_AGAIN),
    ),
)
# fmt: on
