"""Read side of recognition: awards, and contributions per person and team of a quarter."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, PersonStub, RecordOut
from app.common.people import Caller, Role
from app.foundation.people.queries import PERSONS, TEAMS
from app.governance.recognitions.lifecycle import LIFECYCLE
from app.governance.recognitions.lookups import contributions, led_teams
from app.governance.recognitions.records import Recognition
from app.kernel.ledger import Ledger
from app.kpis.questions.periods import months_later, start_of

#: Roles that see everybody's contributions.
OVERSEERS = frozenset({Role.quality_manager, Role.management})
COUNTED = (
    *("suggestions_selected", "suggestions_standardised", "articles_used", "ratings_of_5"),
    "findings_self_found",
)


class RecognitionOut(RecordOut, of=Recognition):
    """An award to a person or a team."""


class ContributionsQuery(BaseModel):
    """The quarter whose contributions are asked for."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    quarter: Annotated[str, Field(pattern=r"^(19|20|21)\d\d-Q[1-4]$")] = Field(
        description="Quarter, such as `2026-Q3`.", examples=["2026-Q3"]
    )


class Contributions(OutputModel):
    """The numbers of contributions by their kinds."""

    suggestions_selected: int = Field(default=0, description="Number of selected suggestions.")
    suggestions_standardised: int = Field(
        default=0, description="Number of standardised improvements that the person proposed."
    )
    articles_used: int = Field(
        default=0, description="Number of times that others used the person's articles."
    )
    ratings_of_5: int = Field(default=0, description="Number of the person's tickets that were rated 5.")
    findings_self_found: int = Field(
        default=0,
        description="Number of findings that the person, or a self-check that the person "
        "submitted, had already found.",
    )
    total: int = Field(description="Sum of all contributions.")


class PersonContributions(Contributions):
    """The contributions of a person."""

    person: PersonStub = Field(description="Person who made the contributions.")
    team_id: UUID | None = Field(description="Customer team of the person; null if the person has none.")


class TeamContributions(Contributions):
    """The contributions of all persons of a team."""

    team_id: UUID = Field(description="Identifier of the team, as in its address.")


class QuarterContributions(OutputModel):
    """The contributions of a quarter that the caller may see."""

    quarter: str = Field(description="Quarter of the contributions.")
    persons: list[PersonContributions] = Field(description="Contributions by person, the largest sum first.")
    teams: list[TeamContributions] = Field(
        description="Contributions by team, the largest sum first, from these persons."
    )


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=RecognitionOut,
    filters=("kind", "person", "team", "given_at"),
    sorts=("given_at",),
    expands=(PERSONS, TEAMS),
)


async def contributions_of(ledger: Ledger, caller: Caller, quarter: str) -> QuarterContributions:
    """Return the contributions of the quarter: one's own, those of the members of teams that one leads, and
    all for quality managers and management.
    """
    zone = ZoneInfo(ledger.settings.time_zone)
    year, number = quarter.split("-Q")
    first = date(int(year), 3 * int(number) - 2, 1)
    rows = await contributions(ledger.db, start_of(first, zone), start_of(months_later(first, 3), zone))
    sees_all = any(
        held.role in OVERSEERS and held.applies_throughout(LIFECYCLE.kind) for held in caller.roles
    )
    led = await led_teams(ledger.db, caller.person_id)
    counts: dict[tuple[UUID, UUID | None], Counter[str]] = defaultdict(Counter)
    for row in rows:
        if sees_all or row["person_id"] == caller.person_id or row["team_id"] in led:
            counts[row["person_id"], row["team_id"]][row["counted"]] = row["number"]
    by_team: dict[UUID, Counter[str]] = defaultdict(Counter)
    for (_, team), numbers in counts.items():
        if team is not None and (sees_all or team in led):
            by_team[team] += numbers
    names = await ledger.directory.names({person for person, _ in counts}) if counts else {}
    texts = await ledger.vault.texts(list(names.values()))
    persons = [
        PersonContributions(
            person=PersonStub(id=person, name=texts.get(names.get(person, ""))),
            team_id=team,
            **_with_total(numbers),
        )
        for (person, team), numbers in counts.items()
    ]
    teams = [TeamContributions(team_id=team, **_with_total(numbers)) for team, numbers in by_team.items()]
    return QuarterContributions(
        quarter=quarter,
        persons=sorted(persons, key=lambda entry: (-entry.total, str(entry.person.id))),
        teams=sorted(teams, key=lambda entry: (-entry.total, str(entry.team_id))),
    )


def _with_total(numbers: Counter[str]) -> dict[str, Any]:
    return {**numbers, "total": numbers.total()}
