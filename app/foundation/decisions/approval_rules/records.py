"""Approval rules and their versions: who votes on a kind of decision (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.decisions.records import DecisionKind


class ApprovalRuleState(CodeEnum):
    """State of an approval rule: only rules in force determine voters."""

    in_force = "in_force", "In force", "有效"
    ended = "ended", "Ended", "已终止"


class ElectorRelation(CodeEnum):
    """Relation of a person to the record by which they vote without holding a role."""

    service_owner = "service_owner", "Owners of the affected services", "相关服务的负责人"
    item_owner = "item_owner", "Owners of the affected items", "相关配置项的负责人"
    team_lead = (
        "team_lead",
        "Leads of its team and of the teams of its services",
        "所属团队及相关服务团队的负责人",
    )
    team_heads = "team_heads", "Heads of the teams concerned", "相关团队负责人"
    representative = "representative", "Representatives of both parties", "双方代表"
    process_owner = "process_owner", "Owner of the process", "相关流程的负责人"
    sponsor = "sponsor", "Sponsor", "项目发起人"
    countersigning_lead = (
        "countersigning_lead",
        "Leads of the countersigning departments",
        "会签部门的负责人",
    )
    manager = "manager", "Manager of the requester", "申请人的上级"


class ApprovalRule(Record):
    """A rule of who votes on decisions of one kind, in its newest version.

    `key` is that of a shipped rule if it replaces that rule. `edition` counts its versions from 1;
    `definition` is that of the newest version (`ApprovalRuleDefinition`), `set_by_id` its author.
    `told_roles` and `told_groups` are the roles, and the keys of the groups, that vote by the newest version
    or did by the one before: they are notified of each change.
    """

    KIND: ClassVar[str] = "approval_rule"

    state: ApprovalRuleState | None = required()
    key: str | None = required("Key of the rule; a rule with the key of a shipped rule replaces it.")
    decision: DecisionKind | None = required("Kind of the decisions that the rule applies to.")
    name: str | None = required("Display name of the rule.")
    edition: int | None = required("Number of the newest version; the first is 1.")
    definition: Annotated[dict[str, Any] | None, Document()] = required(
        "Records that the rule applies to, their voters, and the way in which votes are counted."
    )
    told_roles: list[str] | None = required(
        "Roles whose holders are notified of changes of the rule, because they vote by it."
    )
    told_groups: list[str] | None = required(
        "Identifiers of groups whose members are notified of changes of the rule, because they vote by it."
    )
    set_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who set the newest version.")
    set_at: datetime | None = required("Time at which the newest version was set.")
    ended_at: Annotated[datetime | None, EnteredAt(ApprovalRuleState.ended)] = None
    awaits_agreement: bool | None = optional(
        "True if the newest version awaits the agreement of a second person. Until then the rule only asks "
        "more than before."
    )


class ApprovalRuleVersion(ChildRecord):
    """A version of an approval rule; with `ended` the rule has no voters from then on. It changes only when a
    second person agrees to it.
    """

    KIND: ClassVar[str] = "approval_rule_version"

    edition: int | None = required("Number of the version; the first is 1.")
    definition: Annotated[dict[str, Any] | None, Document()] = required(
        "Records that the version applies to, their voters, and the way in which votes are counted."
    )
    ended: bool | None = required("True if the rule ended with this version.")
    set_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who set the version.")
    set_at: datetime | None = required("Time at which the version was set.")
    awaits_agreement: bool | None = optional("True if a second person has to agree to the version.")
    agreed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who agreed to the version; null if nobody has, or nobody had to."
    )
