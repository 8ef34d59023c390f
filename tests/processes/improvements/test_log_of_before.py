"""A log that was written before the stages of improvements became parts: its events, written by hand as they
were then, give the same record, history, figures and tables as those of today.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role
from app.foundation.decisions.lookups import authors
from app.kernel.access.reads import ReadContext, load
from app.kernel.histories.history import record_at_version
from app.kernel.histories.rebuild import compare
from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import reconcile
from app.log import read
from app.log.follow import catch_up
from app.platform.db import Connection
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.pilot.records import PilotJudgement
from app.processes.improvements.records import Improvement
from app.registry import LIFECYCLES
from tests.client import Api, Client
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.log_of_before import OldEvents, day, move_rows_again, write_log_of_before

SCOPE = {"team": ["network"]}

#: What each event set, from the first on: all on the row of the improvement itself.
TOLD: OldEvents = (
    (
        "improvement.selected",
        {
            "number": "IMP-2026-000001",
            "state": "selected",
            "state_since": day(0),
            "opened_at": day(0),
            "title": "Restore mail faster",
            "scope": "process",
            "process": "incident",
            "suggestion_ids": ["0199a000-0000-7000-8000-000000000001"],
        },
    ),
    ("improvement.classified", {"size": "major", "to_pilot": True, "classified_at": day(1)}),
    (
        "improvement.planned",
        {"state": "planned", "state_since": day(2), "planned_at": day(2), "pilot_scope": SCOPE},
    ),
    (
        "improvement.pilot_started",
        {"state": "piloting", "state_since": day(3), "pilot_rounds": 1, "pilot_started_at": day(3)},
    ),
    ("improvement.pilot_reported", {"state": "pilot_reported", "state_since": day(4)}),
    ("improvement.judgement_asked", {"asked_judgement": "passed", "asked_position": 4, "next_scope": None}),
    (
        "improvement.pilot_passed",
        {
            "state": "rolling_out",
            "state_since": day(6),
            "first_judgement": "passed",
            "judged_at": day(6),
            "judged_position": 4,
            "against_evidence": False,
        },
    ),
    (
        "improvement.rollout_step_completed",
        {"rollout_goal": "0.5", "cutover_share": 40, "cutover_at": day(7)},
    ),
)
#: The versions at which the record is looked at.
REPORTED, PASSED, NEWEST = 5, 7, len(TOLD)


@pytest.fixture
async def name(api: Api, place: DatabaseUrls) -> str:
    """The stream of the improvement in the log of before, with its rows of today."""
    return await write_log_of_before(api, place, Improvement, TOLD)


@pytest.fixture
async def quality(api: Api) -> Client:
    return await api.client("Q", Role.quality_manager)


async def test_clients_see_the_record_as_it_stands_and_as_it_stood(
    api: Api, quality: Client, name: str
) -> None:
    path = f"/v1/improvements/{name.partition('/')[2]}"
    answer = await quality.read(path)
    assert (answer["version"], answer["to_pilot"], answer["pilot_scope"]) == (NEWEST, True, SCOPE)
    assert (answer["pilot_rounds"], answer["asked_judgement"]) == (1, "passed")
    assert (answer["rollout_goal"], answer["cutover_share"]) == ("0.5", 40)
    (listed,) = (await quality.read("/v1/improvements"))["items"]
    assert {**listed, "actions": None} == {**answer, "actions": None}
    reported = (await read.stream_events(api.ledger.db, name))[REPORTED - 1]
    then = await quality.read(path, as_of=reported.position)
    assert (then["version"], then["pilot_rounds"], then["asked_judgement"]) == (REPORTED, 1, None)
    assert then["rollout_goal"] is None


async def test_events_are_told_in_the_present_form(quality: Client, name: str) -> None:
    events = (await quality.read(f"/v1/improvements/{name.partition('/')[2]}/events"))["items"]
    passed = events[PASSED - 1]
    record_id = name.partition("/")[2]
    assert passed["schema_version"] == 2
    assert {key.partition("/")[0] for key in passed["set"]} == {
        *("improvement", "improvement_judgement", "improvement_evaluation"),
    }
    assert passed["set"][f"improvement_evaluation/{record_id}"] == {"record": name, "against_evidence": False}
    assert "pilot_rounds" not in str(events[PASSED - 1]["set"])
    fed = (await quality.read("/v1/events"))["items"]
    assert passed["set"] in [event["set"] for event in fed]


@in_test_all
async def test_the_log_folds_into_the_rows_in_python_and_in_sql(
    api: Api, follower: Connection, name: str
) -> None:
    assert (await compare(follower, LIFECYCLES)).differing == {}
    then = await record_at_version(api.ledger.db, LIFECYCLE, name, PASSED)
    assert isinstance(then, Improvement)
    assert (then.version, then.judgement.version, then.pilot.version) == (PASSED, PASSED, 4)
    assert then.judgement.first_judgement is PilotJudgement.passed
    loaded = await load(api.ledger.db, LIFECYCLE, name.partition("/")[2])
    assert loaded is not None
    assert loaded.record.rollout.record == name


@in_test_all
async def test_the_migration_makes_the_rows_from_the_events(
    place: DatabaseUrls, follower: Connection, name: str
) -> None:
    await move_rows_again(place, Improvement, "1024")
    assert (await compare(follower, LIFECYCLES)).differing == {}


async def test_whoever_wrote_what_is_judged_is_known_by_the_old_events(api: Api, name: str) -> None:
    ledger = api.ledger
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    loaded = await reads.record("improvement", name.partition("/")[2])
    assert loaded is not None
    (planner,) = await authors(reads, loaded.record, ("pilot_scope",), ())
    events = await read.stream_events(ledger.db, name)
    assert events[2].actor == f"person:{planner}"


@in_test_all
async def test_kpis_count_the_old_events(
    quality: Client, follower: Connection, place: DatabaseUrls, name: str
) -> None:
    await catch_up(follower, FACTS)
    keys = ("pilot_pass_rate", "pilot_pass_rate_final", "effect_achieved", "project_on_time")
    report = await reconcile(place.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC), keys=keys)
    assert report.differences == []
    (point,) = (await quality.read("/v1/kpis/pilot_pass_rate", grain="all", by="size"))["points"]
    assert (point["by"], point["value"]) == ({"size": "major"}, 1)
