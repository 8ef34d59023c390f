"""Escalation rules: when tickets are escalated automatically, and to which team or person (lifecycle).

active ─► ended
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.records import ForeignRef
from app.common.times.clocks import ClockMetric
from app.foundation.assignment.assignment_rules import Priorities, TeamReference, stored_priorities
from app.foundation.assignment.lookups import number_of_escalation_rules
from app.foundation.editing import apply_patch
from app.foundation.escalation.records import EscalateTo, EscalationCondition, EscalationRule
from app.foundation.escalation.records import EscalationRuleState as State
from app.foundation.people.succession.handing_over import succession_rows
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Patch, Payload, RecordKey, Reference, ShortText
from app.kernel.actions.refusals import WrongValue

#: Most active rules of a process, each of which is evaluated for every open ticket.
MOST_ESCALATION_RULES = 50
#: Twice the target: later escalations would have no further recipient.
MOST_PERCENT = 200
ONE_YEAR = 366 * 24 * 60 * 60

AfterSeconds = Annotated[int, Field(ge=60, le=ONE_YEAR, strict=True)]
SlaPercent = Annotated[int, Field(ge=1, le=MOST_PERCENT, strict=True)]
PersonReference = Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)]


class EscalationRuleFields(Payload, of=EscalationRule):
    """The fields of an escalation rule that may be edited."""

    name: ShortText
    priorities: Priorities = ()
    after_seconds: AfterSeconds | None = None
    sla_percent: SlaPercent | None = None
    metric: ClockMetric | None = None
    as_long_as: EscalationCondition
    escalate_to: EscalateTo
    to_team: TeamReference | None = None
    to_person: PersonReference | None = None


class AddEscalationRule(EscalationRuleFields, of=EscalationRule):
    """An escalation rule: the tickets that it escalates, the time, and the recipient."""

    model_config = example_includes("after_seconds")
    process: RecordKey


def add(rule: EscalationRule, body: AddEscalationRule, ctx: ActionContext) -> None:
    """Add an escalation rule: from now on it escalates tickets automatically, including tickets that are open
    already.
    """
    copy_fields(rule, body, ctx)
    rule.priorities = stored_priorities(body.priorities)


async def rule_invalid(
    reads: ReadContext, rule: EscalationRule, body: AddEscalationRule, ctx: ActionContext
) -> None:
    """Refuse if tickets of the process cannot be escalated, its rules are too many, the time is missing or
    given twice, or the target is missing.
    """
    lifecycle = reads.lifecycles.get(body.process)
    if lifecycle is None or not lifecycle.is_ticket or "escalate" not in lifecycle.action_names:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")
    if await number_of_escalation_rules(reads, body.process) >= MOST_ESCALATION_RULES:
        raise WrongValue({"most": str(MOST_ESCALATION_RULES)}, pointer="/process", because="too_many_rules")
    _check_when(body.after_seconds, body.sla_percent, body.metric)
    _check_target_named(body.escalate_to, body.to_team is not None, body.to_person is not None)


class EditEscalationRule(Patch, EscalationRuleFields):
    """Fields to change; fields left out stay unchanged."""


def edit(rule: EscalationRule, body: EditEscalationRule, ctx: ActionContext) -> None:
    """Edit the rule, for open tickets that it has not escalated yet."""
    apply_patch(rule, body, ctx, skip=("priorities",))
    if "priorities" in body.model_fields_set:
        rule.priorities = stored_priorities(body.priorities)


async def rule_edit_invalid(
    reads: ReadContext, rule: EscalationRule, body: EditEscalationRule, ctx: ActionContext
) -> None:
    """Refuse if the edited rule would have no time of escalation, or two, or a target that is missing or
    inactive.
    """
    sent = body.model_fields_set
    after = rule.model_copy()
    edit(after, body, ctx)
    _check_when(after.after_seconds, after.sla_percent, after.metric)
    to = body.escalate_to if "escalate_to" in sent else rule.escalate_to
    assert to is not None
    team = body.to_team if "to_team" in sent else rule.to_team_id
    person = body.to_person if "to_person" in sent else rule.to_person_id
    _check_target_named(to, team is not None, person is not None)


def end(rule: EscalationRule, body: EmptyPayload, ctx: ActionContext) -> None:
    """End the rule: it no longer escalates tickets."""


def _check_when(after_seconds: int | None, sla_percent: int | None, metric: ClockMetric | None) -> None:
    """Check that the rule defines the time of escalation in exactly one of both ways. Raises WrongValue."""
    if (after_seconds is None) == (sla_percent is None):
        raise WrongValue(pointer="/sla_percent", because="seconds_or_percent")
    if metric is not None and sla_percent is None:
        raise WrongValue(pointer="/metric", because="metric_of_percent")


def _check_target_named(to: EscalateTo, team: bool, person: bool) -> None:
    """Check that the payload names exactly the target that `to` requires. Raises WrongValue."""
    for pointer, named, meant in (
        ("/to_team", team, to is EscalateTo.team),
        ("/to_person", person, to is EscalateTo.person),
    ):
        if named is not meant:
            raise WrongValue({"to": to}, pointer=pointer, because="missing" if meant else "not_meant")


# fmt: off
LIFECYCLE = Lifecycle(
    kind="escalation_rule", plural="escalation_rules", zh="升级规则", record=EscalationRule, access=KindAccess(administrative=True),
    visible=(to_staff(),),
    rows=(
        #      action 中文    from            to            who           event
        action(add,  "添加", NEW_RECORD,     State.active, admin | rule, "escalation_rule.added",  wrong=(rule_invalid,)),
        action(edit, "编辑", [State.active], STAYS,        admin | rule, "escalation_rule.edited", wrong=(rule_edit_invalid,)),
        action(end,  "结束", [State.active], State.ended,  admin | rule, "escalation_rule.ended"),
        *succession_rows("escalation_rule", State),
    ),
)
# fmt: on
