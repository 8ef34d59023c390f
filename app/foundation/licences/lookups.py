"""Reads of licences and of trainings' results, for the checks of whatever asks for licensed or examined
persons.

A licence is on the stream of the training that gave it, so a command that relies on one is decided again if
it is revoked meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from app.common.records import from_row
from app.foundation.licences.records import TRAINING, ExaminationResult, Licence, TrainingParticipant
from app.kernel.access.reads import ReadContext, Reading, Versions

# By the index licence_person.
VALID = """
select l.*, l.record as stream, h.version as stream_version
from fold.licence l join log.stream_head h on h.stream = l.record
where l.person_id = any(%(persons)s) and l.revoked_at is null
  and (l.process = %(process)s or lower(l.process) in (
    select lower(alias) from fold.process_definition d, unnest(d.aliases) alias
    where d.state = 'published' and d.process = %(process)s))
  and l.licensed_at <= %(at)s and l.until_at > %(at)s
order by l.person_id, l.until_at, l.id
"""
GUARD = Versions(version="stream_version")


async def licences_of(
    reads: ReadContext, persons: Iterable[UUID], process: str, now: datetime
) -> dict[UUID, list[Licence]]:
    """Return, by person, the licences for the process that are valid at `now`, those that end first in front,
    without revoked ones. People without a licence are left out.
    """
    return await valid_licences(partial(reads.rows, guard=GUARD), persons, process, now)


async def valid_licences(
    read: Reading, persons: Iterable[UUID], process: str, instant: datetime
) -> dict[UUID, list[Licence]]:
    """Return the same as `licences_of`, by whatever `read` reads."""
    licences: dict[UUID, list[Licence]] = {}
    for row in await read(VALID, {"persons": list(persons), "process": process, "at": instant}):
        licences.setdefault(row["person_id"], []).append(from_row(Licence, row))
    return licences


async def missing_skills(
    reads: ReadContext, persons: Iterable[UUID], process: str, skills: Sequence[str], now: datetime
) -> dict[UUID, list[str]]:
    """Return, for each of the people in their order, the skills that their valid licences for the process do
    not cover.
    """
    named = list(dict.fromkeys(persons))
    held = await licences_of(reads, named, process, now)
    return {person: lacking(skills, held.get(person, ())) for person in named}


def lacking(skills: Iterable[str], licences: Iterable[Licence]) -> list[str]:
    """Return the skills that the licences do not cover: several may cover them together."""
    held = {skill for licence in licences for skill in licence.skills or ()}
    return [skill for skill in skills if skill not in held]


async def unlicensed(
    reads: ReadContext, persons: Iterable[UUID], process: str, now: datetime, skills: Sequence[str] = ()
) -> list[UUID]:
    """Return the people, in order, who have no valid licence for the process, or whose licences lack one of
    the skills.
    """
    named = list(dict.fromkeys(persons))
    held = await licences_of(reads, named, process, now)
    return [person for person in named if person not in held or lacking(skills, held[person])]


@dataclass(frozen=True, slots=True)
class TrainingResults:
    """A training with its participants and their latest results, by person.

    `training` is its record, which belongs to the trainings: number, state, kind, process, skills, topics,
    pass_mark, improvement_id, held_at and others.
    """

    training: Any
    participants: Mapping[UUID, TrainingParticipant]
    results: Mapping[UUID, ExaminationResult]

    @property
    def topics(self) -> frozenset[str]:
        """Return the topics of its examination, as codes of ExaminationTopic."""
        return frozenset(self.training.topics or ())

    @property
    def attended(self) -> frozenset[UUID]:
        """Return the persons who were there."""
        return frozenset(person for person, participant in self.participants.items() if participant.attended)

    @property
    def passed(self) -> frozenset[UUID]:
        """Return the persons who have passed the examination."""
        return frozenset(person for person, result in self.results.items() if result.passed)

    def not_passed(self, persons: Iterable[UUID]) -> list[UUID]:
        """Return those of the persons who have not passed it, or did not take part."""
        return [person for person in persons if person not in self.passed]


def newest_results(results: Iterable[ExaminationResult]) -> dict[UUID, ExaminationResult]:
    """Return the result of each person's last sitting."""
    by_sitting = sorted(results, key=lambda result: result.sitting or 0)
    return {result.person_id: result for result in by_sitting if result.person_id is not None}


async def training_results(reads: ReadContext, training: str | UUID) -> TrainingResults | None:
    """Return the training with that id or number, with its participants and results, or None. A command that
    relies on it is decided again if they change.
    """
    loaded = await reads.record(TRAINING, str(training))
    if loaded is None:
        return None
    participants = await reads.children(TrainingParticipant, loaded.record)
    results = await reads.children(ExaminationResult, loaded.record)
    return TrainingResults(
        loaded.record,
        {
            participant.person_id: participant
            for participant in participants
            if participant.person_id is not None
        },
        newest_results(results),
    )
