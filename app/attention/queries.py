"""Attention: all rules together, ranked and folded, as a reader may see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from app.attention.asides import asides
from app.attention.conditions import AttentionCondition, Severity
from app.attention.every_rule import GOOD, RULES, AttentionRule
from app.attention.ranking import fold, rank
from app.attention.reading import AttentionChoice, AttentionReader, FilterName, last_period
from app.attention.rules import trust
from app.attention.shapes import AttentionQuery
from app.attention.values import SentenceValue
from app.common.people import Caller
from app.i18n import translate
from app.kernel.access.directory import CachedTeam
from app.kernel.actions.refusals import WrongValue
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import SELECT_FACTS_POSITION
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.periods import Grain, start_of
from app.kpis.questions.written_periods import parse_period, period_key
from app.log.canonical import instant

#: Largest number of good news that are listed.
MOST_GOOD = 3
MOST_NEAR = 5
URGENT = frozenset({Severity.banner, Severity.now})
SERVICES = "select key from fold.service order by key"


@dataclass(frozen=True, slots=True)
class AttentionNow:
    """Attention at an instant, and at a position of the log. `aside_until`: the time until which the reader
    has put sentences aside, by their keys. `omitted` are the rules that cannot apply a filter, with those
    filters.
    """

    reader: AttentionReader
    position: int
    lag_seconds: float
    conditions: Sequence[AttentionCondition]
    good: Sequence[AttentionCondition]
    aside_until: Mapping[str, datetime]
    omitted: Sequence[tuple[AttentionRule, list[FilterName]]]


async def attention(ledger: Ledger, caller: Caller, query: AttentionQuery, now: datetime) -> AttentionNow:
    """Return what needs the caller's attention. Raises WrongValue for a team or service that there is not, or
    a period that is not over.
    """
    reader = await _reader(ledger, caller, query, now)
    row = await ledger.db.row(SELECT_FACTS_POSITION, {"consumer": FACTS.name, "shape": FACTS.shape})
    assert row is not None, "an aggregate has a row"
    position, age = row.values()
    lag_seconds = round(max(float(age or 0), 0.0), 3)
    conditions = list(trust.lagging(reader, lag_seconds))
    conditions += await find_conditions(reader, RULES)
    until = await asides(ledger.db, caller.person_id, now)
    unfolded = [condition for condition in conditions if query.aside or condition.key not in until]
    ranked = [condition for condition in fold(rank(unfolded)) if query.aside or condition.key not in until]
    good = rank(await find_conditions(reader, GOOD))[:MOST_GOOD]
    omitted = [
        (rule, ignored)
        for rule in (*RULES, *GOOD)
        if rule.reaches(reader) and (ignored := rule.ignored_filters(reader))
    ]
    return AttentionNow(reader, position, lag_seconds, ranked, good, until, omitted)


async def find_conditions(
    reader: AttentionReader, rules: Iterable[AttentionRule]
) -> list[AttentionCondition]:
    """Return the conditions that the reader may see and that match the filters."""
    conditions = []
    for rule in rules:
        if rule.reaches(reader) and not rule.ignored_filters(reader):
            conditions += await rule.find(reader)
    return conditions


async def reader_for(ledger: Ledger, caller: Caller, now: datetime) -> AttentionReader:
    """Return the caller as a reader who has chosen nothing: the last month is judged."""
    return await _reader(ledger, caller, AttentionQuery.model_validate({}), now)


async def _reader(ledger: Ledger, caller: Caller, query: AttentionQuery, now: datetime) -> AttentionReader:
    zone = ZoneInfo(ledger.settings.time_zone)
    teams = await ledger.directory.teams()
    grain, first = _period(query.period, zone, now)
    choice = AttentionChoice(
        begin=start_of(first, zone),
        grain=grain,
        teams=[_team(name, teams.values()) for name in query.team or ()],
        services=await _services(ledger, query.service or ()),
        priorities=query.priority or (),
    )
    return AttentionReader(ledger, caller, now, zone, choice, teams)


def _period(period: str | None, zone: ZoneInfo, now: datetime) -> tuple[Grain, date]:
    """Return the length and the first day of the period; without one, of the last month that is over."""
    if period is None:
        return Grain.month, last_period(Grain.month, now, zone)
    written = parse_period(period)
    grain, first = written or (Grain.week, date.max)  # a year without a week 53
    newest = last_period(grain, now, zone)
    if first > newest:
        words = {"value": period, "near": period_key(grain, newest)}
        raise WrongValue(words, parameter="period", because="unknown_value_near")
    return grain, first


def _team(name: str, teams: Iterable[CachedTeam]) -> CachedTeam:
    teams_by_name: dict[str, CachedTeam] = {}
    for team in teams:
        teams_by_name |= {team.key: team, team.text: team}
    if name.lower() in teams_by_name:
        return teams_by_name[name.lower()]
    raise _unknown("team", name, [team.key for team in teams_by_name.values()])


async def _services(ledger: Ledger, names: Sequence[str]) -> Sequence[str]:
    """Return the services of these keys. Raises WrongValue for one that there is not."""
    if names:
        keys = [row["key"] for row in await ledger.db.rows(SERVICES)]
        for name in names:
            if name not in keys:
                raise _unknown("service", name, keys)
    return names


def _unknown(parameter: str, value: str, keys: Sequence[str]) -> WrongValue:
    near = get_close_matches(value, sorted(set(keys)), n=MOST_NEAR)
    words = {"value": value, "near": ", ".join(near)}
    return WrongValue(words, parameter=parameter, because="unknown_value_near" if near else "unknown_value")


def render_attention(attention_now: AttentionNow, language: str) -> dict[str, Any]:
    """Return what needs attention as clients see it."""
    reader = attention_now.reader
    conditions, until = attention_now.conditions, attention_now.aside_until
    counted = [condition for condition in conditions if condition.key not in until]
    urgent = [condition for condition in counted if condition.severity in URGENT]
    return {
        "as_of": instant(reader.now),
        "position": attention_now.position,
        "lag_seconds": attention_now.lag_seconds,
        "period": period_key(reader.choice.grain, reader.choice.begin.astimezone(reader.zone).date()),
        "counts": {"total": len(counted), "now": len(urgent)},
        "items": [_item(condition, language, until) for condition in conditions],
        "good": [_item(condition, language, until) for condition in attention_now.good],
        "omitted": [
            {
                "codes": list(rule.codes),
                "name": translate(language, "attention_rules", rule.codes[0]),
                "ignored_filters": ignored,
            }
            for rule, ignored in attention_now.omitted
        ],
        "nothing": None if counted else translate(language, "attention", "nothing"),
    }


def _item(condition: AttentionCondition, language: str, until: Mapping[str, datetime]) -> dict[str, Any]:
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
        "folded": [
            {
                "key": part.key,
                "sentence": part.sentences()[language],
                "cases": part.cases,
                "desk": part.desk,
            }
            for part in condition.folded
        ],
        "aside_until": instant(until[condition.key]) if condition.key in until else None,
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
