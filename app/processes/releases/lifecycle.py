"""Lifecycle of releases: plan them, pass the gates of their stages, decide, deploy, support.

planned ─► in_stage ─► ready ─► deployed ─► supported ─► closed
              └──◄── no go ┘        └─► rolled_back           planned, in_stage, ready ─► cancelled
"""

from __future__ import annotations

from typing import Any

from app.common.children import ExternalReference
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.common.tickets import Ticket
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.closing import withdraw_open_decisions
from app.foundation.decisions.preparation import open_decisions
from app.foundation.editing import apply_patch, edit_action
from app.foundation.people.records import Team
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.process_spec import AssigningSpec
from app.foundation.statements.actions import statement_rows
from app.foundation.statements.records import PersonStatement
from app.kernel.access.audience_rules import to_persons, to_services, to_team_or_desk
from app.kernel.access.kinds import Lookup
from app.kernel.actions.actor_policy import change_manager, decision, implementer, process_relation, role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import Reason
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import Rules
from app.log.events import stream
from app.processes.releases import checks
from app.processes.releases.approvals import (
    APPROVAL,
    GO_DECIDED,
    adopt_plan_change,
    change_plan,
    decide_go,
    go_question,
    plan_change_question,
    refuse_plan_change,
    request_go,
)
from app.processes.releases.face import FACE
from app.processes.releases.gates import GATE_PASSED, add_stages, appoint, pass_gate, stage_author
from app.processes.releases.payloads import (
    CloseRelease,
    DeployRelease,
    EditRelease,
    EndSupportRelease,
    PlanRelease,
    RollBackRelease,
)
from app.processes.releases.preparation import (
    DeploymentToRollBack,
    changes_that_go,
    chosen_stages,
    deployment_to_roll_back,
    going_out_now,
    stage_documents,
    stages_of_release,
)
from app.processes.releases.records import (
    BEFORE_DEPLOYMENT,
    ENDED,
    OPEN,
    PlanChange,
    Release,
    ReleaseStage,
)
from app.processes.releases.records import ReleaseState as State
from app.ticketing import CHILDREN, ticket_actions
from app.ticketing.opening import set_requester
from app.ticketing.priority import PRIORITY

gate_reviewer = process_relation(
    "gate_reviewer", "the stage's reviewer", "阶段评审人", named_in=(("release_stage", "reviewer_id"),)
)


def plan(release: Release, body: PlanRelease, ctx: ActionContext) -> None:
    """Plan a release with its changes, stages, team and environment."""
    copy_fields(release, body, ctx, without="changes requester")
    release.change_ids = [str(change.id) for change in ctx.refs(Ticket, "changes")]
    set_requester(release, ctx)
    release.opened_at = ctx.occurred_at
    release.plan_changes = 0
    add_stages(release, body.stages, ctx)
    release.stages_reason = body.stages_reason if release.stages_skipped else None
    set_custom_fields(release, ctx)


def cancel(release: Release, body: Reason, ctx: ActionContext) -> None:
    """Cancel the release: it will not be brought into use."""
    withdraw_open_decisions(ctx)
    release.plan_change_id = None


def deploy(release: Release, body: DeployRelease, ctx: ActionContext) -> None:
    """Deploy the release: it is in use from then on. A deployment is recorded with it."""
    release.environment = body.environment or release.environment
    release.deployed_what = body.what
    release.late_reason = body.late_reason
    release.deployed_at = body.ended_at or ctx.occurred_at
    release.deployment_id = ctx.command.related_id


def roll_back(release: Release, body: RollBackRelease, ctx: ActionContext) -> None:
    """Roll the release back, together with its deployment."""
    release.roll_back_reason = body.reason


def end_support(release: Release, body: EndSupportRelease, ctx: ActionContext) -> None:
    """End the release's early-life support. Open faults are handed over."""
    owner, team = ctx.ref(Person, "handed_over_to"), ctx.ref(Team, "handed_over_to_team")
    release.open_faults = body.open_faults
    release.faults_owner_id = owner.id if owner else None
    release.faults_team_id = team.id if team else None


def close(release: Release, body: CloseRelease, ctx: ActionContext) -> None:
    """Close the release, and record its lessons."""
    copy_fields(release, body, ctx)


def edit(release: Release, body: EditRelease, ctx: ActionContext) -> None:
    """Edit the release's fields."""
    apply_patch(release, body, ctx)


def _deployment_payload(release: Release, body: Any) -> dict[str, Any]:
    """Return the report of the deployment that `deploy` makes."""
    assert release.deployed_at is not None
    ended_at = release.deployed_at
    return {
        "service": release.service,
        "environment": release.environment,
        "release": str(release.id),
        "started_at": body.started_at or ended_at,
        "ended_at": ended_at,
        "outcome": "succeeded",
        "revisions": [dict(revision) for revision in body.revisions],
    }


RECORD_DEPLOYMENT = RelatedCommand(
    action="report",
    field="environment",
    record=lambda ctx: stream("deployment", ctx.command.related_id),
    body=_deployment_payload,
    permitted=True,
)
ROLL_BACK_DEPLOYMENT = RelatedCommand(
    action="roll_back",
    field="reason",
    record=lambda ctx: ctx.prepared(DeploymentToRollBack).stream or (),
    body=lambda release, body: {"reason": body.reason},
    permitted=True,
)
project_manager = role(Role.project_manager)
IN_STAGES = (State.planned, State.in_stage)
TO_DEPLOYED = (
    RecipientRule(NoticeType.deployed, field="requester_id"),
    RecipientRule(NoticeType.deployed, team=True),
)
TO_ROLLED_BACK = (
    RecipientRule(NoticeType.rolled_back, field="requester_id"),
    RecipientRule(NoticeType.rolled_back, team=True),
)
TO_REQUESTER = {
    step: (RecipientRule(step, field="requester_id"),)
    for step in (NoticeType.decided, NoticeType.approved, NoticeType.refused)
}

# fmt: off
LIFECYCLE = Lifecycle(
    kind="release", plural="releases", zh="发布", record=Release, code="REL",
    face=FACE,
    rules=Rules(change_check=decisions.not_while_decided(APPROVAL), derivation=PRIORITY),
    visible=(
        to_persons("requester_id", "reported_by_id", "assignee_id", "stage_author_id", "stage_reviewer_id", "faults_owner_id"),
        *to_team_or_desk(), to_services("service"),
    ),
    lookup=Lookup(
        ended=ENDED,
        searched_fields=("title", "description", "plan", "deployed_what", "open_faults", "lessons", "service", "environment"),
    ),
    children=(ExternalReference, *decisions.CHILDREN, ReleaseStage, PlanChange, *CHILDREN, PersonStatement),
    rows=(
        # action            中文            from                to              who                               event
        action(plan,               "计划",         NEW_RECORD,         State.planned,     project_manager,                  "release.planned",
               prepare=(chosen_stages,), wrong=(checks.target_not_ahead, checks.changes_do_not_fit, checks.plan_not_workable, invalid_custom_values)),
        action(appoint,            "指定阶段人员", IN_STAGES,          STAYS,             project_manager,                  "release.appointed",
               prepare=(stages_of_release,), wrong=(checks.appointment_not_workable,)),
        action(pass_gate,          "通过阶段评审", IN_STAGES,          GATE_PASSED,       gate_reviewer,                    "release.gate_passed",
               prepare=(stages_of_release, stage_documents),
               wrong=(checks.not_the_stage_reviewer, checks.stages_left_out_undecided, checks.reviews_own_stage, checks.stage_author_not_apart,
                      checks.document_of_other_stage, checks.evidence_of_other_release, checks.document_of_other_class, checks.nothing_made_for_release),
               segregate_from=(stage_author,)),
        action(change_plan,        "变更计划",     BEFORE_DEPLOYMENT,  STAYS,             project_manager,                  "release.plan_change_proposed",
               unless=(checks.decision_is_open,), prepare=(plan_change_question,),
               wrong=(checks.target_not_ahead, checks.changes_do_not_fit, checks.no_stages_left_out, checks.analyst_is_proposer)),
        action(adopt_plan_change,  "采纳计划变更", BEFORE_DEPLOYMENT,  STAYS,             decision,                         "release.plan_changed",
               notifies=TO_REQUESTER[NoticeType.approved]),
        action(refuse_plan_change, "不采纳计划变更", BEFORE_DEPLOYMENT, STAYS,            decision,                         "release.plan_change_refused",
               notifies=TO_REQUESTER[NoticeType.refused]),
        action(request_go,         "提请发布决议", [State.ready],      STAYS,             project_manager | change_manager, "release.go_requested",
               unless=(checks.decision_is_open, checks.go_is_granted), prepare=(changes_that_go, go_question)),
        action(decide_go,          "决定是否发布", [State.ready],      GO_DECIDED,        decision,                         "release.go_decided",
               prepare=(stages_of_release,), notifies=TO_REQUESTER[NoticeType.decided]),
        action(cancel,             "取消",         BEFORE_DEPLOYMENT,  State.cancelled,   project_manager | change_manager, "release.cancelled",
               prepare=(open_decisions,)),
        action(deploy,             "部署",         [State.ready],      State.deployed,    implementer,                      "release.deployed",
               unless=(checks.decision_is_open, checks.go_is_missing), prepare=(going_out_now,), wrong=(checks.deployment_times_invalid,),
               related=RECORD_DEPLOYMENT, notifies=TO_DEPLOYED),
        action(roll_back,          "回退",         [State.deployed],   State.rolled_back, implementer,                      "release.rolled_back",
               prepare=(deployment_to_roll_back,), related=ROLL_BACK_DEPLOYMENT, notifies=TO_ROLLED_BACK),
        action(end_support,        "结束早期支持", [State.deployed],   State.supported,   project_manager,                  "release.support_ended"),
        action(close,              "关闭",         [State.supported],  State.closed,      change_manager,                   "release.closed",
               wrong=(checks.changes_unfinished,)),
        *decisions.rows(APPROVAL),
        *edit_action(edit, "release", State, checks.service_without_changes, checks.put_to_the_vote),
        *ticket_actions(kind="release", any=State, open=OPEN, delivered=ENDED, manager=Role.change_manager,
                        assigning=AssigningSpec(project_manager)),
        *statement_rows("release", State),
        *succession_rows("release", State, wrong=(checks.successor_does_not_fit,)),
    ),
)
# fmt: on
