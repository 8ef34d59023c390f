"""The moments of a chart over HTTP: by its scope, and of records that the reader sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.common.records import ENVELOPE
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Comparator, TargetValue
from app.kpis.questions.effective_dating import Layer
from app.kpis.signals.moments import target_moments
from app.log.canonical import instant
from app.log.follow import FOLLOW_LIMITS
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import connect
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.kpis.drawing.drawings import parse, texts
from tests.kpis.histories import TEAMS, Scripted, write

KEY = "incident_resolution_seconds"
#: A day of this month and of the one before: both are in the chart.
RECENTLY = datetime.now(UTC) - timedelta(days=20)
TIMES = {"version": 1, "changed_at": instant(RECENTLY), "state_since": instant(RECENTLY)}


def change(number: int, service: str = "mail", **more: Any) -> tuple[str, dict[str, Any]]:
    """A change that was implemented, as a row of its table."""
    fields = {"id": str(uuid7()), "number": f"CHG-2026-{number:06}", "state": "closed"}
    times = {"opened_at": instant(RECENTLY), "implemented_at": instant(RECENTLY + timedelta(hours=number))}
    return "fold.change", {**TIMES, **fields, **times, "service": service, **more}


def major(number: int, service: str = "mail", **more: Any) -> tuple[str, dict[str, Any]]:
    """A major incident, as a row of its table."""
    fields = {"id": str(uuid7()), "number": f"INC-2020-{number:06}", "state": "closed"}
    times = {"opened_at": instant(RECENTLY), "declared_major_at": instant(RECENTLY)}
    return "fold.incident", {**TIMES, **fields, **times, "service": service, **more}


def improvement(
    number: int, process: str, scope: dict[str, list[str]] | None
) -> list[tuple[str, dict[str, Any]]]:
    """An improvement with its pilot, as rows of their tables."""
    name = str(uuid7())
    fields = {"id": name, "number": f"IMP-2026-{number:06}", "state": "piloting", "process": process}
    cutover = {"opened_at": instant(RECENTLY), "cutover_at": instant(RECENTLY + timedelta(days=5))}
    pilot = {"id": name, "record": f"improvement/{name}", "version": 1, "changed_at": TIMES["changed_at"]}
    began = {"pilot_started_at": instant(RECENTLY), "pilot_scope": scope}
    return [
        ("fold.improvement", {**TIMES, **fields, **cutover}),
        ("fold.improvement_pilot", {**pilot, **began}),
    ]


Filling = Callable[..., Any]


@pytest.fixture
async def filled(api: Api) -> Filling:
    """Fills the tables with these rows, and gives who sees all of them."""

    async def fill(*rows: tuple[str, dict[str, Any]]) -> Client:
        connection = await connect(api.ledger.db.url, FOLLOW_LIMITS)
        opened = list(Scripted.begin(RECENTLY, service="mail").events)
        await write(connection, opened)
        for table, row in rows:
            kind = table.removeprefix("fold.")
            name = f"{kind}/{row['id']}"
            contents = {
                "given": {},
                "set": {name: {field: row[field] for field in row if field not in ENVELOPE}},
            }
            event = replace(opened[0], id=uuid7(), stream=name, type=f"{kind}.told", data=contents)
            request = AppendRequest(reads={event.stream: 0}, events=(event,), rows=((table, row),))
            await append(connection, [encode(request)])
        await connection.close()
        return await api.client("Quan", Role.quality_manager)

    return fill


async def moments(client: Client, **filters: str) -> list[tuple[str, str | None]]:
    chart = await behaviour(client, **filters)
    return [(moment["kind"], moment["number"]) for moment in chart["moments"]]


async def behaviour(client: Client, **filters: str) -> Json:
    return await client.read(f"/v1/kpis/{KEY}/behaviour", **filters)


async def test_a_service_has_its_own_changes_and_major_incidents(filled: Filling) -> None:
    quality = await filled(
        change(1), change(2, "wan", services=["wan", "mail"]), change(3, "wan"), major(1), major(2, "wan")
    )
    of_mail = [("major_incident", "INC-2020-000001"), ("change_implemented", "CHG-2026-000001")]
    assert await moments(quality, service="mail") == [*of_mail, ("change_implemented", "CHG-2026-000002")]
    assert len(await moments(quality)) == 5
    drawing = parse((await quality.get(f"/v1/kpis/{KEY}/chart.svg?service=mail")).text)
    assert "INC-2020-000001, major incident" in " ".join(texts(drawing, "ink"))
    assert (await quality.get(f"/v1/kpis/{KEY}/chart.svg?moving_range=true")).status_code == 200


async def test_a_team_has_its_own_and_no_improvement_of_another(filled: Filling) -> None:
    quality = await filled(
        major(1, team_id=str(TEAMS[0])),
        major(2, team_id=str(TEAMS[1])),
        *improvement(1, "incident", {"team": ["team 0"]}),
        *improvement(2, "incident", {"team": ["team 1"]}),
        *improvement(3, "request", None),
    )
    of_team = [moment for moment in await moments(quality, team="team 0") if moment[0] != "cut_over"]
    assert sorted(of_team) == [("major_incident", "INC-2020-000001"), ("pilot_began", "IMP-2026-000001")]
    everywhere = await moments(quality)
    assert {number for _, number in everywhere if number is not None and number.startswith("IMP")} == {
        "IMP-2026-000001",
        "IMP-2026-000002",
    }
    assert ("cut_over", "IMP-2026-000002") in everywhere


@in_test_all
async def test_too_many_changes_are_left_out_and_counted(filled: Filling) -> None:
    quality = await filled(*(change(number) for number in range(1, 15)))
    chart = await behaviour(quality)
    assert (chart["moments"], chart["moments_left_out"]) == ([], 14)
    chart = await behaviour(quality, service="mail")
    assert [moment["number"] for moment in chart["moments"]] == [f"CHG-2026-{n:06}" for n in range(3, 15)]
    assert chart["moments_left_out"] == 2
    drawing = parse((await quality.get(f"/v1/kpis/{KEY}/chart.svg")).text)
    assert "14 more changes and major incidents" in " ".join(texts(drawing, "ink"))


async def test_nobody_sees_a_moment_or_a_number_of_records_that_they_do_not_see(
    api: Api, filled: Filling
) -> None:
    await filled(change(1), *(major(number) for number in range(1, 15)), *improvement(1, "change", None))
    marks = [("change_implemented", "CHG-2026-000001")]
    of_changes = "/v1/kpis/change_first_pass"
    engineer = await api.client("Eng", Role.engineer)
    chart = await engineer.read(f"{of_changes}/behaviour")
    assert [(moment["kind"], moment["number"]) for moment in chart["moments"]] == marks
    assert chart["moments_left_out"] == 0, "two major incidents are left out for those who see them"
    drawing = (await engineer.get(f"{of_changes}/chart.svg")).text
    assert ("CHG-2026-000001" in drawing, "INC-" in drawing, "IMP-" in drawing) == (True, False, False)
    quality = await api.client("Quinn", Role.quality_manager)
    chart = await quality.read(f"{of_changes}/behaviour")
    kinds = {moment["kind"] for moment in chart["moments"]}
    assert kinds == {"change_implemented", "major_incident", "pilot_began", "cut_over"}
    assert chart["moments_left_out"] == 2


async def test_a_target_that_was_set_is_a_moment(api: Api, filled: Filling) -> None:
    quality = await filled()
    body = {"comparator": "lt", "value": 3600}
    assert (await quality.request("PUT", f"/v1/kpis/{KEY}/target", json=body)).status_code == 201
    (moment,) = (await behaviour(quality))["moments"]
    assert (moment["kind"], moment["number"]) == ("target_set", None)
    assert moment["target"] == {"comparator": "lt", "value": 3600}


def test_only_what_changes_the_target_is_a_moment() -> None:
    begin, kpi = datetime(2026, 1, 1, tzinfo=UTC), KPIS["incident_resolution_seconds"]
    stricter = TargetValue(Comparator.lt, 3600)
    layers: list[Layer[TargetValue]] = [
        Layer(kpi.target, begin + timedelta(days=1), None),
        Layer(stricter, begin + timedelta(days=9), begin + timedelta(days=20)),
        Layer(stricter, begin + timedelta(days=12), begin + timedelta(days=15)),
        Layer(None, begin + timedelta(days=40), None),
        Layer(stricter, begin + timedelta(days=90), None),
    ]
    set_at = target_moments(kpi, layers, begin, begin + timedelta(days=60))
    days = [(moment.occurred_at - begin).days for moment in set_at]
    values = [None if moment.target is None else moment.target.value for moment in set_at]
    assert kpi.target is not None
    assert list(zip(days, values, strict=True)) == [(9, 3600), (20, kpi.target.value), (40, None)]
