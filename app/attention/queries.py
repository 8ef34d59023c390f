"""What needs attention: all rules together, ranked and folded, as a reader may see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from app.attention.conditions import Condition, Severity
from app.attention.ranking import fold, rank
from app.attention.reading import AttentionChoice, AttentionReader, last_month
from app.attention.rules import clocks, incidents, signals, trust
from app.attention.shapes import AttentionQuery
from app.attention.values import SentenceValue
from app.common.people import Caller
from app.i18n import translate
from app.kernel.access.directory import CachedTeam
from app.kernel.actions.refusals import WrongValue
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import SELECT_FACTS_POSITION
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.periods import start_of
from app.log.canonical import instant

Rule = Callable[[AttentionReader], Awaitable[list[Condition]]]
RULES: tuple[Rule, ...] = (
    trust.reconciliation,
    incidents.open_majors,
    incidents.unacknowledged,
    clocks.clocks_due,
    signals.worse,
)
#: What is told as good news, and how much of it.
GOOD: tuple[Rule, ...] = (signals.better,)
MOST_GOOD = 3
MOST_NEAR = 5
SERVICES = "select key from fold.service order by key"


@dataclass(frozen=True, slots=True)
class FoundAttention:
    """What needs attention at an instant, and at a position of the log."""

    reader: AttentionReader
    position: int
    lag_seconds: float
    conditions: Sequence[Condition]
    good: Sequence[Condition]


async def attention(ledger: Ledger, caller: Caller, query: AttentionQuery, now: datetime) -> FoundAttention:
    """Return what needs the caller's attention. Raises WrongValue for a team or service that there is not, or
    a month that is not over.
    """
    reader = await _reader(ledger, caller, query, now)
    row = await ledger.db.row(SELECT_FACTS_POSITION, {"consumer": FACTS.name})
    assert row is not None, "an aggregate has a row"
    position, age = row.values()
    lag_seconds = round(max(float(age or 0), 0.0), 3)
    conditions = list(trust.lagging(reader, lag_seconds))
    for rule in RULES:
        conditions += await rule(reader)
    good = [condition for rule in GOOD for condition in await rule(reader)]
    return FoundAttention(reader, position, lag_seconds, fold(rank(conditions)), rank(good)[:MOST_GOOD])


async def _reader(ledger: Ledger, caller: Caller, query: AttentionQuery, now: datetime) -> AttentionReader:
    zone = ZoneInfo(ledger.settings.time_zone)
    teams = await ledger.directory.teams()
    month = last_month(now, zone) if query.period is None else _month(query.period, zone, now)
    choice = AttentionChoice(
        month=month,
        team=None if query.team is None else _team(query.team, teams.values()),
        service=None if query.service is None else await _service(ledger, query.service),
        priorities=query.priority or (),
    )
    return AttentionReader(ledger, caller, now, zone, choice, teams)


def _month(period: str, zone: ZoneInfo, now: datetime) -> datetime:
    begin = start_of(date.fromisoformat(f"{period}-01"), zone)
    if begin > last_month(now, zone):
        newest = last_month(now, zone).astimezone(zone).strftime("%Y-%m")
        raise WrongValue({"value": period, "near": newest}, parameter="period", because="unknown_value_near")
    return begin


def _team(name: str, teams: Any) -> CachedTeam:
    known: dict[str, CachedTeam] = {}
    for team in teams:
        known |= {team.key: team, team.text: team}
    if name.lower() in known:
        return known[name.lower()]
    raise _unknown("team", name, [team.key for team in known.values()])


async def _service(ledger: Ledger, name: str) -> str:
    keys = [row["key"] for row in await ledger.db.rows(SERVICES)]
    if name in keys:
        return name
    raise _unknown("service", name, keys)


def _unknown(parameter: str, value: str, known: Sequence[str]) -> WrongValue:
    near = get_close_matches(value, sorted(set(known)), n=MOST_NEAR)
    words = {"value": value, "near": ", ".join(near)}
    return WrongValue(words, parameter=parameter, because="unknown_value_near" if near else "unknown_value")


def render_attention(found: FoundAttention, language: str) -> dict[str, Any]:
    """Return what needs attention as clients see it."""
    reader = found.reader
    urgent = sum(condition.severity in {Severity.banner, Severity.now} for condition in found.conditions)
    return {
        "as_of": instant(reader.now),
        "position": found.position,
        "lag_seconds": found.lag_seconds,
        "period": reader.choice.month.astimezone(reader.zone).strftime("%Y-%m"),
        "counts": {"total": len(found.conditions), "now": urgent},
        "items": [_item(condition, language) for condition in found.conditions],
        "good": [_item(condition, language) for condition in found.good],
        "nothing": None if found.conditions else translate(language, "attention", "nothing"),
    }


def _item(condition: Condition, language: str) -> dict[str, Any]:
    sentences, owner = condition.sentences(), condition.owner
    return {
        "key": condition.key,
        "code": condition.code,
        "severity": condition.severity.value,
        "process": condition.process,
        "parameters": _parameters(condition.parameters, language),
        "sentence": sentences[language],
        "sentences": sentences,
        "cases": condition.cases,
        "desk": condition.desk,
        "owner": None
        if owner is None
        else {"kind": owner.kind.value, "id": owner.id, "name": owner.names.get(language)},
        "since": condition.since and instant(condition.since),
        "due_at": condition.due_at and instant(condition.due_at),
        "count": condition.count,
        "aside_until": None,
    }


def _parameters(parameters: Mapping[str, SentenceValue], language: str) -> dict[str, Any]:
    return {
        name: {
            "type": value.type,
            "value": value.value,
            "unit": value.unit,
            "href": value.href,
            "text": value.words[language],
        }
        for name, value in parameters.items()
    }
