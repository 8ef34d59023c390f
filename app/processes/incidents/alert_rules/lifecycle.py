"""Alert rules: how alerts are routed and grouped into incidents, and when they open no incident (lifecycle).

active ─► ended
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ForeignRef, KeyRef
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    EmptyPayload,
    Instant,
    Patch,
    Payload,
    RecordKey,
    Reference,
    ShortText,
    at_most_entries,
)
from app.kernel.actions.refusals import WrongValue
from app.processes.incidents.alert_rules.lookups import number_of_alert_rules
from app.processes.incidents.alert_rules.records import AlertRule, WindowSince
from app.processes.incidents.alert_rules.records import AlertRuleState as State
from app.processes.incidents.records import Effect

#: Most active rules, each of which is asked of every alert.
MOST_ALERT_RULES = 200
MOST_MATCHERS = 10
LOWEST_PRECEDENCE = 1_000_000
LONGEST_WINDOW = 7 * 86_400
#: Each further alert reads those that its incident has.
MOST_ALERTS = 1_000
LABEL = r"[A-Za-z_][A-Za-z0-9_.:/-]{0,99}"

Matcher = Annotated[
    str,
    StringConstraints(pattern=rf"^{LABEL}!?=[^*\n]{{0,100}}(\*[^*\n]{{0,100}}){{0,3}}$"),
    Field(examples=["team=db"]),
]
LabelName = Annotated[str, StringConstraints(pattern=rf"^{LABEL}$"), Field(examples=["cluster"])]
Matchers = Annotated[tuple[Matcher, ...], Field(max_length=MOST_MATCHERS), at_most_entries(MOST_MATCHERS)]
GroupBy = Annotated[tuple[LabelName, ...], Field(max_length=MOST_MATCHERS), at_most_entries(MOST_MATCHERS)]


class AlertRuleFields(Payload, of=AlertRule):
    """The fields of an alert rule that may be edited."""

    name: ShortText
    precedence: Annotated[int, Field(ge=0, le=LOWEST_PRECEDENCE, strict=True)]
    source: RecordKey | None = None
    matchers: Matchers = ()
    service: Annotated[RecordKey, KeyRef("service")] | None = None
    ci: Annotated[RecordKey, KeyRef("ci")] | None = None
    category: Annotated[RecordKey, KeyRef("category")] | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None
    effect: Effect | None = None
    group_by: GroupBy = ()
    window_seconds: Annotated[int, Field(ge=1, le=LONGEST_WINDOW, strict=True)] | None = None
    window_since: WindowSince | None = None
    most_alerts: Annotated[int, Field(ge=2, le=MOST_ALERTS, strict=True)] | None = None
    quiet_from_at: Instant | None = None
    quiet_until_at: Instant | None = None


class AddAlertRule(AlertRuleFields, of=AlertRule):
    """An alert rule: the alerts that it matches, and their treatment."""

    model_config = example_includes("service")


def add(rule: AlertRule, body: AddAlertRule, ctx: ActionContext) -> None:
    """Add an alert rule. It applies to alerts from now on."""
    copy_fields(rule, body, ctx)
    rule.matchers, rule.group_by = list(body.matchers) or None, list(body.group_by) or None


async def alert_rule_invalid(
    reads: ReadContext, rule: AlertRule, body: AddAlertRule, ctx: ActionContext
) -> None:
    """Refuse if there are too many rules, or this one does nothing, groups without a window, or has a quiet
    time without begin or end.
    """
    if await number_of_alert_rules(reads) >= MOST_ALERT_RULES:
        raise WrongValue({"most": str(MOST_ALERT_RULES)}, pointer="/precedence", because="too_many_rules")
    after = rule.model_copy()
    add(after, body, ctx)
    _check_effects(after, ctx)


class EditAlertRule(Patch, AlertRuleFields, of=AlertRule):
    """Fields to change; fields left out stay unchanged."""


def edit(rule: AlertRule, body: EditAlertRule, ctx: ActionContext) -> None:
    """Edit the rule, for alerts from now on."""
    apply_patch(rule, body, ctx, skip=("matchers", "group_by"))
    if "matchers" in body.model_fields_set:
        rule.matchers = list(body.matchers or ()) or None
    if "group_by" in body.model_fields_set:
        rule.group_by = list(body.group_by or ()) or None


async def alert_rule_edit_invalid(
    reads: ReadContext, rule: AlertRule, body: EditAlertRule, ctx: ActionContext
) -> None:
    """Refuse if the edited rule would do nothing, group without a window, or have a quiet time without begin
    or end.
    """
    after = rule.model_copy()
    edit(after, body, ctx)
    _check_effects(after, ctx)


def end(rule: AlertRule, body: EmptyPayload, ctx: ActionContext) -> None:
    """End the rule: it no longer applies to alerts. Incidents keep their alerts."""


def _check_effects(rule: AlertRule, ctx: ActionContext) -> None:
    """Check that what the rule does is whole. Raises WrongValue."""
    if rule.group_by and rule.window_seconds is None:
        raise WrongValue(pointer="/window_seconds", because="missing")
    for name in ("window_seconds", "window_since", "most_alerts"):
        if not rule.group_by and getattr(rule, name) is not None:
            raise WrongValue(pointer=f"/{name}", because="with_group_by")
    begin, until = rule.quiet_from_at, rule.quiet_until_at
    if (begin is None) != (until is None):
        pointer = "/quiet_until_at" if until is None else "/quiet_from_at"
        raise WrongValue(pointer=pointer, because="missing")
    if begin is not None and until is not None and until <= begin:
        raise WrongValue(pointer="/quiet_until_at", because="quiet_ends_early")
    if not (rule.routes or rule.group_by or begin is not None):
        raise WrongValue(pointer="/service", because="rule_does_nothing")


# fmt: off
LIFECYCLE = Lifecycle(
    kind="alert_rule", plural="alert_rules", zh="告警规则", record=AlertRule, access=KindAccess(administrative=True),
    visible=(to_staff(),),
    rows=(
        #      action 中文    from            to            who           event
        action(add,  "添加", NEW_RECORD,     State.active, admin | rule, "alert_rule.added",  wrong=(alert_rule_invalid,)),
        action(edit, "编辑", [State.active], STAYS,        admin | rule, "alert_rule.edited", wrong=(alert_rule_edit_invalid,)),
        action(end,  "结束", [State.active], State.ended,  admin | rule, "alert_rule.ended"),
    ),
)
# fmt: on
