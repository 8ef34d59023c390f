"""Gaps between the skills that a process needs and those that the members of teams hold licences for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.filters import MOST_VALUES, CommaSeparated
from app.api.records.shapes import OutputModel, PersonStub
from app.foundation.licences.lookups import lacking, valid_licences
from app.foundation.people.lookups import active_members
from app.foundation.process_names import ProcessName
from app.kernel.actions.payloads import LONGEST_LINE
from app.kernel.actions.refusals import WrongValue
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.processes.trainings.payloads import MOST_PARTICIPANTS
from app.processes.trainings.queries import TAUGHT
from app.processes.trainings.records import TrainingState

Name = Annotated[str, Field(max_length=LONGEST_LINE)]


class GapsQuery(BaseModel):
    """The process and the teams whose gaps are asked for."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    process: ProcessName = Field(description="Process that needs the skills, as named in licences.")
    team: Annotated[list[Name], CommaSeparated] = Field(
        max_length=MOST_VALUES,
        description="Teams whose members are examined: keys or ids.",
    )
    skill: Annotated[list[Name], CommaSeparated] | None = Field(
        None,
        max_length=MOST_VALUES,
        description="Skills needed; if left out, all skills that trainings in the process teach.",
    )


class SkillGapOut(OutputModel):
    """The needed skills that a person lacks."""

    person: PersonStub
    held: list[str] = Field(description="Needed skills that valid licences of the person cover.")
    missing: list[str] = Field(description="Needed skills that the person lacks; empty if there is no gap.")
    until_at: datetime | None = Field(
        description="Time at which the first of these licences ends; null if there is no such licence."
    )


class SkillGapsOut(OutputModel):
    """The skill gaps of the members of teams, the largest gaps first."""

    process: str = Field(description="Process that was examined.")
    skills: list[str] = Field(description="Skills needed.")
    lacking: int = Field(description="Number of persons who lack at least one skill.")
    items: list[SkillGapOut] = Field(description="Active members of the teams, the largest gaps first.")


async def gaps_of(ledger: Ledger, query: GapsQuery, now: datetime) -> dict[str, Any]:
    """Return the gaps of the teams' active members. Raises WrongValue if there is no such team, or there are
    too many members.
    """
    team_ids = await _team_ids(ledger, query.team)
    skills = list(dict.fromkeys(query.skill or ()))
    if not skills:
        rows = await ledger.db.rows(TAUGHT, (query.process, TrainingState.cancelled.value))
        skills = [row["skill"] for row in rows]
    persons = await active_members(ledger.db.rows, team_ids, MOST_PARTICIPANTS + 1)
    if len(persons) > MOST_PARTICIPANTS:
        words = {"most": str(MOST_PARTICIPANTS)}
        raise WrongValue(words, parameter="team", because="too_large_an_audience")
    licences = await valid_licences(ledger.db.rows, persons, query.process, now)
    names = await ledger.directory.names(persons) if persons else {}
    texts = await ledger.vault.texts(names.values())
    items: list[dict[str, Any]] = []
    for person in persons:
        theirs = licences.get(person, [])
        missing = lacking(skills, theirs)
        ends = [
            licence.until_at
            for licence in theirs
            if licence.until_at and not set(licence.skills or ()).isdisjoint(skills)
        ]
        items.append(
            {
                "person": {"id": person, "name": texts.get(names.get(person, ""))},
                "held": [skill for skill in skills if skill not in missing],
                "missing": missing,
                "until_at": instant(min(ends)) if ends else None,
            }
        )
    items.sort(key=lambda item: len(item["missing"]), reverse=True)
    lack = sum(1 for item in items if item["missing"])
    return {"process": query.process, "skills": skills, "lacking": lack, "items": items}


async def _team_ids(ledger: Ledger, named: list[str]) -> list[Any]:
    teams = (await ledger.directory.teams()).values()
    ids = {name: team.id for team in teams for name in (team.key, team.text)}
    for name in named:
        if name not in ids:
            raise WrongValue({"kind": "team", "name": name}, parameter="team", because="unknown_reference")
    return list(dict.fromkeys(ids[name] for name in named))
