"""How figures are put together: a ratio to the floors beside it, and what it must be."""

from __future__ import annotations

import itertools
import math

import pytest
from rich.progress import Progress

from bench import bare
from bench.figures import Figure, Run, Threshold, alternate, markdown, paired_figure
from bench.floor import OF_REFERENCE, rated
from tests.extent import in_test_all

RUN = Run(frozenset(), seconds=1, rounds=3, quick=False, progress=Progress(disable=True))


async def test_each_figure_is_compared_with_the_floors_before_and_after_it() -> None:
    floors, figures = iter([10.0, 30.0, 10.0, 10.0]), iter([10.0, 5.0, 20.0])

    async def floor() -> float:
        return next(floors)

    async def figure() -> float:
        return next(figures)

    paired = await alternate(RUN, floor, figure)
    assert (paired.least, paired.ratio, paired.most) == (0.25, 0.5, 2.0)
    assert (paired.figure, paired.floor) == (10.0, 10.0)
    assert next(itertools.chain(floors, figures), None) is None, "nothing is measured and left out"


@pytest.mark.parametrize(
    ("needed", "found", "met", "verdict"),
    [
        (Threshold(0.15, 0.40), 0.14, False, "NO"),
        (Threshold(0.15, 0.40), 0.15, True, "yes"),
        (Threshold(0.15, 0.40), 0.40, True, "yes, and the aim"),
        (Threshold(8, 4, "×", at_most=True), 8.1, False, "NO"),
        (Threshold(8, 4, "×", at_most=True), 8.0, True, "yes"),
        (Threshold(8, 4, "×", at_most=True), 3.9, True, "yes, and the aim"),
    ],
)
def test_a_bound_is_met_or_it_is_not(needed: Threshold, found: float, met: bool, verdict: str) -> None:
    figure = Figure("some", "some", "1", found, needed)
    assert figure.met is met
    assert figure.as_json()["met"] is met
    assert figure.cells()[-1] == verdict
    assert markdown([figure]).splitlines()[-1].endswith(f"| {verdict} |")


async def test_a_ratio_is_printed_with_its_spread() -> None:
    async def one() -> float:
        return 1.0

    row = paired_figure("some", "some", await alternate(RUN, one, one), Threshold(0.15, 0.40))
    assert row.cells() == (
        "some",
        "1.00/s",
        "1.00/s",
        "1.00 (1.00–1.00)",
        "≥ 0.15",
        "≥ 0.4",
        "yes, and the aim",
    )


def test_a_rate_is_judged_by_the_floor_of_the_machine() -> None:
    needed = Threshold(20_000, 100_000)
    half = OF_REFERENCE.per_second / 2
    assert rated("some", "some", 10_100, (half, half), needed).met
    assert not rated("some", "some", 9_900, (half, half), needed).met
    assert rated("some", "some", 14_000, (half, 2 * half), needed).cells() == (
        *("some", "14,000/s", "9,814/s", "1.43 (1.07–2.14)", "≥ 1.53 × b4", "≥ 7.64 × b4", "NO"),
    )


def test_a_rate_that_python_bounds_is_judged_by_python() -> None:
    needed = Threshold(20_000, 100_000)
    third = bare.OF_REFERENCE.per_second / 3
    assert rated("some", "some", 6_800, (third, third), needed, bare.OF_REFERENCE).met
    assert not rated("some", "some", 6_600, (third, third), needed, bare.OF_REFERENCE).met
    assert rated("some", "some", 6_600, (third, third)).cells()[4:] == ("", "", ""), "only to be looked at"


@in_test_all
async def test_bare_requests_are_answered_for_some_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare, "WARM_UP_SECONDS", 0.1)
    # A tick of the clock that counts CPU is a hundredth of a second.
    assert 0 < await bare.per_second_of_cpu(0.5) < math.inf
