"""What is answered over HTTP is what a plain loop over the events says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.common.people import Role
from app.conformance.kinds import withdrawals_of
from app.conformance.paths import Misfit, fit_of
from app.foundation.process_definitions.expected_paths import SHIPPED_PATHS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENTS
from tests.client import Api, serving
from tests.conformance.desk import TIME, CaseDesk, check_graph, check_variants, spread
from tests.conformance.histories import histories
from tests.conformance.oracle import Walk, walks
from tests.conformance.test_facts import FOLLOWER
from tests.conftest import Server, fresh
from tests.extent import WHOLE, first_of
from tests.kpis.histories import TEAMS, write
from tests.kpis.test_real_history import USUAL

PATH = SHIPPED_PATHS["incident"]
#: What is a step even if it leaves the state unchanged.
NAMED = {step.event for step in PATH.steps if not step.anywhere}


@dataclass
class Served:
    """Made-up incidents that are served, and how they went by the loop."""

    api: Api
    walks: list[Walk]


@pytest.fixture(scope="module")
async def served(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    secrets: Path = tmp_path_factory.mktemp("secrets")
    with fresh(server) as place:
        connection = await connect(place.url, FOLLOW_LIMITS)
        events = await write(connection, histories(5, cases=300 if WHOLE else 160))
        await catch_up(connection, FOLLOWER)
        await connection.close()
        async with serving(place.url, secrets, USUAL) as api:
            yield Served(api, walks(events))


@pytest.fixture(scope="module")
async def desk(served: Served) -> CaseDesk:
    return CaseDesk(await served.api.client("Marta", Role.incident_manager), served.walks)


async def test_variants_with_how_often_and_how_long(desk: CaseDesk) -> None:
    await check_variants(desk, limit=7)


async def test_variants_of_all_events(desk: CaseDesk) -> None:
    expected = Counter(tuple(event[0] for event in walk.events) for walk in desk.ended)
    variants = await desk.variants(steps="all")
    assert {tuple(variant["steps"]): variant["cases"] for variant in variants} == expected


@pytest.mark.parametrize("steps", first_of(["changes", "all"], 1))
async def test_the_graph_with_counts_and_times(desk: CaseDesk, steps: str) -> None:
    await check_graph(desk, steps)


def held(walk: Walk) -> list[str]:
    return [event for event, moved, _ in walk.events if moved or event in NAMED]


async def test_which_cases_fit_and_where_others_do_not(desk: CaseDesk) -> None:
    summary = await desk.read("")
    fits = {
        walk.case_id: fit_of(PATH, held(walk), withdrawals=withdrawals_of(INCIDENTS)) for walk in desk.ended
    }
    assert summary["cases"] == len(desk.ended)
    assert summary["open_cases"] == len(desk.walks) - len(desk.ended)
    assert len(await desk.cases(summary["open_link"])) == summary["open_cases"]
    assert summary["fitting"] == sum(fit.fits for fit in fits.values())
    assert len(await desk.cases(summary["misfitting_link"])) == summary["cases"] - summary["fitting"]
    expected = Counter(
        (misfit.value, step) for fit in fits.values() for misfit in Misfit for step in fit.steps(misfit)
    )
    assert {(entry["misfit"], entry["step"]): entry["cases"] for entry in summary["misfits"]} == expected
    for entry in summary["misfits"]:
        opened = await desk.cases(entry["link"])
        assert len(opened) == entry["cases"]
        assert all(entry["step"] in case[entry["misfit"]] for case in opened)


async def test_where_the_time_goes_and_what_is_done_again(desk: CaseDesk) -> None:
    summary = await desk.read("")
    waits: dict[str | None, list[int]] = defaultdict(list)
    back = Counter[tuple[str, str]]()
    for walk in desk.ended:
        for _, _, seconds, _, before, _ in walk.steps:
            if seconds is not None:
                waits[before].append(seconds)
        back.update({(step[0], step[3]) for step in walk.steps if step[5]})
    assert {entry["state"]: entry["total_seconds"] for entry in summary["waiting"]} == {
        state: sum(seconds) for state, seconds in waits.items()
    }
    worked = sum(sum(seconds) for state, seconds in waits.items() if state != "resolved")
    for entry in summary["waiting"]:
        share = (
            None if entry["state"] == "resolved" else pytest.approx(entry["total_seconds"] / worked, abs=1e-6)
        )
        assert entry["share_of_work"] == share, "a resolved case only waits to be closed"
        assert (entry["stays"], entry["seconds"]) == (
            len(waits[entry["state"]]),
            spread(waits[entry["state"]]),
        )
        assert len(await desk.cases(entry["link"])) == entry["cases"]
    returns = summary["rework"]["returns"]
    assert {(entry["step"], entry["state"]): entry["cases"] for entry in returns} == back
    for entry in (summary["rework"], *returns):
        assert len(await desk.cases(entry["link"])) == entry["cases"]
    assert summary["rework"]["cases"] == sum(any(step[5] for step in walk.steps) for walk in desk.ended)


async def test_hand_overs_and_ping_pong(desk: CaseDesk) -> None:
    summary = await desk.read("")
    turns = defaultdict(list)
    for walk in desk.ended:
        for holding, giver, taker, seconds, _ in walk.handovers:
            turns[holding, giver, taker].append(seconds)
    answers = {(entry["holding"], entry["from_id"], entry["to_id"]): entry for entry in summary["handovers"]}
    assert {turn: entry["handovers"] for turn, entry in answers.items()} == {
        turn: len(seconds) for turn, seconds in turns.items()
    }
    for turn, entry in answers.items():
        assert entry["seconds"] == spread(turns[turn])
        assert len(await desk.cases(entry["link"])) == entry["cases"]
    for entry in summary["ping_pong"]:
        went_back = [
            walk
            for walk in desk.ended
            if any(turn[0] == entry["holding"] and turn[4] for turn in walk.handovers)
        ]
        assert len(went_back) == entry["cases"] == len(await desk.cases(entry["link"]))
        assert entry["cases"] > 0


async def test_only_those_of_a_period_team_service_customer_or_source(desk: CaseDesk) -> None:
    bounds = {"from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}
    begin, end = (datetime.fromisoformat(bound) for bound in bounds.values())
    team = str(TEAMS[1])
    of_month = [walk for walk in desk.ended if walk.ended_at and begin <= walk.ended_at < end]
    for filters, chosen in (
        (bounds, of_month),
        ({"team": "team 1"}, [walk for walk in desk.ended if walk.fields_known.get("team_id") == team]),
        ({"team": "none"}, [walk for walk in desk.ended if walk.fields_known.get("team_id") is None]),
        (
            {"service": "mail,none"},
            [walk for walk in desk.ended if walk.fields_known.get("service") in ("mail", None)],
        ),
        (
            {"customer": str(TEAMS[0])},
            [walk for walk in desk.ended if walk.fields_known.get("customer_id") == str(TEAMS[0])],
        ),
        ({"source": "ours"}, [walk for walk in desk.ended if walk.source == "api"]),
        ({"source": "import:old_tool"}, [walk for walk in desk.ended if walk.source != "api"]),
    ):
        summary = await desk.read("", **filters)
        assert 0 < summary["cases"] == len(chosen) < len(desk.ended)
        assert len(await desk.cases(summary["link"])) == len(chosen)
        graph = await desk.read("/graph", **filters)
        assert sum(node["occurrences"] for node in graph["nodes"]) == sum(
            len(entry.steps) for entry in chosen
        )


async def test_a_history_is_held_against_its_own_usual_path(desk: CaseDesk) -> None:
    def counted(chosen: Iterable[Walk]) -> Counter[tuple[str, ...]]:
        return Counter(walk.types for walk in chosen)

    of_history = [walk for walk in desk.ended if walk.source != "api"]
    march = datetime.fromisoformat("2026-03-01T00:00:00Z")
    base = counted(walk for walk in of_history if walk.ended_at and walk.ended_at < march)
    summary = await desk.read("", source="import:old_tool", usual_to="2026-03-01")
    path = summary["path"]
    assert (path["kind"], path["source"], path["steps"]) == ("usual", None, [])
    assert path["usual_cases"] == sum(base.values())
    usual = sorted(base.values(), reverse=True)[: path["usual_variants"]]
    assert sum(usual) >= 0.8 * sum(base.values()) > sum(usual[:-1])
    least = usual[-1]
    certain = {steps for steps, cases in base.items() if cases > least}
    possible = {steps for steps, cases in base.items() if cases >= least}
    cases = counted(of_history)
    assert sum(cases[steps] for steps in certain) <= summary["fitting"]
    assert summary["fitting"] <= sum(cases[steps] for steps in possible)
    fitting = await desk.cases(summary["link"] + "&fits=true")
    assert len(fitting) == summary["fitting"]


async def test_the_graph_is_drawn(desk: CaseDesk) -> None:
    for parameters, accept in (({"format": "svg"}, "*/*"), ({}, "image/svg+xml")):
        answer = await desk.client.get(
            "/v1/conformance/incident/graph",
            params={**TIME, **parameters},
            headers={"Accept": accept, "Accept-Language": "zh"},
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert answer.headers["content-language"] == "zh"
        assert "实际流转" in answer.text
        ElementTree.fromstring(answer.text)


async def test_only_who_sees_every_case_may_ask(desk: CaseDesk, served: Served) -> None:
    agent = await served.api.client("Lin", Role.engineer)
    for address in ("", "/variants", "/graph", "/cases"):
        assert (await agent.get(f"/v1/conformance/incident{address}")).status_code == 403
        assert (await desk.client.get(f"/v1/conformance/team{address}")).status_code == 404
        assert (await desk.client.get(f"/v1/conformance/nothing{address}")).status_code == 404


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("", {"from": "2026-02-01", "to": "2026-01-01"}),
        ("", {"tz": "Nowhere"}),
        ("", {"team": "there is none"}),
        ("", {"path": "short"}),
        ("/graph", {"steps": "some"}),
        ("/graph", {"format": "png"}),
        ("/variants", {"limit": "1000"}),
        ("/cases", {"misfit": "strange"}),
        ("/cases", {"step": "no type"}),
        ("/cases", {"step": "incident.closed", "after": "team.added"}),
        ("/cases", {"state": "nowhere"}),
        ("/cases", {"standing": "nowhere"}),
        ("/cases", {"variant": "1"}),
    ],
)
async def test_what_is_no_question_is_refused(desk: CaseDesk, address: str, wrong: dict[str, str]) -> None:
    answer = await desk.client.get(f"/v1/conformance/incident{address}", params=wrong)
    assert answer.status_code == 422, answer.text
