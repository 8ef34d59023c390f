"""Lifecycle of deployments: report their begin and their outcome, tie incidents to the one that caused them.

running ─► succeeded | failed | rolled_back
               └──────────┴─► rolled_back
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.common.people import Role
from app.common.records import CodeEnum, jsonb_ordered
from app.common.tickets import Ticket
from app.foundation.environments import is_production
from app.foundation.services.lookups import service_key
from app.kernel.access.audience_rules import to_persons, to_staff, to_teams
from app.kernel.access.reads import ReadContext, Reading, Unguarded
from app.kernel.actions.actor_policy import author, change_manager, engineer, integration, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, Lifecycle, action
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import RetryDecision, Rules
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.log.canonical import instant
from app.processes.deployments.lookups import deployment_of_run, deployment_that_caused
from app.processes.deployments.payloads import (
    ConfirmCauseDeployment,
    EndDeployment,
    ReportDeployment,
    Revision,
    RollBackDeployment,
    WithdrawCauseDeployment,
)
from app.processes.deployments.records import ENDED, Deployment, DeploymentCause, DeploymentOutcome
from app.processes.deployments.records import DeploymentState as State
from app.ticketing.going_out_lookups import (
    GoingOutTime,
    freezes_in_the_way,
    obstacles_of_deployment,
    obstacles_of_release,
)

#: A commit that waited longer for its deployment is a wrong date, or of a change that was never waiting.
LONGEST_LEAD_TIME = timedelta(days=366)


def report(deployment: Deployment, body: ReportDeployment, ctx: ActionContext) -> None:
    """Report a deployment: it has begun or ended."""
    release, judgement = ctx.ref(Ticket, "release"), ctx.prepared(GoingOutJudgement)
    copy_fields(deployment, body, ctx, without="changes revisions started_at ended_at outcome")
    deployment.service = judgement.service
    deployment.change_ids = list(judgement.change_ids) or None
    deployment.team_id = None if release is None else release.team_id
    deployment.author_id = ctx.caller.person_id
    deployment.revisions = _as_documents(body.revisions)
    deployment.reported_at = ctx.occurred_at
    deployment.started_at = _begin(body, ctx)
    deployment.is_outside = judgement.is_outside
    deployment.outside_because = list(judgement.because) or None
    if body.outcome is not None:
        # The sender's clock may be a little ahead.
        _end(deployment, body.outcome, body.ended_at or max(ctx.occurred_at, deployment.started_at))


def _begin(body: ReportDeployment, ctx: ActionContext) -> datetime:
    return body.started_at or min(body.ended_at or ctx.occurred_at, ctx.occurred_at)


@dataclass(frozen=True, slots=True)
class GoingOutJudgement:
    """The service and the changes of a deployment; `is_outside`: they might not go out then, for the reasons
    of these codes. None: not checked.
    """

    service: str | None
    change_ids: tuple[str, ...]
    is_outside: bool | None = None
    because: tuple[str, ...] = ()


async def going_out_judgement(
    reads: ReadContext, deployment: Deployment, body: ReportDeployment, ctx: ActionContext
) -> GoingOutJudgement:
    """Find the deployment's service and changes, by default those of its release, and whether the
    release, changes and freezes permit it at its begin. It has happened, so it is recorded all the same.
    """
    release = ctx.ref(Ticket, "release")
    # The fields that only releases have are read by their names: that process is not known here.
    release_fields = {} if release is None else vars(release)
    service = release_fields.get("service")
    if body.service is not None:
        service = await service_key(_reading(reads), body.service)
    named = [str(change.id) for change in ctx.refs(Ticket, "changes")]
    change_ids = tuple(dict.fromkeys(named or release_fields.get("change_ids") or ()))
    if not is_production(body.environment):
        return GoingOutJudgement(service, change_ids)
    begin = _begin(body, ctx)
    end = begin if body.outcome is None else max(begin, body.ended_at or ctx.occurred_at)
    time = GoingOutTime(begin, end, ctx.now)
    obstacles = obstacles_of_release(body.environment, release)
    obstacles += await obstacles_of_deployment(_reading(reads), body.environment, service, change_ids, time)
    codes = dict.fromkeys(obstacle.because.value for obstacle in obstacles)
    return GoingOutJudgement(service, change_ids, bool(obstacles), tuple(codes))


async def freezes_until_its_end(
    reads: ReadContext, deployment: Deployment, body: EndDeployment, ctx: ActionContext
) -> GoingOutJudgement:
    """Find whether a freeze has begun before the deployment ended, besides what was judged at its begin."""
    service, change_ids = deployment.service, tuple(deployment.change_ids or ())
    codes = dict.fromkeys(deployment.outside_because or ())
    if not is_production(deployment.environment) or deployment.started_at is None:
        return GoingOutJudgement(service, change_ids, deployment.is_outside, tuple(codes))
    begin = deployment.started_at
    time = GoingOutTime(begin, max(begin, body.ended_at or ctx.occurred_at), ctx.now)
    freezes = await freezes_in_the_way(_reading(reads), service, change_ids, time)
    codes |= dict.fromkeys(freeze.because.value for freeze in freezes)
    return GoingOutJudgement(service, change_ids, bool(deployment.is_outside or codes), tuple(codes))


def _reading(reads: ReadContext) -> Reading:
    guard = Unguarded("What is decided on a change, or frozen, meanwhile is so for the next deployment.")

    async def read(query: str, parameters: Any) -> list[dict[str, Any]]:
        return await reads.rows(query, parameters, guard=guard)

    return read


def _as_documents(revisions: tuple[Revision, ...]) -> list[dict[str, Any]] | None:
    documents: list[dict[str, Any]] = jsonb_ordered(
        [
            {"revision": revision.revision, "committed_at": instant(revision.committed_at)}
            for revision in revisions
        ]
    )
    return documents or None


def _end(deployment: Deployment, outcome: DeploymentOutcome, ended_at: datetime) -> None:
    deployment.outcome, deployment.ended_at = outcome, ended_at
    if outcome is DeploymentOutcome.rolled_back:
        deployment.rolled_back_at = ended_at


def end(deployment: Deployment, body: EndDeployment, ctx: ActionContext) -> None:
    """End the deployment: it has succeeded, failed or was rolled back."""
    judgement = ctx.prepared(GoingOutJudgement)
    deployment.is_outside = judgement.is_outside
    deployment.outside_because = list(judgement.because) or None
    if body.revisions:
        deployment.revisions = _as_documents(body.revisions)
    _end(deployment, body.outcome, body.ended_at or ctx.occurred_at)


def roll_back(deployment: Deployment, body: RollBackDeployment, ctx: ActionContext) -> None:
    """Roll the deployment back: the earlier version is in use again."""
    deployment.outcome = DeploymentOutcome.rolled_back
    deployment.rolled_back_at = body.rolled_back_at or ctx.occurred_at


def confirm_cause(deployment: Deployment, body: ConfirmCauseDeployment, ctx: ActionContext) -> None:
    """Confirm the deployment as a cause: it caused the incident. An incident can have only one such cause."""
    cause = DeploymentCause(
        id=ctx.new_id(),
        record=deployment.row_key,
        incident_id=ctx.required_ref(Ticket, "incident").id,
        confirmed_by_id=ctx.caller.person_id,
        confirmed_at=ctx.occurred_at,
    )
    ctx.outcome.add(cause)


def withdraw_cause(deployment: Deployment, body: WithdrawCauseDeployment, ctx: ActionContext) -> None:
    """Withdraw the deployment as a cause: it did not cause the incident."""
    ctx.outcome.remove(ctx.prepared(ConfirmedCause).cause)


@dataclass(frozen=True, slots=True)
class ConfirmedCause:
    """The deployment's tie to the incident of the payload."""

    cause: DeploymentCause


async def confirmed_cause(
    reads: ReadContext, deployment: Deployment, body: WithdrawCauseDeployment, ctx: ActionContext
) -> ConfirmedCause:
    """Find the tie to the incident. Raises WrongValue without one (`not_confirmed_as_caused`)."""
    incident = ctx.required_ref(Ticket, "incident")
    cause = await reads.child(DeploymentCause, deployment, incident_id=incident.id)
    if cause is None:
        raise WrongValue(pointer="/incident", because="not_confirmed_as_caused")
    return ConfirmedCause(cause)


async def caused_by_another(
    reads: ReadContext, deployment: Deployment, body: ConfirmCauseDeployment, ctx: ActionContext
) -> None:
    """Refuse an incident that is tied to a deployment already, or was opened before this one began."""
    incident = ctx.required_ref(Ticket, "incident")
    other = await deployment_that_caused(reads, incident.id)
    if other == deployment.id:
        raise WrongValue(pointer="/incident", because="there_already")
    if other is not None:
        raise WrongValue({"other": str(other)}, pointer="/incident", because="caused_by_other_deployment")
    assert deployment.started_at is not None
    if incident.opened_at is not None and incident.opened_at < deployment.started_at:
        raise WrongValue(pointer="/incident", because="opened_before_deployment")


async def run_is_reported(
    reads: ReadContext, deployment: Deployment, body: ReportDeployment, ctx: ActionContext
) -> None:
    """Refuse the run of a pipeline that was reported before (`run_is_reported`): `POST /v1/deployments` adds
    to its deployment.
    """
    if body.pipeline is not None and body.run is not None:
        other = await deployment_of_run(reads, body.pipeline, body.run)
        if other is not None:
            raise WrongValue({"other": str(other)}, pointer="/run", because="run_is_reported")


async def invalid_roll_back_time(
    reads: ReadContext, deployment: Deployment, body: RollBackDeployment, ctx: ActionContext
) -> None:
    """Refuse a time of rolling back in the future, or before the deployment began."""
    when, started_at = body.rolled_back_at, deployment.started_at
    if when is not None and when > ctx.now + CLOCK_TOLERANCE:
        raise WrongValue(pointer="/rolled_back_at", because="in_the_future")
    if when is not None and started_at is not None and when < started_at:
        raise WrongValue(pointer="/rolled_back_at", because="before_it_began")


async def times_invalid(
    reads: ReadContext, deployment: Deployment, body: ReportDeployment | EndDeployment, ctx: ActionContext
) -> None:
    """Refuse times in the future, an end before the begin, and from a person a commit of more than a year
    before it (`committed_too_long_ago`): its lead time would be no figure. A tool reports what it has.
    """
    latest = ctx.now + CLOCK_TOLERANCE
    for name in ("started_at", "ended_at"):
        value = vars(body).get(name)
        if value is not None and value > latest:
            raise WrongValue(pointer=f"/{name}", because="in_the_future")
    for n, revision in enumerate(body.revisions):
        if revision.committed_at > latest:
            raise WrongValue(pointer=f"/revisions/{n}/committed_at", because="in_the_future")
    started_at = body.started_at if isinstance(body, ReportDeployment) else deployment.started_at
    earliest = (started_at or ctx.occurred_at) - LONGEST_LEAD_TIME
    for n, revision in enumerate(() if Role.integration in ctx.caller.role_codes else body.revisions):
        if revision.committed_at < earliest:
            words = {"earliest": earliest}
            raise WrongValue(words, pointer=f"/revisions/{n}/committed_at", because="committed_too_long_ago")
    if started_at is not None and body.ended_at is not None and body.ended_at < started_at:
        raise WrongValue(pointer="/ended_at", because="before_it_began")


def state_of(deployment: Deployment) -> CodeEnum:
    """Return the state that follows from the outcome."""
    return State.running if deployment.outcome is None else State(deployment.outcome.value)


EVENTS: dict[CodeEnum, str] = {
    State.succeeded: "deployment.succeeded",
    State.failed: "deployment.failed",
    State.rolled_back: "deployment.rolled_back",
}
REPORTED = Branch(state_of, tuple(State), EVENTS)
BY_OUTCOME = Branch(state_of, (State.succeeded, State.failed, State.rolled_back), EVENTS)
REPORTER = integration | engineer | change_manager
KEEPER = author | engineer | change_manager

# fmt: off
LIFECYCLE = Lifecycle(
    kind="deployment", plural="deployments", zh="部署", record=Deployment,
    # Staff include the team; its token is in the stored audiences, which only `rewrite-audiences` changes.
    visible=(to_staff(), to_persons("author_id"), to_teams("team_id")),
    children=(DeploymentCause,),
    rules=Rules(constraints={"deployment_run_key": RetryDecision(), "deployment_cause_incident_key": RetryDecision()}),
    rows=(
        #      action          中文            from                            to                 who       event
        action(report,         "上报",         NEW_RECORD,                     REPORTED,          REPORTER, "deployment.started",
               prepare=(going_out_judgement,), wrong=(run_is_reported, times_invalid)),
        action(end,            "结束",         [State.running],                BY_OUTCOME,        KEEPER,   "deployment.succeeded",
               prepare=(freezes_until_its_end,), wrong=(times_invalid,)),
        action(roll_back,      "回退",         [State.succeeded, State.failed], State.rolled_back, KEEPER,   "deployment.rolled_back",
               wrong=(invalid_roll_back_time,)),
        action(confirm_cause,  "确认为原因",   ENDED,                          STAYS,             staff,    "deployment.cause_confirmed",
               wrong=(caused_by_another,)),
        action(withdraw_cause, "撤回原因确认", ENDED,                          STAYS,             staff,    "deployment.cause_withdrawn",
               prepare=(confirmed_cause,)),
    ),
)
# fmt: on
