"""What the figures say: the month, the team and the service that a seed made worst are named first."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from app.attention import judging
from app.attention.alerts.codes import ALERTED
from app.attention.every_rule import ALL_FILTERS, GOOD, RULES
from app.i18n import sentences
from app.kpis.questions.periods import Grain, first_day
from app.kpis.questions.written_periods import period_key
from app.kpis.signals import nightly
from tests.attention.planted import KEY, WATCHED, Planted, Site, drawn
from tests.attention.reading import PATH, cases_of, items_of, read_attention, rows_of
from tests.extent import first_of, in_test_all


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(40, id="all together miss"),
        pytest.param(6, id="only the team and the service miss", marks=in_test_all),
    ],
)
async def test_what_a_seed_made_worst_is_named_first(site: Site, hours: float) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    planted = drawn(chance, site)
    await site.fill(chance, planted, hours)
    first, *_ = (await read_attention(site.reader, period=site.named(planted.month)))["items"]
    assert (first["code"], first["severity"]) == ("target_missed", "missed"), seed
    assert first["parameters"]["kpi"]["value"] == KEY
    assert first["parameters"]["period"]["value"] == site.named(planted.month)
    names = {name: value["value"] for name, value in first["parameters"].items()}
    if hours == 40:
        assert (names["team"], names["service"]) == (planted.team, planted.service), seed
    else:
        assert names["scope"] in (planted.team, planted.service), seed
    assert len(await cases_of(site.reader, first)) == first["count"]
    for team in site.teams:
        missed = await items_of(site.reader, "target_missed", period=site.named(planted.month), team=team)
        assert len(missed) == (team == planted.team), seed


async def test_of_several_teams_the_worst_is_told_what_no_filter_narrows_is_said_and_nothing_to_a_stranger(
    site: Site,
) -> None:
    planted = Planted(site.months()[-1], "net", "vpn")
    await site.fill(random.Random(7), planted, 40)
    (item,) = await items_of(site.reader, "target_missed", team="apps,net")
    assert item["parameters"]["scope"]["value"] == "net"
    assert await items_of(site.reader, "target_missed", team="apps,desk") == []
    (item,) = await items_of(site.reader, "target_missed", service="mail,vpn")
    assert item["parameters"]["scope"]["value"] == "vpn"

    async def omitted(**chosen: str) -> dict[str, list[str]]:
        answer = await read_attention(site.reader, **chosen)
        return {code: one["ignored_filters"] for one in answer["omitted"] for code in one["codes"]}

    assert await omitted() == {}
    of_teams = await omitted(team="apps,net")
    waiting = {"decisions_wait", "tasks_wait", "complaints_wait", "actions_wait"}
    of_no_team = {"service_budget", "service_budget_spent", "target_out_of_reach", "quality_unassessed"}
    of_no_team.add("post_unheld")
    assert of_teams == {code: ["team"] for code in of_no_team | waiting}
    of_both = await omitted(team="net", service="vpn")
    assert (of_both["target_missed"], of_both["target_out_of_reach"]) == (["service"], ["team", "service"])
    assert await items_of(site.reader, "target_missed", team="net", service="vpn") == []
    of_priority = await omitted(priority="P2")
    assert of_priority["kpi_worse"] == of_priority["target_missed"] == ["priority"]
    assert "mails_unsent" not in of_priority, "it is for administrators"
    assert len(await items_of(site.reader, "target_missed")) == 1
    stranger = await read_attention(await site.api.client("Zhao"))
    assert stranger["counts"] == {"total": 0, "now": 0}, "a reader who may not see a KPI gets no count of it"


def test_every_name_of_what_is_left_out_is_written() -> None:
    left_out = {rule.codes[0] for rule in (*RULES, *GOOD) if rule.obeys != ALL_FILTERS}
    assert sentences("en")["attention_rules"].keys() == left_out
    assert sentences("en")["alerted_condition"].keys() == ALERTED.keys()


@pytest.mark.parametrize(
    ("grain", "month"), first_of([(Grain.week, -1), (Grain.quarter, 0), (Grain.year, 0)], 1)
)
async def test_a_week_a_quarter_and_a_year_are_judged_too(
    site: Site, grain: Grain, month: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.attention.planted.CASES", 12)
    planted = Planted(site.months()[month], "net", "vpn")
    await site.fill(random.Random(7), planted, 200)
    # The first planted case was resolved on that day.
    day = (planted.month + timedelta(days=11, hours=12)).astimezone(site.zone).date()
    period = period_key(grain, first_day(grain, day))
    first, *_ = (await read_attention(site.reader, period=period))["items"]
    assert (first["code"], first["parameters"]["period"]["value"]) == ("target_missed", period)
    assert f" of {first['parameters']['judged']['value']} {grain}s" in first["sentence"]
    assert await rows_of(site.reader, first["cases"]) == first["count"] > 0
    assert first["desk"] == f"/dashboard/kpi/{KEY}?period={period}#cases"


@pytest.mark.parametrize("period", ["2026-W54", "2025-W53", "2026-Q5", "2199", "2026-1", "2026-10-01"])
async def test_what_is_no_period_that_is_over_is_refused(site: Site, period: str) -> None:
    answer = await site.reader.get(PATH, params={"period": period})
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == ["period"]


@in_test_all
async def test_with_nothing_planted_nothing_needs_attention(site: Site) -> None:
    await site.fill(random.Random(7), None, 0)
    assert await nightly.note_signals(site.follower, site.ledger, WATCHED, datetime.now(UTC))
    for month in site.months()[-3:]:
        answer = await read_attention(site.reader, period=site.named(month))
        assert [item["sentence"] for item in answer["items"]] == []
        assert answer["nothing"] == "Nothing needs attention."


async def test_a_team_with_few_cases_is_not_judged_and_the_sentence_has_their_number(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.attention.planted.CASES", 3)
    await site.fill(random.Random(7), Planted(site.months()[-1], "net", "vpn"), 40)
    (item,) = await items_of(site.reader, "target_missed")
    assert f"(cases: {item['count']})" in item["sentence"]
    assert item["count"] >= 10
    assert await items_of(site.reader, "target_missed", team="net") == [], "it had nine cases"


@in_test_all
async def test_a_month_is_judged_anew_when_its_target_changes(site: Site) -> None:
    await site.fill(random.Random(7), None, 0)
    assert await items_of(site.reader, "target_missed") == []
    begins = site.months()[-1].isoformat()
    target = {"kpi": KEY, "comparator": "lt", "value": 600, "valid_from_at": begins}
    await site.reader.post_ok("/v1/kpi_targets", target)
    await site.judge()
    (item,) = await items_of(site.reader, "target_missed")
    assert "target under 10 min; met in 12 of 13 months" in item["sentence"]


async def test_a_signal_needs_attention_until_it_is_explained(site: Site) -> None:
    planted = Planted(site.months()[-1], "net", "vpn")
    await site.fill(random.Random(7), planted, 40)
    now = datetime.now(UTC) + timedelta(days=9)  # by then, nothing of the month can be reopened
    await nightly.note_signals(site.follower, site.ledger, WATCHED, now)
    (item,) = await items_of(site.reader, "kpi_worse")
    assert item["severity"] == "changed"
    assert len(await cases_of(site.reader, item)) == item["count"] == 36
    (of_team,) = await items_of(site.reader, "kpi_worse", team="net")
    assert of_team["parameters"]["scope"]["value"] == "net"
    for row in (await site.reader.read("/v1/kpi_signals"))["items"]:
        await site.reader.post_ok(f"/v1/kpi_signals/{row['id']}/explain", {"cause": "A power cut"})
    assert await items_of(site.reader, "kpi_worse") == []
    signal = item["parameters"]["signal"]["href"]
    await site.reader.post_ok(f"{signal}/reopen", {"reason": "It was another month."})
    assert len(await items_of(site.reader, "kpi_worse")) == 1


async def test_the_worker_judges_once_an_hour_and_every_month_once_a_day(site: Site) -> None:
    await site.fill(random.Random(7), None, 0)
    now = datetime.now(UTC).replace(hour=3, minute=0)

    async def is_judged(later: timedelta) -> bool:
        return await judging.judge_if_due(site.follower, site.ledger, WATCHED, now + later)

    await site.ledger.db.rows("delete from plumbing.longest_usual returning kind")
    assert await is_judged(timedelta(0)), "nothing was judged yet"
    assert not await is_judged(timedelta(minutes=59))
    months = """
    select count(*) from plumbing.judged_period
    where grain = 'month' and team_id is null and service is null"""
    judged_months = await site.ledger.db.value(months)
    assert judged_months == len(site.months())
    await site.ledger.db.rows("delete from plumbing.judged_period returning kpi")
    assert await is_judged(timedelta(minutes=61))
    assert await site.ledger.db.value(months) == 1, (
        "the last month that is over; in the running one is no case"
    )
    assert await is_judged(timedelta(days=1))
    # On the last day of a month, the day after has one month less of them.
    assert await site.ledger.db.value(months) in (judged_months - 1, judged_months)
