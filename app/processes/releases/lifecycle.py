"""Lifecycle of releases: plan them, pass the gates of their stages, decide, deploy, support.

planned ─► in_stage ─► ready ─► deployed ─► supported ─► closed
              └──◄── no go ┘        └─► rolled_back           planned, in_stage, ready ─► cancelled
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.children import ExternalReference
from app.common.components import example_includes
from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.people import Person, Role
from app.common.records import ForeignRef, KeyRef
from app.foundation.custom.values import CustomValues, invalid_custom_values, set_custom_fields
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import withdraw_open_decisions
from app.foundation.decisions.preparation import open_decisions, question_preparation
from app.foundation.editing import apply_patch, edit_action
from app.foundation.people.records import Team
from app.kernel.access.visibility import DESK
from app.kernel.actions.actor_policy import change_manager, decision, implementer, process_relation, role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, RelatedCommand, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    Reason,
    RecordKey,
    Reference,
    ShortText,
    Title,
    at_most_entries,
)
from app.log.events import stream
from app.processes.releases import checks
from app.processes.releases.approvals import (
    APPROVAL,
    GO_DECIDED,
    GO_MATTER,
    ChangeReferences,
    adopt_plan_change,
    change_ids_of,
    change_plan,
    decide_go,
    plan_change_question,
    refuse_plan_change,
    request_go,
)
from app.processes.releases.gates import (
    GATE_PASSED,
    PlannedStage,
    add_stages,
    appoint,
    pass_gate,
    stage_author,
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
from app.ticketing.going_out_lookups import PRODUCTION
from app.ticketing.priority import PRIORITY
from app.ticketing.requesters import set_requester

gate_reviewer = process_relation("gate_reviewer", "the stage's reviewer", "阶段评审人")


MOST_REVISIONS = 500


class PlanRelease(Payload):
    """The release to plan: the changes in it, its stages, its team and its plan."""

    title: Title = Field(
        description="What it brings, in a line. Lists show it: name no persons here.",
        examples=["Mail relay 4.2"],
    )
    description: FreeText | None = Field(default=None, description="What is to be known of it.")
    service: Annotated[RecordKey, KeyRef("service")] = Field(description="The key of its service.")
    changes: ChangeReferences = Field(
        max_length=LONGEST_LIST,
        description="The changes in it: ids or numbers; an empty list, if none was needed.",
        examples=[[]],
    )
    environment: RecordKey = Field(
        default=PRODUCTION,
        description="Where it is deployed. Figures count `production`.",
        examples=[PRODUCTION],
    )
    plan: FreeText = Field(description="The plan.", examples=["Build in March, try in April."])
    target_at: Instant | None = Field(default=None, description="When it is to be deployed.")
    team: Annotated[Reference, ForeignRef("team")] = Field(
        description="The team that makes it and deploys it: its key or id."
    )
    stage_set: Annotated[Reference, ForeignRef("release_stage_set")] | None = Field(
        default=None, description="The set of stages: its key; none: `software`.", examples=["software"]
    )
    stages: Annotated[tuple[PlannedStage, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The stages of the set that it goes through, in order, and by whom; none: all of them.",
    )
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="Whom it is planned for, if not the caller: a person's id."
    )
    custom: CustomValues = Field(default_factory=dict)


def plan(release: Release, body: PlanRelease, ctx: ActionContext) -> None:
    """Plan a release: the changes in it, its stages, its team and its environment."""
    release.title = body.title
    release.description = body.description
    release.service = body.service
    release.change_ids = change_ids_of(ctx)
    release.environment = body.environment
    release.plan = body.plan
    release.target_at = body.target_at
    release.team_id = ctx.required_ref(Team, "team").id
    set_requester(release, ctx)
    release.opened_at = ctx.occurred_at
    release.plan_changes = 0
    add_stages(release, body.stages, ctx)
    set_custom_fields(release, ctx)


def cancel(release: Release, body: Reason, ctx: ActionContext) -> None:
    """Cancel the release: it does not go into use."""
    withdraw_open_decisions(ctx)
    release.plan_change_id = None


class DeployedRevision(PayloadPart):
    """A revision that was deployed."""

    revision: ShortText = Field(description="Its name in the repository.", examples=["4f2a91c"])
    committed_at: Instant = Field(description="When it was committed.")


class DeployRelease(Payload):
    """What was deployed, where and when."""

    environment: RecordKey | None = Field(
        default=None, description="Where; none: as planned.", examples=[PRODUCTION]
    )
    what: FreeText = Field(description="What was deployed.", examples=["Version 4.2 on both relays."])
    started_at: Instant | None = Field(default=None, description="When it began, if not when it ended.")
    ended_at: Instant | None = Field(default=None, description="When it ended, if not now.")
    revisions: Annotated[tuple[DeployedRevision, ...], at_most_entries(MOST_REVISIONS)] = Field(
        default=(),
        max_length=MOST_REVISIONS,
        description="The revisions in it, with the times of their commits, if they are known.",
    )


def deploy(release: Release, body: DeployRelease, ctx: ActionContext) -> None:
    """Deploy the release: it is in use. A deployment is recorded with it."""
    release.environment = body.environment or release.environment
    release.deployed_what = body.what
    release.deployed_at = body.ended_at or ctx.occurred_at
    release.deployment_id = ctx.related_id


class RollBackRelease(Payload):
    """The reason why the release is taken back."""

    reason: FreeText = Field(description="Why it is rolled back.", examples=["Mail was lost."])


def roll_back(release: Release, body: RollBackRelease, ctx: ActionContext) -> None:
    """Roll the release back, and its deployment with it."""
    release.roll_back_reason = body.reason


class EndSupportRelease(Payload):
    """The faults that are open when early-life support ends, and to whom they are handed over."""

    model_config = example_includes("open_faults", "handed_over_to")
    open_faults: FreeText | None = Field(default=None, description="The faults that are open; none: none.")
    handed_over_to: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = (
        Field(default=None, description="Who sees to them from now on: a person's id.")
    )
    handed_over_to_team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Or the team that does: its key or id."
    )

    @model_validator(mode="after")
    def _check_handed_over(self) -> EndSupportRelease:
        if self.open_faults is not None and self.handed_over_to is None and self.handed_over_to_team is None:
            raise PydanticCustomError("faults_to_nobody", "say who sees to the open faults")
        return self


def end_support(release: Release, body: EndSupportRelease, ctx: ActionContext) -> None:
    """End the release's early-life support: open faults are handed over."""
    owner, team = ctx.ref(Person, "handed_over_to"), ctx.ref(Team, "handed_over_to_team")
    release.open_faults = body.open_faults
    release.faults_owner_id = owner.id if owner else None
    release.faults_team_id = team.id if team else None


class CloseRelease(Payload):
    """The lessons of the release."""

    lessons: FreeText = Field(description="What was learnt.")


def close(release: Release, body: CloseRelease, ctx: ActionContext) -> None:
    """Close the release; its lessons are recorded."""
    release.lessons = body.lessons


class EditRelease(Patch):
    """The fields of the release to change; its plan is changed by a decision."""

    REQUESTER_FIELDS = frozenset({"title", "description"})

    title: Title = Field(default_factory=str, description="What it brings, in a line. Lists show it.")
    description: FreeText | None = Field(default=None, description="What is to be known of it.")
    service: Annotated[RecordKey, KeyRef("service")] = Field(
        default_factory=str, description="The key of its service."
    )
    custom: CustomValues = Field(default_factory=dict)


def edit(release: Release, body: EditRelease, ctx: ActionContext) -> None:
    """Edit the release's fields."""
    apply_patch(release, body, ctx)


def audience(release: Release) -> tuple[str, ...]:
    """Return the tokens of those who may see the release: its requester, reporter and assignee, who writes
    and reviews its stage, who sees to its faults, those of its service, and its team; without a team, the
    service desk.
    """
    persons = (
        *(release.requester_id, release.reported_by_id, release.assignee_id),
        *(release.stage_author_id, release.stage_reviewer_id, release.faults_owner_id),
    )
    tokens = tuple(f"person:{person}" for person in persons if person is not None)
    if release.service is not None:
        tokens = (*tokens, f"service:{release.service}")
    if release.team_id is not None:
        return (*tokens, f"team:{release.team_id}")
    return (*tokens, DESK)


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
    record=lambda ctx: stream("deployment", ctx.related_id),
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
    kind="release", plural="releases", zh="发布", record=Release, states=State, code="REL",
    change_check=decisions.not_while_decided(APPROVAL),
    audience=audience,
    columns={
        "person": ("requester_id", "reported_by_id", "assignee_id", "stage_author_id", "stage_reviewer_id", "faults_owner_id"),
        "team": ("team_id",), "service": ("service",),
    },
    unassigned="team_id is null", ended=ENDED,
    children=(ExternalReference, *decisions.CHILDREN, ReleaseStage, PlanChange, *CHILDREN),
    searched_fields=("title", "description", "plan", "deployed_what", "open_faults", "lessons", "service", "environment"),
    derivation=PRIORITY,
    rows=(
        # action            中文            from                to              who                               event
        action(plan,               "计划",         NEW_RECORD,         State.planned,     project_manager,                  "release.planned",
               prepare=(chosen_stages,), wrong=(checks.change_named_twice, checks.plan_not_workable, invalid_custom_values)),
        action(appoint,            "指定阶段人员", IN_STAGES,          STAYS,             project_manager,                  "release.appointed",
               prepare=(stages_of_release,), wrong=(checks.appointment_not_workable,)),
        action(pass_gate,          "通过阶段评审", IN_STAGES,          GATE_PASSED,       gate_reviewer,                    "release.gate_passed",
               prepare=(stages_of_release, stage_documents), wrong=(checks.not_the_stage_reviewer, checks.stage_author_not_apart),
               segregate_from=(stage_author,)),
        action(change_plan,        "变更计划",     BEFORE_DEPLOYMENT,  STAYS,             project_manager,                  "release.plan_change_proposed",
               unless=(checks.decision_is_open,), prepare=(plan_change_question,), wrong=(checks.analyst_is_inactive, checks.change_named_twice)),
        action(adopt_plan_change,  "采纳计划变更", BEFORE_DEPLOYMENT,  STAYS,             decision,                         "release.plan_changed",
               notifies=TO_REQUESTER[NoticeType.approved]),
        action(refuse_plan_change, "不采纳计划变更", BEFORE_DEPLOYMENT, STAYS,            decision,                         "release.plan_change_refused",
               notifies=TO_REQUESTER[NoticeType.refused]),
        action(request_go,         "提请发布决议", [State.ready],      STAYS,             project_manager | change_manager, "release.go_requested",
               unless=(checks.decision_is_open, checks.go_is_granted), prepare=(changes_that_go, question_preparation(GO_MATTER))),
        action(decide_go,          "决定是否发布", [State.ready],      GO_DECIDED,        decision,                         "release.go_decided",
               prepare=(stages_of_release,), notifies=TO_REQUESTER[NoticeType.decided]),
        action(cancel,             "取消",         BEFORE_DEPLOYMENT,  State.cancelled,   project_manager | change_manager, "release.cancelled",
               prepare=(open_decisions,)),
        action(deploy,             "部署",         [State.ready],      State.deployed,    implementer,                      "release.deployed",
               unless=(checks.decision_is_open, checks.go_is_missing), prepare=(going_out_now,), wrong=(checks.deployment_times_invalid,),
               related=RECORD_DEPLOYMENT, notifies=TO_DEPLOYED),
        action(roll_back,          "回退",         [State.deployed],   State.rolled_back, implementer,                      "release.rolled_back",
               prepare=(deployment_to_roll_back,), related=ROLL_BACK_DEPLOYMENT, notifies=TO_ROLLED_BACK),
        action(end_support,        "结束早期支持", [State.deployed],   State.supported,   project_manager,                  "release.support_ended",
               wrong=(checks.faults_not_handed_over,)),
        action(close,              "关闭",         [State.supported],  State.closed,      change_manager,                   "release.closed"),
        *decisions.rows(APPROVAL),
        *edit_action(edit, "release", State),
        *ticket_actions(kind="release", any=State, open=OPEN, delivered=ENDED, manager=Role.change_manager),
    ),
)
# fmt: on
