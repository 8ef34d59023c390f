"""`ledgerdesk kpi` and `ledgerdesk reconcile`: what they print, for people and for programs."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from app.cli.figures.kpi import catch_up
from app.common.people import Role
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from tests.api.test_expand import HOURS
from tests.cli.conftest import Run
from tests.client import RESOLVED, Api, an_incident
from tests.conftest import DatabaseUrls
from tests.extent import ALL_EXAMPLES, WHOLE, first_of, in_test_all
from tests.foundation.services.test_catalogue import a_service
from tests.kpis.histories import BEGIN, Scripted, histories, write

TIME = ("--from", "2026-01-01", "--to", "2027-01-01")


@pytest.fixture
async def told(place: DatabaseUrls, run: Run) -> None:
    """Sixty made-up cases in the log, and no worker."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    await write(connection, histories(seed=7, cases=60))
    await connection.close()


def documented(run: Run, *arguments: str) -> Any:
    """What the command prints for programs."""
    ended = run(*arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_without_a_key_it_lists_what_there_is(run: Run) -> None:
    listing = run("kpi")
    assert listing.returncode == 0
    assert [line.split()[0] for line in listing.stdout.splitlines()[1:]] == list(KPIS)
    assert [kpi["key"] for kpi in documented(run, "kpi")] == list(KPIS)


@in_test_all
def test_it_follows_the_log_by_itself_and_says_how_far(run: Run, place: DatabaseUrls, told: None) -> None:
    first = documented(run, "kpi", "incidents_opened", *TIME)
    assert sum(point["value"] for point in first["points"]) == 60
    with psycopg.connect(place.url) as connection:
        head = connection.execute("select position from log.head").fetchone()
        done = connection.execute(
            "select position from log.checkpoint where consumer = %s", (FACTS.name,)
        ).fetchone()
    assert head == done == (first["position"],)
    assert first["lag_seconds"] == 0
    output = run("kpi", "incidents_opened", *TIME).stdout
    assert f"As of position {first['position']} of the log." in output
    values = [line.split()[1] for line in output.splitlines() if line.startswith("2026-")]
    assert values == [str(point["value"]) for point in first["points"]]


async def test_facts_are_computed_by_statistics_of_the_log_as_it_is_now(
    place: DatabaseUrls, told: None
) -> None:
    """Autovacuum comes a minute later, and meanwhile the facts of a demo took ten times as long."""
    await catch_up(place.url)
    with psycopg.connect(place.url) as connection:
        known, there = connection.execute(
            "select reltuples, (select count(*) from log.event) from pg_class"
            " where oid = 'log.event'::regclass"
        ).fetchone() or (None, None)
    assert known == there


def test_a_table_has_the_numbers_of_the_endpoint_in_words_for_people(run: Run, told: None) -> None:
    output = run("kpi", "incident_resolution_seconds", *TIME, "--by", "team", "--grain", "quarter").stdout
    assert output.startswith("Mean time to resolve (MTTR, business time): Mean time from the opening")
    assert "From 2026-01-01 to before 2027-01-01, UTC." in output
    heading = next(line for line in output.splitlines() if line.startswith("period"))
    assert heading.split() == ["period", "team", "value", "cases", "median", "p90", "max", "open"]
    assert "█" * 20 in output, "the highest value has the whole bar"
    assert "2026-Q1  team 1" in output
    assert "none" in output
    share = run("kpi", "reopened_share", *TIME, "--grain", "all").stdout
    assert "%" in share
    assert "of them" in share
    worked = run("kpi", "requests_per_agent_day", *TIME, "--grain", "all").stdout
    assert "agent-days" in worked


@in_test_all
async def test_median_and_greatest_are_of_the_clock_that_the_value_is_of(run: Run, api: Api) -> None:
    keeper = await api.client("Keeper", Role.configuration_manager, Role.service_level_manager, Role.admin)
    await keeper.post_ok("/v1/calendars", {"key": "office", "name": "Office", **HOURS})
    await a_service(keeper, calendar="office")
    tool = await api.client("Monitor", Role.integration)
    for minutes in (1, 2, 6):  # of the office's, after an hour before it opens
        opened = datetime(2026, 3, 2, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
        ended = (opened + timedelta(minutes=60 + minutes)).isoformat()
        report = an_incident(occurred_at=opened.isoformat(), service="mail")
        incident = await tool.post_ok("/v1/incidents", report)
        await tool.post_ok(f"/v1/incidents/{incident['id']}/resolve", {**RESOLVED, "occurred_at": ended})
    month = ("--from", "2026-03-01", "--to", "2026-04-01", "--grain", "all")
    for kpi, figures in (
        ("incident_resolution_seconds", "3m 00s 3 2m 00s 5m 12s 6m 00s"),
        ("first_resolution_seconds", "1h 03m 3 1h 02m 1h 05m 1h 06m"),
    ):
        lines = run("kpi", kpi, *month).stdout.replace("█", "").splitlines()
        assert any(figures in " ".join(line.split()) for line in lines), lines


@in_test_all
async def test_seconds_are_shown_in_their_two_largest_units(run: Run, place: DatabaseUrls) -> None:
    connection = await connect(place.url, FOLLOW_LIMITS)
    case = Scripted.begin(BEGIN).then("resolved", minutes=(3 * 24 + 4) * 60 + 5)
    await write(connection, list(case.events))
    await connection.close()
    output = run("kpi", "incident_resolution_seconds", *TIME, "--grain", "all").stdout
    assert "3d 04h" in output
    none = run("kpi", "incident_resolution_seconds", "--from", "2025-01-01", "--to", "2025-02-01").stdout
    assert none.splitlines()[-3].split() == ["2025-01", "–", "0", "–", "–", "–", "0"]
    nothing = run("kpi", "incidents_closed", *TIME, "--by", "team").stdout
    assert "There are no cases in this time." in nothing


@in_test_all
def test_filters_and_zones_are_those_of_the_endpoint(run: Run, told: None) -> None:
    def opened(*arguments: str) -> int:
        points = documented(run, "kpi", "incidents_opened", *TIME, "--grain", "all", *arguments)["points"]
        return sum(point["value"] for point in points)

    urgent, unset = opened("--filter", "priority=P1"), opened("--filter", "priority=none")
    assert opened("--filter", "priority=P1,none") == urgent + unset > 0
    assert opened("--filter", "priority=P1", "--filter", "team=none") < urgent
    cut = documented(run, "kpi", "incidents_opened", *TIME, "--by", "priority,team", "--by", "service")
    assert set(cut["points"][0]["by"]) == {"priority", "team", "service"}
    document = documented(run, "kpi", "backlog", *TIME, "--tz", "Asia/Shanghai")
    assert (document["tz"], document["points"][0]["from"]) == ("Asia/Shanghai", "2025-12-31T16:00:00Z")
    assert documented(run, "kpi", "backlog")["tz"] == "UTC"


@in_test_all
async def test_as_it_was_known_then_is_what_the_raw_events_up_to_there_say(
    run: Run, place: DatabaseUrls
) -> None:
    connection = await connect(place.url, FOLLOW_LIMITS)
    early = Scripted.begin(BEGIN).then("resolved", minutes=60)
    late = Scripted.begin(BEGIN).then("resolved", minutes=120)
    await write(connection, [*early.events, *late.events])
    await connection.close()
    arguments = ("kpi", "incidents_resolved", *TIME, "--grain", "all")
    now = documented(run, *arguments)
    position = now["position"] - len(late.events)
    then = documented(run, *arguments, "--as-of", str(position))
    assert (now["points"][0]["value"], then["points"][0]["value"], then["position"]) == (2, 1, position)
    before = documented(run, *arguments, "--as-of", "2020-01-01T00:00:00Z")
    assert (before["points"][0]["value"], before["as_of"]) == (0, "2020-01-01T00:00:00Z")


@in_test_all
def test_a_table_for_spreadsheets_has_a_row_for_every_point_and_case(run: Run, told: None) -> None:
    arguments = ("kpi", "incident_resolution_seconds", *TIME)
    for more, name in (((), "points"), (("--cases", "--limit", "1000"), "items")):
        rows = list(csv.DictReader(run(*arguments, *more, "--csv").stdout.splitlines()))
        assert len(rows) == len(documented(run, *arguments, *more)[name]) > 3
        assert {row["key"] for row in rows} == {"incident_resolution_seconds"}


def test_the_cases_are_those_counted_each_with_its_events(run: Run, told: None) -> None:
    arguments = ("kpi", "incident_resolution_seconds", *TIME)
    (point,) = documented(run, *arguments, "--grain", "all")["points"]
    cases = documented(run, *arguments, "--cases", "--limit", "1000")
    assert len(cases["items"]) == point["cases"] > 3
    assert cases["complete"] is True
    few = documented(run, *arguments, "--cases", "--limit", "3")
    assert (few["items"], few["complete"]) == (cases["items"][:3], False)
    output = run(*arguments, "--cases", "--limit", "3").stdout
    for case in few["items"]:
        assert case["number"] in output
        assert f"({case['events'][-1]['position']})" in output
    assert "There are more: these are the first 3." in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    first_of(
        [
            (["happiness"], "there is no KPI 'happiness'"),
            (["backlog", "--filter", "team=nobody"], "--filter team=…: there is no “nobody”"),
            (["backlog", "--csv", "--json"], "--csv: choose one output format"),
            (["backlog", "--grain", "fortnight"], "--grain: must be one of day, week"),
            (["backlog", "--from", "yesterday"], "--from: must be a date"),
            (["backlog", "--from", "2026-02-01", "--to", "2026-01-01"], "--to: must be after the start"),
            (["backlog", "--tz", "Mars/Base"], "--tz: must be the name of a time zone"),
            (["backlog", "--by", "mood"], "--by: must be one of priority"),
            (["backlog", "--filter", "mood=bad"], "--filter mood=…: must be one of priority"),
            (["backlog", "--filter", "team"], "must have the form"),
            (["backlog", "--cases", "--limit", "0"], "--limit"),
            (["backlog", "--as-of", "yesterday"], "--as-of: must be a time with a time zone"),
            (["backlog", "--as-of", "999999999"], "--as-of: must not be in the future"),
            (["backlog", "--as-of", "1", "--cases"], "--as-of: cases are available only for the present"),
        ],
        3,
    ),
    ids=str,
)
def test_a_wrong_word_is_told_with_what_would_be_right(run: Run, arguments: list[str], words: str) -> None:
    ended = run("kpi", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert words in " ".join(ended.stderr.replace("│", " ").split())


@in_test_all
def test_both_paths_agree_and_a_fact_that_is_wrong_is_told_until_all_are_made_anew(
    run: Run, place: DatabaseUrls, told: None
) -> None:
    few = ("backlog", "incident_close_seconds", "incidents_closed")
    compared = tuple(KPIS) if WHOLE else few
    good = run("reconcile", *(() if WHOLE else few))
    assert f"Comparing backlog, {compared.index('backlog') + 1} of {len(compared)}.\n" in good.stderr
    assert (good.returncode, "numbers and all their cases agree" in good.stdout) == (0, True)
    with psycopg.connect(place.url) as connection:
        changed = connection.execute(
            "update kpi.incident_closed set seconds = seconds + 1 where case_id = "
            "(select case_id from kpi.incident_closed where excluded is null limit 1) returning case_id"
        ).fetchone()
    assert changed is not None
    assert run("reconcile", "backlog", "incidents_opened").returncode == 0, "they have nothing to do with it"
    kpis = () if ALL_EXAMPLES else few[1:]
    bad = run("reconcile", *kpis, "--zone", "Asia/Shanghai")
    assert bad.returncode == 5
    assert "measure is" in bad.stdout
    assert str(changed[0]) in bad.stdout
    assert "reconcile --anew" in bad.stdout
    report = json.loads(run("reconcile", "incident_close_seconds", "--json").stdout)
    assert report["difference_count"] == len(report["differences"]) > 1
    assert {difference["key"] for difference in report["differences"]} == {"incident_close_seconds"}
    anew = run("reconcile", "--anew")
    assert f"Comparing backlog, {list(KPIS).index('backlog') + 1} of {len(KPIS)}.\n" in anew.stderr
    assert anew.returncode == 0
    assert run("reconcile", *kpis).returncode == 0


@pytest.mark.usefixtures("told")
@in_test_all
def test_how_cases_went_is_reconciled_too(run: Run, place: DatabaseUrls) -> None:
    assert run("reconcile", "--anew", "--json").returncode == 0
    with psycopg.connect(place.url) as connection:
        changed = connection.execute(
            "update kpi.process_case set source = 'elsewhere' where case_id = "
            "(select min(case_id::text)::uuid from kpi.process_case) returning case_id"
        ).fetchone()
    assert changed is not None
    bad = run("reconcile")
    assert bad.returncode == 5
    assert (
        "conformance, any time, kind incident: process_case is otherwise in 1 rows according to the "
        f"facts and otherwise in 1 rows according to the events; cases {changed[0]}" in bad.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["happiness"], "there is no KPI 'happiness'"), (["--zone", "Mars/Base"], "name of a time zone")],
)
def test_what_cannot_be_reconciled_is_told(run: Run, arguments: list[str], words: str) -> None:
    ended = run("reconcile", *arguments)
    assert (ended.returncode, words in " ".join(ended.stderr.split())) == (2, True)
