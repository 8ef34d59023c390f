"""What fits an expected path, and what does not."""

from __future__ import annotations

import pytest

from app.conformance.kinds import ends_of, waiting_to_close, withdrawals_of
from app.conformance.paths import PathFit, fit_of, usual_variants
from app.foundation.process_definitions.expected_paths import ExpectedPath, PathStep
from app.kernel.histories.history_source import HistorySource
from app.processes.changes.lifecycle import LIFECYCLE as CHANGES
from app.processes.changes.records import ChangeState
from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENTS
from app.processes.requests.lifecycle import LIFECYCLE as REQUESTS

PATH = ExpectedPath(
    "tea",
    (
        PathStep("tea.asked", needed=True),
        PathStep("tea.boiled", needed=True),
        PathStep("tea.stirred", needed=False, repeatable=True),
        PathStep("tea.poured", needed=True),
        PathStep("tea.spilled", needed=False, repeatable=True, anywhere=True),
    ),
    "shipped",
)


def fit(steps: str, *, is_open: bool = False) -> PathFit:
    return fit_of(PATH, [f"tea.{step}" for step in steps.split()], is_open=is_open)


@pytest.mark.parametrize(
    "steps",
    [
        "asked boiled poured",
        "asked boiled stirred stirred poured",
        "asked spilled boiled spilled poured spilled",
        "asked boiled stirred poured stirred",
    ],
)
def test_what_takes_the_path_fits(steps: str) -> None:
    assert fit(steps) == PathFit()
    assert fit(steps).fits


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("asked poured", PathFit(skipped=("tea.boiled",))),
        ("asked boiled boiled poured", PathFit(doubled=("tea.boiled",))),
        ("asked poured boiled", PathFit(out_of_order=("tea.boiled",))),
        ("asked boiled poured stirred", PathFit(out_of_order=("tea.stirred",))),
        ("asked boiled sugared poured", PathFit(unexpected=("tea.sugared",))),
        # It ended before it was due: nothing was skipped behind what it had reached.
        ("asked cancelled", PathFit(unexpected=("tea.cancelled",))),
        ("asked stirred cancelled", PathFit(skipped=("tea.boiled",), unexpected=("tea.cancelled",))),
        ("", PathFit()),
    ],
)
def test_what_does_not_says_in_which_step(steps: str, expected: PathFit) -> None:
    assert fit(steps) == expected


def test_what_is_open_has_skipped_only_what_it_has_passed() -> None:
    assert fit("asked", is_open=True).fits
    assert fit("asked stirred", is_open=True).skipped == ("tea.boiled",)


def test_what_fell_overdue_is_late_and_no_step() -> None:
    late = fit("asked boiled poured fell_overdue")
    assert late == PathFit(late=("tea.fell_overdue",))
    assert late.fits


def test_the_usual_path_are_the_most_frequent_that_make_up_four_fifths() -> None:
    assert usual_variants([("a", 50), ("b", 30), ("c", 15), ("d", 5)]) == ["a", "b"]
    assert usual_variants([("a", 50), ("b", 29), ("c", 15), ("d", 6)]) == ["a", "b", "c"]
    assert usual_variants([]) == []


def test_steps_that_earlier_releases_recorded_otherwise_fit_paths_of_today_and_the_other_way_round() -> None:
    successors = {"tea.poured": "tea.served"}
    for written in ("tea.poured", "tea.served"):
        steps = (PathStep("tea.brewed", needed=True), PathStep(written, needed=True))
        path = ExpectedPath("tea", steps, "PRD-1")
        for recorded in ("tea.poured", "tea.served"):
            assert fit_of(path, ["tea.brewed", recorded], successors=successors).fits
    assert not fit_of(path, ["tea.brewed", "tea.poured"]).fits


def test_an_edit_that_leads_back_from_one_state_ends_no_others() -> None:
    """Changes are assessed again after an edit, but those that have ended stay so."""
    assert ends_of(CHANGES) == {"closed", "cancelled", "rejected"}


def test_an_edit_stands_for_no_other_change_of_state_in_a_history() -> None:
    source = HistorySource("old", CHANGES, columns={}, with_state={}, time_columns=frozenset(), repeats=False)
    edits = {
        (before, after)
        for before in CHANGES.states
        for after in CHANGES.states
        if (transition := source._transitions[before, after]) is not None
        and transition.regular
        and transition.row is not None
        and transition.row.name == "edit"
    }
    assert edits == {(ChangeState.assessed, ChangeState.submitted)}


def test_a_case_that_is_withdrawn_takes_a_path_of_its_own() -> None:
    def withdrawn(*steps: str) -> PathFit:
        return fit_of(PATH, [f"tea.{step}" for step in steps], withdrawals={"tea.cancelled"})

    assert withdrawn("asked", "cancelled").fits
    assert withdrawn("asked", "stirred", "cancelled") == PathFit(skipped=("tea.boiled",)), "before that"
    later = withdrawn("asked", "cancelled", "boiled", "poured")
    assert later == PathFit(unexpected=("tea.cancelled",)), "it was not withdrawn after all"


def test_duplicates_and_cancellations_withdraw_a_case_and_nothing_else() -> None:
    assert withdrawals_of(INCIDENTS) == {"incident.cancelled", "incident.marked_duplicate"}
    assert {"change.cancelled", "change.rejected"} <= withdrawals_of(CHANGES)


def test_a_case_whose_work_is_done_waits_to_be_closed() -> None:
    assert waiting_to_close(INCIDENTS) == {"resolved"}
    assert waiting_to_close(REQUESTS) == {"delivered"}
