"""The change of a restart of limits: a record of ours that it names was made, in the scope and before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.common.people import rule_caller
from app.kernel.actions.refusals import WrongValue
from app.kpis.rebases.named_changes import CHANGES, change_not_made
from app.registry import LIFECYCLES

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MADE = NOW - timedelta(days=60)
RECORDS = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}


class Reads:
    """Reads one record, whatever its number."""

    def __init__(self, record: Any) -> None:
        self.lifecycles = RECORDS
        self._loaded = SimpleNamespace(record=record, audience=["everybody"])

    async def record(self, kind: str, name: str) -> Any:
        assert (kind, name) == (self._loaded.record.KIND, self._loaded.record.number)
        return self._loaded


async def refused(record: Any, **more: Any) -> tuple[str, str] | None:
    """The pointer and the code of what refuses a restart for that record."""
    body: Any = SimpleNamespace(
        **{"kpi": "incident_resolution_seconds", "service": None, "begins_at": MADE, "change": "", **more}
    )
    body.change = body.change or record.number.lower()
    team = more.get("team")
    ctx: Any = SimpleNamespace(now=NOW, caller=rule_caller("tests"), ref=lambda *_: team)
    nothing: Any = None
    try:
        await change_not_made(Reads(record), nothing, body, ctx)  # type: ignore[arg-type]  # reads one
    except WrongValue as wrong:
        return str(wrong.pointer), wrong.because
    return None


def a_record(kind: str, **fields: Any) -> Any:
    """A record of the kind with these fields, and those that say when it took effect, unset."""
    code = RECORDS[kind].code
    times = (*CHANGES[kind].times, CHANGES[kind].undone_at) if kind in CHANGES else ()
    return SimpleNamespace(
        **{"KIND": kind, "number": f"{code}-2026-000046", **dict.fromkeys(times), **fields}
    )


def test_the_kinds_and_fields_of_changes_exist() -> None:
    for kind, change in CHANGES.items():
        assert {*change.times, change.undone_at} <= set(RECORDS[kind].record.model_fields), kind


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_counts_once_it_took_effect_and_until_it_is_undone(kind: str) -> None:
    made_at, undone_at = CHANGES[kind].times[-1], CHANGES[kind].undone_at
    published = {"published_at": MADE} if kind == "process_definition" else {}
    assert await refused(a_record(kind, **published)) == ("/change", "change_not_made")
    fields = {**published, made_at: MADE}
    assert await refused(a_record(kind, **fields)) is None
    assert await refused(a_record(kind, **fields, **{undone_at: NOW})) == ("/change", "change_not_made")
    later = {**published, made_at: NOW + timedelta(days=1)}
    assert await refused(a_record(kind, **later)) == ("/change", "change_not_made")


@pytest.mark.parametrize("kind", ["problem", "request", "incident", "finding"])
async def test_another_record_is_no_change(kind: str) -> None:
    assert await refused(a_record(kind)) == ("/change", "no_change")


@pytest.mark.parametrize("words", ["{}", "Change {}", "the（{}）of May", "{}, done"])
async def test_a_number_is_found_in_any_case_and_among_words(words: str) -> None:
    record = a_record("change")
    for number in (record.number, record.number.lower(), record.number.replace("-", "–")):
        assert await refused(record, change=words.format(number)) == ("/change", "change_not_made")


async def test_limits_restart_at_most_a_week_before_the_change_took_effect() -> None:
    record = a_record("change", implemented_at=MADE)
    assert await refused(record, begins_at=MADE - timedelta(days=7)) is None
    early = MADE - timedelta(days=8)
    assert await refused(record, begins_at=early) == ("/begins_at", "restart_before_change")


async def test_a_change_touches_the_scope_as_far_as_its_record_says() -> None:
    team: Any = SimpleNamespace(id="a")
    outside = ("/change", "change_outside_scope")
    change = a_record("change", implemented_at=MADE, service="mail", services=["mail", "wan"], team_id="a")
    assert await refused(change, service="wan") is None
    assert await refused(change, service="vpn") == outside
    assert await refused(change, team=team) is None
    assert await refused(change, team=SimpleNamespace(id="b")) == outside
    definition = a_record("process_change", published_at=MADE, process="Incidents", team_ids=["a"])
    assert await refused(definition, service="vpn") is None
    assert await refused(definition, team=team) is None
    assert await refused(definition, team=SimpleNamespace(id="b")) == outside
    definition.process = "request"
    assert await refused(definition) == outside
    improvement = a_record("improvement", implemented_at=MADE, team_id="a", notified_team_ids=["b"])
    assert await refused(improvement, team=SimpleNamespace(id="b")) is None
    assert await refused(improvement, team=team) == outside
