"""Lifecycle of problem candidates: a rule offers recurring incidents, a problem manager decides.

offered ─► accepted | declined | withdrawn ─► offered (again, after as many new incidents)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.tickets import Ticket
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.actor_policy import problem_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    EmptyPayload,
)
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import Rules, ValueTaken
from app.log.events import stream
from app.processes.problems import recurrence
from app.processes.problems.checks import refuse_cancelled
from app.processes.problems.face import CANDIDATE_FACE
from app.processes.problems.payloads import (
    AcceptProblemCandidate,
    DeclineProblemCandidate,
    DetectAgainProblemCandidate,
    DetectProblemCandidate,
    RaiseProblem,
)
from app.processes.problems.records import CandidateDimension, Problem, ProblemCandidate, ProblemOrigin
from app.processes.problems.records import CandidateState as State

DECIDED_STATES = frozenset(State) - {State.offered}


def detect(candidate: ProblemCandidate, body: DetectProblemCandidate, ctx: ActionContext) -> None:
    """Detect a problem candidate: incidents of one service, configuration item or category recur."""
    candidate.dimension = body.dimension
    candidate.value = body.value
    candidate.since_at = body.since_at


def detect_again(candidate: ProblemCandidate, body: DetectAgainProblemCandidate, ctx: ActionContext) -> None:
    """Detect the candidate again: since the last decision, as many new incidents were opened as it counted
    then.
    """
    candidate.since_at = body.since_at
    candidate.problem_id = candidate.incident_ids = candidate.reason = None


def accept(candidate: ProblemCandidate, body: AcceptProblemCandidate, ctx: ActionContext) -> None:
    """Accept the candidate: raise a problem and link the incidents to it."""
    candidate.problem_id = ctx.command.related_id
    candidate.incident_ids = [str(incident.id) for incident in ctx.prepared(SupportingIncidents).incidents]
    _record_decision(candidate, ctx)


def decline(candidate: ProblemCandidate, body: DeclineProblemCandidate, ctx: ActionContext) -> None:
    """Decline the candidate. It is offered again after as many new incidents as it counts now."""
    candidate.reason = body.reason
    _record_decision(candidate, ctx)


def _record_decision(candidate: ProblemCandidate, ctx: ActionContext) -> None:
    candidate.decided_at = ctx.occurred_at
    candidate.decided_by_id = ctx.caller.person_id


def withdraw(candidate: ProblemCandidate, body: EmptyPayload, ctx: ActionContext) -> None:
    """Withdraw the candidate: too few of its incidents still count, because they were cancelled or linked to
    a problem.
    """


async def service_or_ci_missing(
    reads: ReadContext, candidate: ProblemCandidate, body: AcceptProblemCandidate, ctx: ActionContext
) -> None:
    """Refuse to accept a candidate for a category without a service or CI, which a problem needs
    (`service_or_ci`).
    """
    if candidate.dimension is CandidateDimension.category and body.service is None and body.ci is None:
        raise WrongValue(pointer="/service", because="service_or_ci")


@dataclass(frozen=True, slots=True)
class SupportingIncidents:
    """The incidents that show the problem."""

    incidents: tuple[Ticket, ...]


async def load_supporting_incidents(
    reads: ReadContext, candidate: ProblemCandidate, body: AcceptProblemCandidate, ctx: ActionContext
) -> SupportingIncidents:
    """Find the incidents of the problem to raise: those of the payload, or else the newest that count.

    Each incident is loaded into the read set, so that the command is decided again if one changes. The list
    itself is not: an incident that is opened meanwhile counts for the next detection.
    """
    incidents: list[Ticket] = ctx.refs(Ticket, "incidents")
    if body.incidents is None:
        assert candidate.dimension is not None
        assert candidate.value is not None
        assert candidate.since_at is not None
        guard = Unguarded("One more that comes meanwhile is for the next look.")
        rows = await recurrence.counted_incidents(
            partial(reads.rows, guard=guard),
            candidate.dimension,
            candidate.value,
            candidate.since_at,
            limit=LONGEST_LIST,
        )
        loaded = [await reads.record("incident", str(row["id"])) for row in rows]
        incidents = [incident.record for incident in loaded if incident is not None]
    return SupportingIncidents(tuple(incidents))


async def incidents_missing(
    reads: ReadContext, candidate: ProblemCandidate, body: AcceptProblemCandidate, ctx: ActionContext
) -> None:
    """Refuse if an incident is named twice (`each_once`), was cancelled or does not recur for what is offered
    (`incident_cancelled`, `incident_elsewhere`), or there is none (`missing`).
    """
    incidents = ctx.prepared(SupportingIncidents).incidents
    assert candidate.dimension is not None
    for n, incident in enumerate(ctx.refs(Ticket, "incidents")):
        refuse_cancelled(incident, f"/incidents/{n}")
        if getattr(incident, candidate.dimension.value) != candidate.value:
            words = {"number": str(incident.number)}
            raise WrongValue(words, pointer=f"/incidents/{n}", because="incident_elsewhere")
    if len({incident.id for incident in incidents}) < len(incidents):
        raise WrongValue(pointer="/incidents", because="each_once")
    if not incidents:
        raise WrongValue(pointer="/incidents", because="missing")


def _raise_payload(candidate: ProblemCandidate, body: AcceptProblemCandidate) -> RaiseProblem:
    """Return the payload that raises the problem, from the candidate and the payload that accepts it."""
    dimension = {} if candidate.dimension is None else {candidate.dimension.value: candidate.value}
    fields = {
        name: getattr(body, name)
        for name in ("service", "ci", "title", "description", "tried", "affected_users")
    }
    lists = {"affected_services": body.affected_services, "affected_customers": body.affected_customers}
    return RaiseProblem.model_validate(
        {
            **fields,
            **lists,
            **dimension,
            "origin": ProblemOrigin.trend,
            "incidents": tuple(candidate.incident_ids or ()),
        }
    )


RAISE_PROBLEM = RelatedCommand(
    action="raise",
    field="incidents",
    record=lambda ctx: stream(Problem.KIND, ctx.command.related_id),
    body=_raise_payload,
    goes_on=True,
)

MANAGERS = RecipientRule(NoticeType.recurring, roles=frozenset({Role.problem_manager}))

# fmt: off
LIFECYCLE = Lifecycle(
    kind="problem_candidate", plural="problem_candidates", zh="问题候选", record=ProblemCandidate, face=CANDIDATE_FACE,
    visible=(), access=KindAccess(also_seen_by={Role.incident_manager: "knows the incidents that it is made of"}),
    rules=Rules(constraints={"problem_candidate_value_key": ValueTaken("value")}),
    rows=(
        #      action        中文        from             to               who              event
        action(detect,       "发现",     NEW_RECORD,      State.offered,   rule,            "problem_candidate.detected",       notifies=(MANAGERS,)),
        action(detect_again, "再次发现", DECIDED_STATES,  State.offered,   rule,            "problem_candidate.detected_again", notifies=(MANAGERS,)),
        action(accept,       "接受",     [State.offered], State.accepted,  problem_manager, "problem_candidate.accepted",
               prepare=(load_supporting_incidents,), wrong=(service_or_ci_missing, incidents_missing), related=RAISE_PROBLEM),
        action(decline,      "拒绝",     [State.offered], State.declined,  problem_manager, "problem_candidate.declined"),
        action(withdraw,     "撤回",     [State.offered], State.withdrawn, rule,            "problem_candidate.withdrawn"),
    ),
)
# fmt: on
