"""Lifecycle of findings: raised, objected to and decided, corrected, verified.

raised ⇄ corrected ─► verified          raised ─► objected ─► raised | withdrawn
"""

from __future__ import annotations

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.foundation.people.eligibility import (
    DefaultHolder,
    ProcessSupervisor,
    answers_for_another_team,
    head_of_team,
    not_the_head,
    process_supervisor,
)
from app.foundation.people.succession.handing_over import succession_rows
from app.governance.findings import checks
from app.governance.findings.payloads import (
    CorrectFinding,
    DecideObjectionFinding,
    ObjectFinding,
    RaiseFinding,
    VerifyFinding,
)
from app.governance.findings.preparation import (
    EarlierFinding,
    earlier_finding,
)
from app.governance.findings.records import Finding, ObjectionVerdict
from app.governance.findings.records import FindingState as State
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import RecordDuty, process_relation, quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Reason


def raise_(finding: Finding, body: RaiseFinding, ctx: ActionContext) -> None:
    """Raise a finding. Three people answer for it: the person, the supervisor and the head."""
    assert ctx.assigned.number is not None, "findings have numbers"
    finding.number = ctx.assigned.number
    copy_fields(finding, body, ctx)
    if ctx.ref(Person, "head") is None:
        finding.head_id = ctx.prepared(DefaultHolder).person_id
    if ctx.ref(Person, "supervisor") is None:
        finding.supervisor_id = ctx.prepared(ProcessSupervisor).id
    finding.raiser_id = ctx.caller.person_id
    finding.repeats_id = ctx.prepared(EarlierFinding).id


def object_(finding: Finding, body: ObjectFinding, ctx: ActionContext) -> None:
    """Object to the finding. Each responsible person can object once."""
    copy_fields(finding, body, ctx)
    finding.objector_ids = [*checks.objectors(finding), str(ctx.caller.person_id)]
    finding.objector_id = ctx.caller.person_id
    finding.verdict = finding.verdict_reason = finding.objection_decided_at = None


def decide_objection(finding: Finding, body: DecideObjectionFinding, ctx: ActionContext) -> None:
    """Decide the objection to the finding: the finding stands, or is withdrawn with its points."""
    copy_fields(finding, body, ctx)
    finding.objection_decided_at = ctx.occurred_at


def correct(finding: Finding, body: CorrectFinding, ctx: ActionContext) -> None:
    """Correct the finding: describe the correction."""
    copy_fields(finding, body, ctx)
    finding.corrector_id = ctx.caller.person_id


def verify(finding: Finding, body: VerifyFinding, ctx: ActionContext) -> None:
    """Verify the finding: its correction has an effect."""
    copy_fields(finding, body, ctx)


def return_(finding: Finding, body: Reason, ctx: ActionContext) -> None:
    """Return the finding to its owner: the correction does not hold."""


def flag_overdue(finding: Finding, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the finding as overdue: it was not corrected in time."""
    finding.overdue_at = ctx.occurred_at


ANSWERING = ("person_id", "supervisor_id", "head_id")
READERS = (*ANSWERING, "owner_id", "raiser_id", "auditor_id")


concerned = process_relation("concerned", "those who answer for it", "相关责任人", *ANSWERING)
owner = process_relation("finding_owner", "its owner", "整改人", "owner_id")
CONCERNED = RecordDuty("person concerned", "当事人", ANSWERING)
RAISER = RecordDuty("raiser", "提出人", ("raiser_id", "auditor_id"))
CORRECTOR = RecordDuty("corrector", "整改人", ("corrector_id",))
TELL_CONCERNED = tuple(RecipientRule(NoticeType.finding_raised, field=name) for name in ANSWERING)
TELL_JUDGES = (RecipientRule(NoticeType.finding_objected, roles=frozenset({Role.quality_manager})),)
TELL_OF_VERDICT = tuple(RecipientRule(NoticeType.objection_decided, field=name) for name in ANSWERING)
TELL_RAISER = (RecipientRule(NoticeType.finding_corrected, field="raiser_id"),)
TELL_OWNER = (RecipientRule(NoticeType.finding_to_correct, field="owner_id"),)
TELL_OWNER_OVERDUE = (
    RecipientRule(NoticeType.finding_overdue, field="owner_id"),
    RecipientRule(NoticeType.finding_overdue, field="raiser_id"),
)
VERDICT = Branch(
    lambda finding: State.withdrawn if finding.verdict is ObjectionVerdict.withdrawn else State.raised,
    leads_to=(State.raised, State.withdrawn),
    events={State.withdrawn: "finding.withdrawn"},
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="finding", plural="findings", zh="审核发现", record=Finding, code="FND",
    visible=(to_persons(*READERS),),
    # Managers of other people's work see findings about that work, not findings about others.
    access=KindAccess(oversight=frozenset({Role.auditor, Role.management})),
    rows=(
        #      action            中文        from               to               who              event
        action(raise_,           "提出",     NEW_RECORD,        State.raised,    quality_manager, "finding.raised",
               prepare=(earlier_finding, head_of_team, process_supervisor),
               wrong=(checks.finding_invalid, not_the_head, answers_for_another_team), notifies=TELL_CONCERNED),
        action(object_,          "申诉",     [State.raised],    State.objected,  concerned,       "finding.objected",
               unless=(checks.objection_decided,), notifies=TELL_JUDGES),
        action(decide_objection, "裁定申诉", [State.objected],  VERDICT,         quality_manager, "finding.upheld",
               segregate_from=(RAISER, CONCERNED), notifies=TELL_OF_VERDICT),
        action(correct,          "整改",     [State.raised],    State.corrected, owner,           "finding.corrected", notifies=TELL_RAISER),
        action(verify,           "验证",     [State.corrected], State.verified,  quality_manager, "finding.verified", segregate_from=(CORRECTOR, CONCERNED)),
        action(return_,          "退回",     [State.corrected], State.raised,    quality_manager, "finding.returned",
               segregate_from=(CORRECTOR, CONCERNED), notifies=TELL_OWNER),
        action(flag_overdue,     "标记逾期", [State.raised],    STAYS,           rule,            "finding.fell_overdue",
               due=DueAt("due_at", "flag_overdue_findings", unless="overdue_at"), notifies=TELL_OWNER_OVERDUE),
        *succession_rows("finding", State, of_the_active=True),
    ),
)
# fmt: on
