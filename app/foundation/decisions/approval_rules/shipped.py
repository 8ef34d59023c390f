"""The approval rules that the product ships: they hold until a rule of the same key takes their place (pure;
source: the specification of people, "Deciding").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.common.people import Grade, Role
from app.foundation.decisions.approval_rules.definition import (
    ApprovalRuleDefinition,
    Electors,
    RuleCondition,
)
from app.foundation.decisions.approval_rules.records import ElectorRelation
from app.foundation.decisions.records import DecisionKind, DecisionRule

DAY = 86_400


@dataclass(frozen=True, slots=True)
class ShippedRule:
    """A rule that the product ships, with its names; it counts as edition 0, and has no author."""

    decision: DecisionKind
    name_en: str
    name_zh: str
    definition: ApprovalRuleDefinition

    def name(self, language: str) -> str:
        """Return the rule's name in that language."""
        return self.name_zh if language == "zh" else self.name_en


def _with_role(role: Role, *, grade: Grade | None = None, on_call: bool = False) -> Electors:
    return Electors(role=role, grade=grade, on_call=on_call)


_SERVICE_OWNER = Electors(relation=ElectorRelation.service_owner)
_MANAGEMENT = (_with_role(Role.management),)
#: Half of the committee votes, and the majority of them decides.
_COMMITTEE = ApprovalRuleDefinition(
    voters=(_with_role(Role.committee_member),),
    otherwise=_MANAGEMENT,
    rule=DecisionRule.majority,
    quorum_percent=50,
    due_within_seconds=14 * DAY,
)


def _of_risk(
    level: str,
    voters: tuple[Electors, ...],
    rule: DecisionRule,
    *,
    otherwise: tuple[Electors, ...] = (),
    quorum: int | None = None,
) -> ApprovalRuleDefinition:
    return ApprovalRuleDefinition(
        conditions=(RuleCondition(field="risk_level", any_of=(level,)),),
        voters=voters,
        otherwise=otherwise,
        rule=rule,
        quorum=quorum,
        least_voters=1 if quorum == 1 else 2,
    )


def _of_tier(
    tier: str, voters: Electors, quorum: int | None = 1, *, otherwise: tuple[Electors, ...] = ()
) -> ApprovalRuleDefinition:
    """Return the rule of a tier of reviewers, with one vote as quorum; without a `quorum` more than half.
    `otherwise` are the reviewers of the next tier.
    """
    return ApprovalRuleDefinition(
        conditions=(RuleCondition(field="tier", any_of=(tier,)),),
        voters=(voters,),
        otherwise=otherwise,
        rule=DecisionRule.majority,
        quorum=quorum,
        least_voters=1,
    )


_CAB = (_with_role(Role.cab_member), _SERVICE_OWNER)
_MANAGERS = (_with_role(Role.change_manager), _SERVICE_OWNER)
_HIGH = (*_CAB, _with_role(Role.department_head))

SHIPPED: Mapping[str, ShippedRule] = {
    "change_low_risk": ShippedRule(
        DecisionKind.change,
        "Changes of low risk",
        "低风险变更",
        _of_risk("low", _MANAGERS, DecisionRule.majority, otherwise=_MANAGEMENT, quorum=1),
    ),
    "change": ShippedRule(
        DecisionKind.change,
        "Changes",
        "变更",
        ApprovalRuleDefinition(voters=_CAB, otherwise=_MANAGEMENT, rule=DecisionRule.majority),
    ),
    "change_high_risk": ShippedRule(
        DecisionKind.change,
        "Changes of high risk",
        "高风险变更",
        _of_risk("high", _HIGH, DecisionRule.unanimous, otherwise=_MANAGEMENT),
    ),
    "emergency_change": ShippedRule(
        DecisionKind.emergency_change,
        "Emergency changes",
        "紧急变更",
        ApprovalRuleDefinition(
            voters=(_with_role(Role.cab_member, on_call=True),),
            enough=2,
            otherwise=(_with_role(Role.cab_member, grade=Grade.senior),),
            if_unanswered=_MANAGEMENT,
            rule=DecisionRule.majority,
            quorum=1,
            least_voters=1,
            due_within_seconds=30 * 60,
            least_seconds=10 * 60,
        ),
    ),
    "freeze_exception": ShippedRule(
        DecisionKind.freeze_exception,
        "Exceptions from freezes",
        "冻结例外",
        ApprovalRuleDefinition(
            voters=(_with_role(Role.change_manager),),
            otherwise=_MANAGEMENT,
            rule=DecisionRule.majority,
            least_voters=1,
        ),
    ),
    "release_go": ShippedRule(
        DecisionKind.release_go,
        "Go of releases",
        "发布放行",
        ApprovalRuleDefinition(
            voters=(
                Electors(relation=ElectorRelation.sponsor),
                _with_role(Role.change_manager),
                _SERVICE_OWNER,
            ),
            otherwise=_MANAGEMENT,
            rule=DecisionRule.majority,
        ),
    ),
    "release_plan_change": ShippedRule(
        DecisionKind.release_plan_change,
        "Changes of a release's plan",
        "发布计划变更",
        ApprovalRuleDefinition(
            voters=(_with_role(Role.department_head),),
            otherwise=_MANAGEMENT,
            rule=DecisionRule.majority,
            quorum=1,
            least_voters=1,
            due_within_seconds=14 * DAY,
        ),
    ),
    "improvement_plan": ShippedRule(
        DecisionKind.improvement_plan, "Annual plans of improvements", "流程改进年度计划", _COMMITTEE
    ),
    "plan_adjustment": ShippedRule(
        DecisionKind.plan_adjustment, "Adjustments of annual plans", "年度计划调整", _COMMITTEE
    ),
    "plan_closing": ShippedRule(
        DecisionKind.plan_closing, "Closing of annual plans", "年度计划关闭", _COMMITTEE
    ),
    "improvement_proposal": ShippedRule(
        DecisionKind.improvement_proposal, "Proposals of improvements", "改进提案", _COMMITTEE
    ),
    "improvement_class": ShippedRule(
        DecisionKind.improvement_class, "Classes of improvements", "改进分类", _COMMITTEE
    ),
    "improvement_charter": ShippedRule(
        DecisionKind.improvement_charter, "Charters of improvement projects", "改进项目立项", _COMMITTEE
    ),
    "project_plan": ShippedRule(
        DecisionKind.project_plan, "Plans of improvement projects", "改进项目计划", _COMMITTEE
    ),
    "pilot": ShippedRule(DecisionKind.pilot, "Judgements of pilots", "试点裁定", _COMMITTEE),
    "improvement_people": ShippedRule(
        DecisionKind.improvement_people, "People of improvement projects", "更换改进项目人员", _COMMITTEE
    ),
    "improvement_revert": ShippedRule(DecisionKind.improvement_revert, "Reverting", "恢复原状", _COMMITTEE),
    "document_review": ShippedRule(
        DecisionKind.document_review,
        "Review of documents by team leads",
        "团队负责人评审文件",
        ApprovalRuleDefinition(
            voters=(Electors(relation=ElectorRelation.team_lead),),
            # A team without a lead, or whose lead is the author, is reviewed by the next tier.
            otherwise=(_with_role(Role.department_head),),
            if_unanswered=_MANAGEMENT,
            rule=DecisionRule.majority,
            quorum=1,
            least_voters=1,
        ),
    ),
    "document_review_by_heads": ShippedRule(
        DecisionKind.document_review,
        "Review of documents by the head of IT or of the business side",
        "信息技术或业务部门负责人评审文件",
        _of_tier("department_head", _with_role(Role.department_head), otherwise=_MANAGEMENT),
    ),
    "document_review_by_management": ShippedRule(
        DecisionKind.document_review,
        "Review of documents by management",
        "管理层评审文件",
        _of_tier("management", _with_role(Role.management), quorum=None),
    ),
    "document_countersignature": ShippedRule(
        DecisionKind.document_countersignature,
        "Countersigning of documents",
        "文件会签",
        ApprovalRuleDefinition(
            voters=(Electors(relation=ElectorRelation.countersigning_lead),),
            rule=DecisionRule.unanimous,
            least_voters=1,
        ),
    ),
    "process_change": ShippedRule(
        DecisionKind.process_change,
        "Changes of processes",
        "流程变更",
        ApprovalRuleDefinition(
            voters=(Electors(relation=ElectorRelation.team_heads),),
            enough=1,
            otherwise=(_with_role(Role.department_head),),
            if_unanswered=_MANAGEMENT,
            rule=DecisionRule.unanimous,
            least_voters=1,
            # The decision is due at the end of the second working day.
            least_seconds=DAY,
        ),
    ),
}
#: Kinds of decisions of the committee: only staff vote on them, also as members of a group.
COMMITTEE_DECISIONS = frozenset(rule.decision for rule in SHIPPED.values() if rule.definition is _COMMITTEE)
#: The documents name the board of these rules, so rules of the organisation only tighten them.
FLOORS = (
    "change_high_risk",
    "process_change",
    *(key for key, rule in SHIPPED.items() if rule.definition is _COMMITTEE),
)
