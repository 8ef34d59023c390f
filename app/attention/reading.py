"""Reading what needs attention: who reads, what they have chosen, and the conditions in SQL that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from app.api.listings.filters import WhereClause
from app.attention.conditions import ConditionOwner, OwnerKind
from app.common.people import Caller, Role
from app.common.priorities.priority import Priority
from app.i18n import LANGUAGES
from app.kernel.access.directory import CachedTeam
from app.kernel.access.visibility import seen_condition
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.ledger import Ledger
from app.kpis.questions.periods import Grain, first_day, next_period, start_of

FilterName = Literal["team", "service", "priority"]
#: The field of a record that each filter is about.
FILTERS: Mapping[FilterName, str] = {"team": "team_id", "service": "service", "priority": "priority"}


@dataclass(frozen=True, slots=True)
class AttentionChoice:
    """The reader's filters: the first instant and the length of the judged period, teams, services by their
    keys, and priorities.
    """

    begin: datetime
    grain: Grain = Grain.month
    teams: Sequence[CachedTeam] = ()
    services: Sequence[str] = ()
    priorities: Sequence[Priority] = ()

    @property
    def filters(self) -> dict[FilterName, list[str]]:
        """Return the filters that are chosen, as an address has them."""
        chosen: dict[FilterName, list[str]] = {
            "team": [team.key for team in self.teams],
            "service": list(self.services),
            "priority": [priority.value for priority in self.priorities],
        }
        return {name: keys for name, keys in chosen.items() if keys}

    @property
    def team_ids(self) -> list[UUID]:
        """Return the ids of the teams."""
        return [team.id for team in self.teams]


@dataclass(frozen=True, slots=True)
class AttentionReader:
    """The reader, and what is needed to find the records that they may see."""

    ledger: Ledger
    caller: Caller
    now: datetime
    zone: ZoneInfo
    choice: AttentionChoice
    teams: Mapping[UUID, CachedTeam] = field(default_factory=dict)

    def visible(self, lifecycle: Lifecycle[Any], where: WhereClause, alias: str = "r") -> str:
        """Return the condition that the reader sees the record `alias` of that kind."""
        stream = f"'{lifecycle.kind}/' || {alias}.id"
        agents_see = self.ledger.settings.agents_see
        return seen_condition(self.caller, lifecycle, stream, where.bind, agents_see=agents_see)

    def chosen(self, lifecycle: Lifecycle[Any], where: WhereClause, alias: str = "r") -> str:
        """Return the condition that the reader sees the record, and that it is of what they have chosen."""
        conditions = [self.visible(lifecycle, where, alias)]
        for name, keys in self.choice.filters.items():
            chosen = where.bind(self.choice.team_ids if name == "team" else keys)
            conditions.append(f"{alias}.{FILTERS[name]} = any({chosen})")
        return " and ".join(conditions)

    def parameters(self, **more: str) -> dict[str, str]:
        """Return the parameters of a list's address for what is chosen, with more of them."""
        return {**{name: ",".join(keys) for name, keys in self.choice.filters.items()}, **more}

    def owner_team(self, team_id: UUID | None) -> ConditionOwner | None:
        """Return the team as an owner, or None."""
        team = None if team_id is None else self.teams.get(team_id)
        if team is None:
            return None
        return ConditionOwner(OwnerKind.team, team.text, dict.fromkeys(LANGUAGES, team.name))

    def owner_role(self, role: Role) -> ConditionOwner:
        """Return the role as an owner."""
        labels = self.ledger.role_labels
        names = {language: labels.label(role, language) for language in LANGUAGES}
        return ConditionOwner(OwnerKind.role, role.value, names)

    @property
    def period_end(self) -> datetime:
        """Return the end of the period that is judged."""
        return period_end(self.choice.grain, self.choice.begin, self.zone)

    @property
    def end_of_today(self) -> datetime:
        """Return the midnight that ends this day."""
        return start_of(self.now.astimezone(self.zone).date() + timedelta(days=1), self.zone)


def last_period(grain: Grain, now: datetime, zone: ZoneInfo) -> date:
    """Return the first day of the last period of that length that is over."""
    return first_day(grain, first_day(grain, now.astimezone(zone).date()) - timedelta(days=1))


def period_end(grain: Grain, begin: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the period of that length that begins then."""
    return start_of(next_period(grain, begin.astimezone(zone).date()), zone)


def address(path: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return the address with its parameters."""
    return f"{path}?{urlencode(parameters, safe=',:')}" if parameters else path


def lists_of(lifecycle: Lifecycle[Any], parameters: Mapping[str, str]) -> tuple[str, str]:
    """Return the addresses of a list of that kind: of the API, and of the desk."""
    api = address(f"/v1/{lifecycle.plural}", parameters)
    return api, address(f"/desk/{lifecycle.kind}", parameters)


def pages_of(lifecycle: Lifecycle[Any], name: str) -> tuple[str, str]:
    """Return the addresses of a record: of the API, and of the desk."""
    return f"/v1/{lifecycle.plural}/{name}", f"/desk/{lifecycle.kind}/{name}"
