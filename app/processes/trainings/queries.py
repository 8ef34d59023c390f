"""Read side of trainings: one of them, its participants, results and licences, and the list."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.filters import BY_PERSON, Parameter, PersonNamed, WhereClause, multi_value
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.foundation.documents.shapes import DOCUMENT_SECTIONS, DOCUMENTS, KEPT_LISTINGS
from app.foundation.licences.records import (
    ExaminationResult,
    ExaminationTopic,
    Licence,
    TrainingParticipant,
)
from app.foundation.people.queries import PERSONS
from app.foundation.statements.shapes import STATEMENTS
from app.kernel.actions.payloads import EARLIEST_YEAR, LATEST_YEAR
from app.processes.trainings.lifecycle import LIFECYCLE
from app.processes.trainings.records import Training


class TrainingOut(RecordOut, of=Training, without="participant_ids"):
    """A training of persons in the skills that a process needs."""

    topics: list[ExaminationTopic] = Field(description="Topics of the examination.")


class TrainingParticipantOut(OutputModel, of=TrainingParticipant):
    """A participant of a training."""


class ExaminationResultOut(OutputModel, of=ExaminationResult):
    """The result of a participant's latest examination."""

    marks: dict[ExaminationTopic, int] = Field(description="Marks from 0 to 100, by topic.")


class LicenceOut(OutputModel, of=Licence, without="revoked_from"):
    """A person's permission to carry out a process."""


async def _of_years(where: WhereClause, years: list[int], renderer: Renderer) -> None:
    where.conditions.append(f"r.year = any({where.bind(years)})")


async def _of_participants(where: WhereClause, names: list[str], renderer: Renderer) -> None:
    me = renderer.caller.person_id
    persons = [str(me) if name == "me" else name for name in names if name != "me" or me is not None]
    where.conditions.append(f"r.participant_ids && {where.bind(persons)}::text[]")


YEAR = Parameter(
    "year",
    multi_value(Annotated[int, Field(ge=EARLIEST_YEAR, le=LATEST_YEAR)], "Years of the trainings."),
    _of_years,
)
PARTICIPANT = Parameter(
    "participant",
    multi_value(PersonNamed, "Trainings with one of these participants: ids, or `me`.", reference=BY_PERSON),
    _of_participants,
)
LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=TrainingOut,
    filters=(
        "state",
        "process",
        "kind",
        "improvement_id",
        "trainer",
        "planned_at",
        "changed_at",
    ),
    sorts=("planned_at", "changed_at"),
    expands=(PERSONS,),
    own_parameters=(YEAR, PARTICIPANT),
)

# Contents of past and future trainings of the process; uses the index training_process.
TAUGHT = """
select distinct skill from fold.training t, unnest(t.skills) as skill
where t.process = %s and t.state <> %s order by skill
"""


def _own_results(renderer: Renderer, training: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition of the results that the caller may see: all for staff, else their own."""
    if renderer.caller.is_staff_for(training):
        return "true"
    parameters["me"] = renderer.caller.person_id
    return "r.person_id = %(me)s"


CHILD_LISTINGS = (
    ChildListing(
        "participants",
        TrainingParticipant,
        "added_at",
        TrainingParticipantOut,
        "a training's participants, the earliest first",
    ),
    ChildListing(
        "results",
        ExaminationResult,
        "examined_at",
        ExaminationResultOut,
        "the results of a training's examination: staff see all of them, other callers only their own",
        _own_results,
    ),
    ChildListing(
        "licences",
        Licence,
        "licensed_at",
        LicenceOut,
        "the licences that a training gave, the earliest first",
    ),
    DOCUMENTS,
    DOCUMENT_SECTIONS,
    *KEPT_LISTINGS,
    STATEMENTS,
)
