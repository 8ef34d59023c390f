"""Approval rules: who votes on which decisions, set by process owners and quality managers (lifecycle).

in_force ⇄ ended
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import EnumMeta
from typing import Any
from uuid import UUID

from pydantic import Field

from app.common.duties import INDEPENDENT_ROLES
from app.common.faces import RecordFace
from app.common.notices import NoticeType, RecipientRule
from app.common.people import STAFF_ROLES, Role
from app.common.records import CodeEnum, empty, jsonb_ordered
from app.foundation.calendars.records import Calendar
from app.foundation.decisions.approval_rules.definition import SUBJECTS, ApprovalRuleDefinition
from app.foundation.decisions.approval_rules.electors import deciders_by
from app.foundation.decisions.approval_rules.records import ApprovalRule, ApprovalRuleVersion
from app.foundation.decisions.approval_rules.records import ApprovalRuleState as State
from app.foundation.decisions.approval_rules.shipped import FLOORS, SHIPPED
from app.foundation.decisions.approval_rules.versions import outvoting
from app.foundation.decisions.authorship import agreed_by_another, agrees_to_what_was_read, another_edition
from app.foundation.decisions.payloads import AgreeToEdition
from app.foundation.decisions.records import DecisionKind, DecisionRule
from app.foundation.people.records import Group
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, process_owner, quality_manager, role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Payload, RecordKey, ShortText
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import Rules, ValueTaken


class AddApprovalRule(Payload):
    """A rule that determines who votes on decisions of one kind."""

    key: RecordKey = Field(
        description="Key of the rule; a rule with the key of a shipped rule replaces it.",
        examples=["change_high_risk"],
    )
    decision: DecisionKind = Field(description="Kind of the decisions.", examples=["change"])
    name: ShortText = Field(
        description="Name of the rule, without names of persons.", examples=["Changes of high risk"]
    )
    definition: ApprovalRuleDefinition = Field(
        description="Records that the rule applies to, their voters, and the way in which votes are counted.",
        examples=[{"voters": [{"role": "cab_member"}], "rule": "majority"}],
    )


class ReviseApprovalRule(Payload):
    """The next version of the rule, with its whole definition."""

    name: ShortText | None = Field(default=None, description="Name of the rule; if left out, the name stays.")
    definition: ApprovalRuleDefinition = Field(
        description="Records that the rule applies to, their voters, and the way in which votes are counted.",
        examples=[{"voters": [{"role": "cab_member"}], "rule": "unanimous"}],
    )


def add(rule: ApprovalRule, body: AddApprovalRule, ctx: ActionContext) -> None:
    """Add an approval rule: it determines who votes once a second person agrees; until then it only asks more
    than before. Open questions stay with their voters.
    """
    rule.key, rule.decision, rule.name = body.key, body.decision, body.name
    _set_version(rule, body.definition, ctx)


def revise(rule: ApprovalRule, body: ReviseApprovalRule, ctx: ActionContext) -> None:
    """Revise the rule: the version determines who votes once a second person agrees; until then it only asks
    more than before. Open questions stay with their voters.
    """
    rule.name = body.name or rule.name
    rule.ended_at = None
    _set_version(rule, body.definition, ctx)


def end(rule: ApprovalRule, body: EmptyPayload, ctx: ActionContext) -> None:
    """End the rule: once a second person agrees, new questions no longer follow it. A shipped rule with its
    key applies again.
    """
    _add_version(rule, ctx, ended=True)


def _set_version(rule: ApprovalRule, definition: ApprovalRuleDefinition, ctx: ActionContext) -> None:
    before = _roles(rule.definition), _groups(rule.definition)
    rule.definition = jsonb_ordered(definition.model_dump(mode="json"))
    rule.told_roles = sorted(_roles(rule.definition) | before[0])
    keys = _groups(rule.definition) | before[1]
    rule.told_groups = sorted(keys)
    _add_version(rule, ctx, ended=False)


def _add_version(rule: ApprovalRule, ctx: ActionContext, *, ended: bool) -> None:
    rule.edition = (rule.edition or 0) + 1
    rule.awaits_agreement = True
    rule.set_by_id, rule.set_at = ctx.caller.person_id, ctx.occurred_at
    ctx.outcome.add(
        ApprovalRuleVersion(
            id=ctx.new_id(),
            record=rule.row_key,
            edition=rule.edition,
            definition=rule.definition,
            ended=ended,
            set_by_id=ctx.caller.person_id,
            set_at=ctx.occurred_at,
            awaits_agreement=True,
        )
    )


@dataclass(frozen=True, slots=True)
class NewestVersion:
    """The newest version of the rule."""

    row: ApprovalRuleVersion


async def newest_version(
    reads: ReadContext, rule: ApprovalRule, body: AgreeToEdition, ctx: ActionContext
) -> NewestVersion:
    """Find the newest version of the rule."""
    (row,) = await reads.children(ApprovalRuleVersion, rule, edition=rule.edition)
    return NewestVersion(row)


def agree(rule: ApprovalRule, body: AgreeToEdition, ctx: ActionContext) -> None:
    """Agree to the newest version of the rule, as a second person: it determines who votes from now on."""
    rule.awaits_agreement = None
    version = ctx.outcome.change(ctx.prepared(NewestVersion).row)
    version.awaits_agreement, version.agreed_by_id = None, ctx.caller.person_id


async def nothing_to_agree(reads: ReadContext, rule: ApprovalRule, ctx: ActionContext) -> str | None:
    """Refuse if nothing of the rule awaits agreement (`nothing_to_agree`)."""
    return None if rule.awaits_agreement else "nothing_to_agree"


async def _deciding(reads: ReadContext, rule: ApprovalRule, ctx: ActionContext) -> set[UUID]:
    """Return the people who vote by the newest version of the rule; none if it ends the rule."""
    assert rule.decision is not None
    if rule.state is State.ended:
        return set()
    kind, _ = SUBJECTS[rule.decision]
    matter = empty(reads.lifecycles[kind].record, rule.id)
    definition = ApprovalRuleDefinition.model_validate(rule.definition)
    return await deciders_by(reads, matter, definition, ctx.now)


def _sources(definition: dict[str, Any] | None) -> list[dict[str, Any]]:
    parts = (definition or {}).get
    return [source for name in ("voters", "otherwise", "if_unanswered") for source in parts(name, ())]


def _roles(definition: dict[str, Any] | None) -> set[str]:
    return {source["role"] for source in _sources(definition) if source["role"]}


def _groups(definition: dict[str, Any] | None) -> set[str]:
    return {source["group"] for source in _sources(definition) if source["group"]}


async def key_does_not_fit(
    reads: ReadContext, rule: ApprovalRule, body: AddApprovalRule, ctx: ActionContext
) -> None:
    """Refuse the key of a shipped rule for decisions of another kind."""
    shipped = SHIPPED.get(body.key)
    if shipped is not None and shipped.decision is not body.decision:
        words = {"decision": shipped.decision.value}
        raise WrongValue(words, pointer="/decision", because="key_of_another_decision")


async def role_only_reads(
    reads: ReadContext, rule: ApprovalRule, body: AddApprovalRule | ReviseApprovalRule, ctx: ActionContext
) -> None:
    """Refuse roles whose holders only read, and so cannot vote."""
    for field in ("voters", "otherwise", "if_unanswered"):
        for n, source in enumerate(getattr(body.definition, field)):
            if source.role in INDEPENDENT_ROLES:
                raise WrongValue(pointer=f"/definition/{field}/{n}/role", because="role_only_reads")


async def definition_invalid(
    reads: ReadContext,
    rule: ApprovalRule,
    body: AddApprovalRule | ReviseApprovalRule,
    ctx: ActionContext,
) -> None:
    """Refuse conditions on fields or codes that the records do not have, roles of people who are not staff,
    groups and calendars that are not there, and the chair's rule without exactly one group whose chair
    decides.
    """
    decision = body.decision if isinstance(body, AddApprovalRule) else rule.decision
    assert decision is not None
    kind, fields = SUBJECTS[decision]
    annotations = reads.lifecycles[kind].record.model_fields
    for n, condition in enumerate(body.definition.conditions):
        pointer = f"/definition/conditions/{n}"
        if condition.field not in fields:
            words = {"fields": ", ".join(fields) or "–"}
            raise WrongValue(words, pointer=f"{pointer}/field", because="no_field_of_conditions")
        codes = _codes(annotations[condition.field].annotation)
        if codes and (unknown := [value for value in condition.any_of if value not in codes]):
            words = {"value": unknown[0], "known": ", ".join(codes)}
            raise WrongValue(words, pointer=f"{pointer}/any_of", because="unknown_code")
    for field in ("voters", "otherwise", "if_unanswered"):
        for n, source in enumerate(getattr(body.definition, field)):
            if source.role is not None and source.role not in STAFF_ROLES:
                words = {"role": source.role}
                raise WrongValue(words, pointer=f"/definition/{field}/{n}/role", because="not_internal")
    voters = body.definition.voters
    if body.definition.rule is DecisionRule.chair and (len(voters) != 1 or voters[0].group is None):
        raise WrongValue(pointer="/definition/voters", because="chair_of_one_group")
    floors = [SHIPPED[key] for key in FLOORS if not SHIPPED[key].definition.conditions]
    for floor in floors:
        outvoting_sources = outvoting(body.definition, floor.definition) if floor.decision is decision else []
        if outvoting_sources and outvoting_sources[0].role is not None:
            raise WrongValue(
                {"role": outvoting_sources[0].role}, pointer="/definition/voters", because="outvotes_board"
            )
    groups = {source.group for source in body.definition.sources if source.group is not None}
    named = [(Group.KIND, group, "voters") for group in sorted(groups)]
    if body.definition.calendar is not None:
        named.append((Calendar.KIND, body.definition.calendar, "calendar"))
    for referred, key, field in named:
        if not await reads.by_key(referred, key):
            raise WrongValue({"value": key}, pointer=f"/definition/{field}", because="unknown_value")


def _codes(annotation: Any) -> list[str]:
    """Return the codes of a field with codes; empty for any other field."""
    kinds = getattr(annotation, "__args__", (annotation,))
    return [
        code.value
        for kind in kinds
        if isinstance(kind, EnumMeta) and issubclass(kind, CodeEnum)
        for code in kind
    ]


SETTERS = (process_owner | quality_manager).for_people()
AGREEING = (process_owner | quality_manager | admin | role(Role.management)).in_person().for_people()
AGREED_AS_READ = agrees_to_what_was_read(("added", "revised", "ended"), ("agreed",))
VOTERS = (
    RecipientRule(NoticeType.rule_changed, roles_field="told_roles"),
    RecipientRule(NoticeType.rule_changed, groups="told_groups"),
)
TELL_AGREEING = (
    RecipientRule(
        NoticeType.setting_to_agree,
        roles=frozenset({Role.process_owner, Role.quality_manager, Role.admin, Role.management}),
    ),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="approval_rule", plural="approval_rules", zh="审批规则", record=ApprovalRule,
    visible=(to_staff(),), children=(ApprovalRuleVersion,),
    rules=Rules(constraints={"approval_rule_key_key": ValueTaken("key")}),
    face=RecordFace(by_agreement={State.in_force: "awaits_agreement", State.ended: "end_awaits_agreement"}),
    rows=(
        #      action  中文    from                           to              who      event
        action(add,    "添加", NEW_RECORD,                    State.in_force, SETTERS, "approval_rule.added",
               wrong=(key_does_not_fit, definition_invalid, role_only_reads), notifies=TELL_AGREEING),
        action(revise, "修订", [State.in_force, State.ended], State.in_force, SETTERS, "approval_rule.revised",
               wrong=(definition_invalid, role_only_reads), notifies=TELL_AGREEING),
        action(end,    "终止", [State.in_force],              State.ended,    SETTERS, "approval_rule.ended", notifies=TELL_AGREEING),
        action(agree,  "同意", [State.in_force, State.ended], STAYS,          AGREEING, "approval_rule.agreed",
               unless=(nothing_to_agree,), prepare=(newest_version,),
               wrong=(agreed_by_another(("edition",), deciding=_deciding), another_edition, AGREED_AS_READ),
               notifies=VOTERS),
    ),
)
# fmt: on
