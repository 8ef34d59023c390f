"""Read side of trainings: one of them, its participants, results and licences, and the list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.filters import Parameter, PersonNamed, WhereClause, multi_value
from app.api.lists import Listing
from app.api.shapes import OutputModel, PersonStub, RecordOut, Renderer
from app.foundation.documents.shapes import DOCUMENT_SECTIONS, DOCUMENTS
from app.foundation.licences.records import (
    ExaminationResult,
    ExaminationTopic,
    Licence,
    TrainingKind,
    TrainingParticipant,
)
from app.foundation.people.queries import PERSONS
from app.kernel.payloads import EARLIEST_YEAR, LATEST_YEAR
from app.processes.trainings.lifecycle import LIFECYCLE
from app.processes.trainings.records import TrainingMethod, TrainingState


class TrainingOut(RecordOut):
    """A training of persons in the skills that a process needs."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    state: TrainingState
    title: str
    year: int = Field(description="The year in whose plan it is.")
    kind: TrainingKind = Field(description="Whom it is for.")
    method: TrainingMethod = Field(description="How it is given.")
    process: str = Field(description="The process that it is about.")
    skills: list[str] = Field(description="The skills that it teaches, as licences name them.")
    material: str | None = Field(description="The material. Null when whoever wrote it was erased, too.")
    material_number: str | None = Field(description="The number of the document with the material.")
    team_ids: list[str] | None = Field(description="The teams whose members it is for.")
    everybody: bool = Field(description="Whether those take part, too, who lack none of the skills.")
    improvement_id: UUID | None = Field(description="The improvement that it belongs to.")
    pass_mark: int = Field(description="The mark that each topic must reach.")
    topics: list[ExaminationTopic] = Field(description="The topics of the examination.")
    planner: PersonStub | None = Field(description="Who planned it.")
    trainer: PersonStub | None = Field(description="Who trains them; null: nobody of ours.")
    failed_ids: list[str] | None = Field(
        description="Who was examined and has not passed so far: persons' ids. Null for others than staff."
    )
    planned_at: datetime = Field(description="When it is to take place.")
    held_at: datetime | None
    examined_at: datetime | None = Field(description="When the last of its participants were examined.")
    licensed_at: datetime | None
    cancelled_at: datetime | None


class TrainingParticipantOut(OutputModel):
    """A person who is to be trained."""

    id: UUID
    person: PersonStub
    missing_skills: list[str] = Field(description="The skills that no licence of theirs covered by then.")
    attended: bool | None = Field(description="Whether they were there; null: it has not been held.")
    added_at: datetime


class ExaminationResultOut(OutputModel):
    """The result of a participant's latest sitting of the examination."""

    id: UUID
    person: PersonStub
    marks: dict[ExaminationTopic, int] = Field(description="By topic, 0 to 100.")
    pass_mark: int
    passed: bool = Field(description="Whether each mark reaches the pass mark.")
    sitting: int = Field(description="Which sitting of theirs it was; the events have the earlier ones.")
    examiner: PersonStub | None
    examined_at: datetime


class LicenceOut(OutputModel):
    """A person's permission to carry out a process."""

    id: UUID
    person: PersonStub
    process: str
    skills: list[str]
    licensed_at: datetime
    until_at: datetime
    revoked_at: datetime | None = Field(description="Since when it counts no more.")
    revoked_by: PersonStub | None
    revocation_reason: str | None


async def _of_years(where: WhereClause, said: list[int], renderer: Renderer) -> None:
    where.conditions.append(f"r.year = any({where.bind(said)})")


async def _of_participants(where: WhereClause, said: list[str], renderer: Renderer) -> None:
    me = renderer.caller.person_id
    persons = [str(me) if one == "me" else one for one in said if one != "me" or me is not None]
    where.conditions.append(f"r.participant_ids && {where.bind(persons)}::text[]")


YEAR = Parameter(
    "year",
    multi_value(
        Annotated[int, Field(ge=EARLIEST_YEAR, le=LATEST_YEAR)], "Those whose `year` is one of these."
    ),
    _of_years,
)
PARTICIPANT = Parameter(
    "participant",
    multi_value(PersonNamed, "Those in which one of these takes part: ids, or `me`."),
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

# What trainings of the process have taught, or will: by the index training_process.
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
        "the results of a training's examination: all of them for staff, for others their own",
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
)
