"""Cases asked about over HTTP, and how they went by a plain loop over their events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean
from urllib.parse import parse_qsl

import pytest

from tests.client import Client, Json
from tests.conformance.oracle import Walk, seconds
from tests.extent import first_of

TIME = {"from": "2026-01-01", "to": "2027-01-01", "tz": "UTC"}
#: Links of figures with more cases than these are not opened.
FEW = 40


@dataclass
class CaseDesk:
    """Incidents, asked about over HTTP, and how they went by the loop."""

    client: Client
    walks: list[Walk]
    span: dict[str, str] = field(default_factory=lambda: TIME)

    async def read(self, address: str, **parameters: object) -> Json:
        return await self.client.read(f"/v1/conformance/incident{address}", **(self.span | parameters))

    async def variants(self, **parameters: object) -> list[Json]:
        pages = await self.client.pages(
            "/v1/conformance/incident/variants", **(self.span | {"limit": 200} | parameters)
        )
        return [variant for page in pages for variant in page]

    async def cases(self, link: str) -> list[Json]:
        address, _, query = link.partition("?")
        pages = await self.client.pages(address, **{"limit": "40", **dict(parse_qsl(query))})
        return [case for page in pages for case in page]

    @property
    def ended(self) -> list[Walk]:
        return [walk for walk in self.walks if walk.ended_at is not None]


def percentile(numbers: Iterable[float], share: float) -> float:
    """Between the two nearest."""
    ordered = sorted(numbers)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def spread(numbers: list[int]) -> Json:
    answers = {"mean": mean(numbers), "median": percentile(numbers, 0.5), "p90": percentile(numbers, 0.9)}
    return {name: pytest.approx(number, abs=0.001) for name, number in answers.items()}


def took(walk: Walk) -> int:
    assert walk.ended_at is not None
    return seconds(walk.started_at, walk.ended_at)


async def check_variants(desk: CaseDesk, **parameters: object) -> None:
    """The variants, with how often and how long, are those of the loop; each opens to its cases."""
    expected = defaultdict(list)
    for walk in desk.ended:
        expected[walk.types].append(took(walk))
    variants = await desk.variants(**parameters)
    assert {tuple(variant["steps"]): variant["cases"] for variant in variants} == {
        steps: len(times) for steps, times in expected.items()
    }
    counts = [variant["cases"] for variant in variants]
    assert counts == sorted(counts, reverse=True)
    covered = 0
    for variant in variants:
        covered += variant["cases"]
        assert variant["seconds"] == spread(expected[tuple(variant["steps"])])
        assert variant["cumulative_share"] == pytest.approx(covered / len(desk.ended), abs=1e-6)
    for variant in first_of([variant for variant in variants if variant["cases"] <= FEW][:FEW], 10):
        cases = await desk.cases(variant["link"])
        assert {tuple(case["steps"]) for case in cases} == {tuple(variant["steps"])}
        assert len(cases) == variant["cases"]


async def check_graph(desk: CaseDesk, steps: str = "changes", **parameters: object) -> None:
    """The graph, with counts and times, is that of the loop; each edge opens to its cases."""
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    begins, ends, occurrences = Counter[str](), Counter[str](), Counter[str]()
    for walk in desk.ended:
        path = (
            [(step[0], step[2] or 0) for step in walk.steps]
            if steps == "changes"
            else [(event[0], event[2]) for event in walk.events]
        )
        begins[path[0][0]] += 1
        ends[path[-1][0]] += 1
        occurrences.update(step for step, _ in path)
        for (before, _), (step, elapsed) in pairwise(path):
            times[before, step].append(elapsed)
    graph = await desk.read("/graph", steps=steps, **parameters)
    assert graph["cases"] == len(desk.ended)
    assert {(edge["from"], edge["to"]): edge["count"] for edge in graph["edges"]} == {
        edge: len(elapsed) for edge, elapsed in times.items()
    }
    for edge in graph["edges"]:
        assert edge["seconds"] == spread(times[edge["from"], edge["to"]])
    for edge in first_of([edge for edge in graph["edges"] if edge["count"] <= FEW][:FEW], 10):
        assert len(await desk.cases(edge["link"])) == edge["cases"]
    for node in graph["nodes"]:
        step = node["step"]
        assert (node["begins"], node["ends"]) == (begins[step], ends[step])
        assert node["occurrences"] == occurrences[step]
