"""Duties that a reference to a person, a team or a group gives, and who is eligible for each. The mark stands
on the reference: `Annotated[Reference, ForeignRef("person", GivenDuty.work)]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Eligible:
    """One way to be eligible; every part that is not empty must hold.

    The parts are codes: sides of `TeamKind`, grades of `Grade`, roles of `Role` (or STAFF), seats of
    `RepresentedSide`.

    A team is on the side that its kind names. A person is on the internal side with a staff role for the
    record or as a member of an internal team, on the supplier side as a member of a supplier, and on the
    customer side without a role except those of BUSINESS_ROLES, as a member of a customer or of no other
    team. `seats`: a group has an active member of the customer side who represents one of these.
    `staffed`: a team has an active member who is no machine. `independent`: roles by which, and as whose
    holder, nobody is on the internal side, or staff, who holds no other role of staff. `own`: nobody who
    belongs to a supplier, and to no internal team.
    """

    sides: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    seats: tuple[str, ...] = ()
    staffed: bool = False
    independent: tuple[str, ...] = ()
    own: bool = False


#: Kinds of records that have duties.
DUTY_KINDS = ("person", "team", "group")
#: Roles that people of the business hold as well.
BUSINESS_ROLES = ("department_head", "management", "committee_member", "process_owner")
#: Roles that decide for IT: no customer holds them. Auditors and suppliers hold neither these nor
#: BUSINESS_ROLES.
DECIDING_ROLES_OF_IT = (
    *("cab_member", "change_manager", "configuration_manager", "incident_manager", "problem_manager"),
    *("quality_manager", "service_level_manager"),
)
#: Stands for all roles of staff.
STAFF = ("staff",)
#: Auditors read and name faults. They do no work that they would judge, and decide nothing.
INDEPENDENT_ROLES = ("auditor",)
_STAFF = Eligible(sides=("internal",))
_WORKERS = Eligible(sides=("internal",), independent=INDEPENDENT_ROLES)
#: The sides of the organisation itself, without suppliers.
_OWN = ("internal", "customer")
#: Those of the organisation who decide: people who only read are named to no vote.
_DECIDING = Eligible(sides=_OWN, independent=INDEPENDENT_ROLES)
_SENIOR = Eligible(sides=_OWN, grades=("senior", "management"), independent=INDEPENDENT_ROLES)


@dataclass(frozen=True, slots=True)
class HeadedTeam:
    """Marks a field of a record that names the head of the team in its field `team_field`: the person leads
    the team, or led it once, manages its lead, or heads its department.
    """

    team_field: str


class GivenDuty(StrEnum):
    """A duty. A person or team is eligible if they are active and one of `any_of` holds; without any, all
    are. Machines are eligible for accounts only. `because` is the code of the refusal of an ineligible
    person.
    """

    en: str
    zh: str
    any_of: tuple[Eligible, ...]
    because: str

    def __new__(
        cls, code: str, en: str = "", zh: str = "", any_of: tuple[Eligible, ...] = (), because: str = ""
    ) -> GivenDuty:
        member = str.__new__(cls, code)
        member._value_ = code
        member.en, member.zh, member.any_of, member.because = en, zh, any_of, because
        return member

    __hash__ = str.__hash__

    def label(self, language: str) -> str:
        """Return the label in that language (`en`, `zh`)."""
        return self.zh if language == "zh" else self.en

    # Persons
    work = "work", "Work of IT", "IT 工作", (_WORKERS,), "not_staff"
    ownership = "ownership", "Ownership", "负责人", (_WORKERS,), "not_staff"
    review = "review", "Review", "评审", (_WORKERS,), "not_staff"
    judgement = "judgement", "Judgement", "评定", (_STAFF,), "not_staff"
    auditing = (
        "auditing",
        "Audit",
        "审计",
        (Eligible(roles=("auditor", "quality_manager")),),
        "not_an_auditor",
    )
    appraisal = "appraisal", "Appraised work", "接受考核", (_STAFF,), "not_staff"
    award = "award", "Award", "获得表彰", (Eligible(sides=("internal",), own=True),), "not_staff"
    representation = "representation", "Representation of IT", "代表 IT", (_WORKERS,), "not_staff"
    process_ownership = "process_ownership", "Ownership of a process", "流程负责人", (_SENIOR,), "not_senior"
    step_ownership = (
        "step_ownership",
        "Ownership of a rollout step",
        "推广步骤负责人",
        (_WORKERS, _SENIOR),
        "not_staff_or_senior",
    )
    co_authorship = (
        "co_authorship",
        "Co-authorship as a process owner",
        "以流程负责人身份参与起草",
        (Eligible(roles=("process_owner",)),),
        "no_process_owner",
    )
    agreement = (
        "agreement",
        "Agreement of the process owner",
        "流程负责人同意",
        (Eligible(roles=("process_owner",)),),
        "agreed_by_no_owner",
    )
    sponsorship = (
        "sponsorship",
        "Sponsorship",
        "项目发起",
        (Eligible(sides=_OWN, grades=("management",), independent=INDEPENDENT_ROLES),),
        "not_of_management",
    )
    project_management = (
        "project_management",
        "Project management",
        "项目管理",
        (Eligible(roles=("project_manager",), own=True),),
        "no_project_manager",
    )
    business_voice = (
        "business_voice",
        "Voice of the business",
        "业务方意见",
        (Eligible(sides=("customer",)),),
        "not_of_the_business",
    )
    scoring = (
        "scoring",
        "Scoring of suggestions",
        "建议评分",
        (Eligible(roles=STAFF, independent=INDEPENDENT_ROLES),),
        "assessor_is_no_staff",
    )
    answering = (
        "answering",
        "Answer to a complaint",
        "答复投诉",
        (Eligible(roles=("service_level_manager",)),),
        "cannot_answer",
    )
    party = "party", "Representation of the other party", "代表对方"
    participation = "participation", "Participation", "参与"
    deputising = "deputising", "Deputising", "代理"
    chairing = (
        "chairing",
        "Chair of a group",
        "小组主持",
        (_WORKERS, Eligible(sides=("customer",))),
        "not_of_the_organisation",
    )
    convening = "convening", "Convening", "召集会议", (_DECIDING,), "not_of_the_organisation"
    management_seat = (
        "management_seat",
        "Seat of management",
        "管理层席位",
        (_WORKERS, Eligible(sides=_OWN, grades=("management",)), Eligible(roles=BUSINESS_ROLES)),
        "not_staff_or_management",
    )
    approval = "approval", "Approval", "审批", (_DECIDING,), "not_of_the_organisation"
    change_request = (
        "change_request",
        "Request for a change",
        "提出变更",
        (_DECIDING,),
        "not_of_the_organisation",
    )
    account = "account", "Account", "账户"

    # Teams
    team_work = "team_work", "Work of a team", "团队工作", (_STAFF,), "team_not_internal"
    team_handling = (
        "team_handling",
        "Handling by a team",
        "团队处理",
        (Eligible(sides=("internal",), staffed=True),),
        "team_without_members",
    )
    custom = (
        "custom",
        "Custom",
        "客户",
        (Eligible(sides=("customer", "internal")),),
        "supplier_is_no_customer",
    )
    supply = "supply", "Supply", "供应", (Eligible(sides=("supplier",)),), "not_a_supplier"
    audience = "audience", "Audience", "受众"

    # Groups
    group_decision = "group_decision", "Decision of a group", "小组决定"
    group_acceptance = (
        "group_acceptance",
        "Acceptance for the business",
        "业务方验收",
        (Eligible(seats=("business", "key_user")),),
        "no_business_in_group",
    )

    # A reference to the past, in a filter, or to a request. It gives no duty, and may name people who have
    # left.
    recorded = "recorded", "No duty", "不产生职责"
