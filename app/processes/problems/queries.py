"""Read side of problems and their candidates: schemas, listings with filters and sorts, and known errors."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.plans import LoadedFrom
from app.api.records.shapes import OutputModel, PersonStub, RecordOut, TeamStub, TicketOut
from app.common.priorities.priority import Priority
from app.foundation.categories.queries import CATEGORIES
from app.foundation.cis.queries import CIS
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import SERVICES
from app.platform.db import Database
from app.processes.problems import candidates
from app.processes.problems.lifecycle import LIFECYCLE
from app.processes.problems.records import (
    OPEN,
    CandidateDimension,
    Problem,
    ProblemCandidate,
    ProblemState,
)
from app.processes.problems.recurrence import MOST_COUNTED, recurrences_of


class ProblemOut(
    TicketOut,
    of=Problem,
    after={
        "title": "description origin",
        "tried": "requester",
        "reported_by": "customer team assignee opened_at",
    },
):
    """The cause behind incidents, and what is known about it."""

    requester: PersonStub | None = Field(
        description="Requester: the person who raised the problem, or on whose behalf it was raised."
    )
    customer: TeamStub | None = Field(description="Team of the requester when the problem was raised.")


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ProblemOut,
    filters=(
        "state",
        "state_since",
        "priority",
        "origin",
        "service",
        "ci",
        "category",
        "cause_category",
        "requester",
        "team",
        "assignee",
        "opened_at",
        "workaround_documented_at",
        "resolved_at",
        "closed_at",
        "changed_at",
        "risk_accepted_until_at",
        "risk_lapsed_at",
        "tag",
        "follower",
        "external_reference",
    ),
    sorts=("opened_at", "changed_at", "state_since", "priority", "resolved_at", "closed_at"),
    expands=(PERSONS, TEAMS, SERVICES, CIS, CATEGORIES),
)


class RecurrenceOut(OutputModel):
    """The number of a candidate's incidents, and when they were opened."""

    cases: int = Field(description=f"Number of incidents, counted up to {MOST_COUNTED:,}.")
    first_at: datetime = Field(description="Time at which the first of the incidents was opened.")
    last_at: datetime = Field(description="Time at which the last of the incidents was opened.")


class ProblemCandidateOut(RecordOut, of=ProblemCandidate, after={"since_at": "recurrence"}):
    """A service, configuration item or category whose incidents recur, proposed as a problem."""

    recurrence: Annotated[RecurrenceOut | None, LoadedFrom(recurrences_of, single=True)] = Field(
        description="Present recurrence; null if no incidents count any more, and in versions requested "
        "by `as_of`."
    )


class CandidateCase(OutputModel):
    """An incident of a candidate."""

    id: UUID
    number: str = Field(description="Number by which people know the incident.")
    title: str | None = Field(description="Title of the incident; null if an imported history has no title.")
    state: str = Field(description="Current state of the incident.")
    priority: Priority | None = Field(description="Priority of the incident; null if it is not set.")
    opened_at: datetime = Field(description="Time at which the incident was opened.")


CANDIDATES = Listing(
    lifecycle=candidates.LIFECYCLE,
    shape=ProblemCandidateOut,
    filters=("state", "dimension", "value", "detected_at", "decided_at", "changed_at"),
    sorts=("detected_at", "changed_at"),
    expands=(PERSONS,),
)

#: The most known errors shown with an incident.
MOST_KNOWN_ERRORS = 10


class KnownErrorOut(OutputModel):
    """An open problem with a workaround that may have caused the incident too."""

    id: UUID
    number: str = Field(description="Number by which people know the problem.")
    title: str | None = Field(description="Title of the problem; null for callers who are not staff.")
    state: ProblemState
    symptoms: str = Field(description="Symptoms by which the problem is recognised.")
    workaround: str = Field(description="Workaround until the problem is fixed.")
    because: list[CandidateDimension] = Field(
        description="Fields that the problem and the incident have in common."
    )


class KnownErrors(OutputModel):
    """The known errors whose workarounds may help with an incident."""

    items: list[KnownErrorOut] = Field(
        description=f"Known errors, the most likely first; at most {MOST_KNOWN_ERRORS}."
    )


#: The weight of a match, by the field that incident and problem have in common.
WEIGHTS = {CandidateDimension.ci: 4, CandidateDimension.category: 2, CandidateDimension.service: 1}
#: The condition on states must be that of the indexes of known errors, so that these are used.
_STATES = ", ".join(f"'{state.value}'" for state in ProblemState if state in OPEN)
IS_KNOWN_ERROR = f"workaround_documented_at is not null and state in ({_STATES})"
# Each branch uses its own index and has a limit: one service may have many known errors.
MATCH_BRANCH = """
(select id, '{name}' as because, {weight} as weight from fold.problem
 where {name} = %({name})s and {known} {public}
 order by workaround_documented_at desc, id desc limit {most})"""
MATCHING_KNOWN_ERRORS = """
select p.id, p.number, p.title, p.state, p.symptoms, p.workaround, f.because from (
  select u.id, array_agg(u.because order by u.weight desc) as because, sum(u.weight) as weight
  from ({ways}) as u group by u.id
) as f join fold.problem p on p.id = f.id
order by f.weight desc, p.workaround_documented_at desc, p.id desc limit {most}"""


async def known_errors(db: Database, incident: Any, *, for_staff: bool) -> list[dict[str, Any]]:
    """Return the known errors with the incident's CI, category or service, the likeliest first; for callers
    who are not staff, only public ones, without titles.
    """
    keys = {
        dimension.value: key
        for dimension in WEIGHTS
        if (key := getattr(incident, dimension.value, None)) is not None
    }
    if not keys:
        return []
    rows = await db.rows(known_errors_query(keys, for_staff=for_staff), keys)
    return [row if for_staff else {**row, "title": None} for row in rows]


def known_errors_query(names: Any, *, for_staff: bool) -> str:
    """Return the SQL that selects known errors with one of the named fields in common with an incident."""
    public = "" if for_staff else "and workaround_visibility = 'public'"
    matches = " union all ".join(
        MATCH_BRANCH.format(
            name=dimension.value, weight=weight, known=IS_KNOWN_ERROR, public=public, most=MOST_KNOWN_ERRORS
        )
        for dimension, weight in WEIGHTS.items()
        if dimension.value in names
    )
    return MATCHING_KNOWN_ERRORS.format(ways=matches, most=MOST_KNOWN_ERRORS)
