"""Candidates for problems: incidents recur, a rule offers them, and a problem manager decides.

offered ─► accepted | declined | withdrawn ─► offered (again, when as many new ones have come)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from pydantic import Field

from app.common.notices import Step, Tells
from app.common.people import SEE_EVERYTHING, Role
from app.common.records import KeyOf, Refers
from app.common.tickets import Ticket
from app.kernel.bodies import LONGEST_LIST, Body, Few, Instant, Key, Nothing, Reason, Reference, Title, Words
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, Lifecycle, Second, action
from app.kernel.look import Look, NotHeld
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import problem_manager, rule
from app.log.events import stream
from app.processes.problems import recurrence
from app.processes.problems.lifecycle import MOST_USERS, Keys, RaiseProblem, Teams
from app.processes.problems.records import CandidateDimension, Problem, ProblemCandidate, ProblemOrigin
from app.processes.problems.records import CandidateState as State

DECIDED = frozenset(State) - {State.offered}
Incidents = Annotated[
    tuple[Annotated[Reference, Refers("incident")], ...], Field(min_length=1, max_length=LONGEST_LIST), Few
]


class DetectProblemCandidate(Body):
    """What recurs."""

    dimension: CandidateDimension = Field(description="What the incidents have in common.")
    value: Key = Field(description="The key of it.")
    since_at: Instant = Field(description="Incidents that were opened after it are counted.")


def detect(candidate: ProblemCandidate, body: DetectProblemCandidate, at: Moment) -> None:
    """Incidents of one service, CI or category recur."""
    candidate.dimension = body.dimension
    candidate.value = body.value
    candidate.since_at = body.since_at
    candidate.detected_at = at.occurred_at


class DetectAgainProblemCandidate(Body):
    """Since when they recur again."""

    since_at: Instant = Field(description="Incidents that were opened after it are counted.")


def detect_again(candidate: ProblemCandidate, body: DetectAgainProblemCandidate, at: Moment) -> None:
    """As many new ones have come since it was decided on."""
    candidate.since_at = body.since_at
    candidate.detected_at = at.occurred_at
    candidate.problem_id = candidate.incident_ids = candidate.reason = None


class AcceptProblemCandidate(Body):
    """What is said to raise the problem that is behind them."""

    title: Title = Field(description="What it is, in a line. Lists show it: name no persons here.")
    description: Words = Field(description="What is known of it.")
    service: Annotated[Key, KeyOf("service")] | None = Field(
        default=None, description="Of incidents of one category: the service, or `ci`, that it is about."
    )
    ci: Annotated[Key, KeyOf("ci")] | None = Field(
        default=None, description="The same of the configuration item."
    )
    affected_services: Keys = Field(
        max_length=LONGEST_LIST, description="How far it reaches: the keys of all services touched."
    )
    affected_customers: Teams = Field(
        max_length=LONGEST_LIST, description="How far it reaches: the keys or ids of the customers' teams."
    )
    affected_users: int = Field(
        ge=0, le=MOST_USERS, strict=True, description="How far it reaches: so many users, about."
    )
    tried: Words = Field(description="What has been tried so far.")
    incidents: Incidents | None = Field(
        default=None,
        description="The incidents that show it; none: the newest 50 that are counted now.",
    )


def accept(candidate: ProblemCandidate, body: AcceptProblemCandidate, at: Moment) -> None:
    """A problem is raised for them, with these incidents linked."""
    candidate.problem_id = at.second_id
    candidate.incident_ids = [str(incident.id) for incident in at.prepared(ShownBy).incidents]
    _decided(candidate, at)


def decline(candidate: ProblemCandidate, body: Reason, at: Moment) -> None:
    """Nothing is behind them that is worth looking for; they are offered again when as many new ones come."""
    candidate.reason = body.reason
    _decided(candidate, at)


def _decided(candidate: ProblemCandidate, at: Moment) -> None:
    candidate.decided_at = at.occurred_at
    candidate.decided_by_id = at.caller.person_id


def withdraw(candidate: ProblemCandidate, body: Nothing, at: Moment) -> None:
    """So many of them turned out to be none, or to be behind a problem already, that they recur no more."""


async def about_no_service(
    look: Look, candidate: ProblemCandidate, body: AcceptProblemCandidate, at: Moment
) -> None:
    """A problem is about a service or a CI, which a category does not say."""
    if candidate.dimension is CandidateDimension.category and body.service is None and body.ci is None:
        raise WrongValue(pointer="/service", because="service_or_ci")


@dataclass(frozen=True, slots=True)
class ShownBy:
    """The incidents that show the problem."""

    incidents: tuple[Ticket, ...]


async def shown_by(
    look: Look, candidate: ProblemCandidate, body: AcceptProblemCandidate, at: Moment
) -> ShownBy:
    """Finds the incidents: those named, or the newest that count, each read as any record is.

    Which there are is not held against what comes meanwhile: one more is for the next look, and one that
    changes has the command decided again.
    """
    incidents: list[Ticket] = at.every(Ticket, "incidents")
    if body.incidents is None:
        assert candidate.dimension is not None
        assert candidate.value is not None
        assert candidate.since_at is not None
        held = NotHeld("One more that comes meanwhile is for the next look.")
        rows = await recurrence.cases(
            partial(look.rows, held=held),
            candidate.dimension,
            candidate.value,
            candidate.since_at,
            limit=LONGEST_LIST,
        )
        loaded = [await look.record("incident", str(row["id"])) for row in rows]
        incidents = [one.record for one in loaded if one is not None]
    return ShownBy(tuple(incidents))


async def shown_by_nothing(
    look: Look, candidate: ProblemCandidate, body: AcceptProblemCandidate, at: Moment
) -> None:
    """Incidents show it, and each once."""
    incidents = at.prepared(ShownBy).incidents
    if len({incident.id for incident in incidents}) < len(incidents):
        raise WrongValue(pointer="/incidents", because="each_once")
    if not incidents:
        raise WrongValue(pointer="/incidents", because="missing")


def _raised(candidate: ProblemCandidate, body: AcceptProblemCandidate) -> RaiseProblem:
    """What is said to raise the problem: that of the candidate, and what was said to accept it."""
    of = {} if candidate.dimension is None else {candidate.dimension.value: candidate.value}
    said = {
        name: getattr(body, name)
        for name in ("service", "ci", "title", "description", "tried", "affected_users")
    }
    lists = {"affected_services": body.affected_services, "affected_customers": body.affected_customers}
    return RaiseProblem.model_validate(
        {
            **said,
            **lists,
            **of,
            "origin": ProblemOrigin.trend,
            "incidents": tuple(candidate.incident_ids or ()),
        }
    )


RAISED = Second(
    action="raise",
    field="incidents",
    record=lambda at: stream(Problem.KIND, at.second_id),
    body=_raised,
    goes_on=True,
)

MANAGERS = Tells(Step.recurring, roles=frozenset({Role.problem_manager}))

# fmt: off
LIFECYCLE = Lifecycle(
    kind="problem_candidate", plural="problem_candidates", zh="问题候选", record=ProblemCandidate, states=State,
    audience=lambda candidate: (), sees_all=SEE_EVERYTHING | {Role.problem_manager, Role.incident_manager},
    constraints={"problem_candidate_value_key": Taken("value")},
    rows=(
        #      action        中文        from             to               who              event
        action(detect,       "发现",     FROM_NOTHING,    State.offered,   rule,            "problem_candidate.detected", tells=(MANAGERS,)),
        action(detect_again, "再次发现", DECIDED,         State.offered,   rule,            "problem_candidate.detected_again", tells=(MANAGERS,)),
        action(accept,       "接受",     [State.offered], State.accepted,  problem_manager, "problem_candidate.accepted",
               prepare=(shown_by,), wrong=(about_no_service, shown_by_nothing), second=RAISED),
        action(decline,      "拒绝",     [State.offered], State.declined,  problem_manager, "problem_candidate.declined"),
        action(withdraw,     "撤回",     [State.offered], State.withdrawn, rule,            "problem_candidate.withdrawn"),
    ),
)
# fmt: on
