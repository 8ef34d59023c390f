"""The paths that cases of the processes of ours are expected to take, as shipped: what a good case does.
Pure.

A lifecycle allows each of its cases. These paths describe good practice beyond that: a published definition
of the process replaces its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: The source of a path that no definition has set.
SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step of an expected path: a type of event.

    `needed`: a case without it does not fit. `repeatable`: it may occur more than once. `anywhere`: it may
    stand at any place of the path, not only after the steps before it, as a hold may.
    """

    event: str
    needed: bool
    repeatable: bool = False
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedPath:
    """The path that cases of a process are expected to take: its steps in order. `source` is the number of
    the published definition, or `shipped`.
    """

    process: str
    steps: tuple[PathStep, ...]
    source: str


def _path(process: str, steps: str, anywhere: str = "") -> ExpectedPath:
    """Return the path with these steps of the process, in order: `name` is needed, `[name]` optional, and
    may occur more than once where a `+` follows.
    """
    in_order = [
        PathStep(f"{process}.{step.strip('[]+')}", needed=step[0] != "[", repeatable=step[-1] == "+")
        for step in steps.split()
    ]
    free_steps = [
        PathStep(f"{process}.{name}", needed=False, repeatable=True, anywhere=True)
        for name in anywhere.split()
    ]
    return ExpectedPath(process, (*in_order, *free_steps), SHIPPED)


_PATHS = (
    # A major incident is reviewed before it is closed; any other need not be.
    _path(
        "incident",
        "reported [acknowledged] [started] [contained] resolved [reviewed] closed",
        "held resumed assigned",
    ),
    _path(
        "request",
        "submitted assessed [approved] [started] [requirements_confirmed]+ [solution_proposed]+ "
        "[solution_reviewed]+ [implementation_begun]+ [quality_checked]+ [submitted_for_acceptance]+ "
        "[accepted] [fulfilled] closed",
        "held resumed assigned requirements_proposed requirements_agreed requirements_returned",
    ),
    _path(
        "problem",
        "raised investigation_begun cause_identified fix_begun resolved closed",
        "workaround_documented assigned",
    ),
    # A standard change goes from its draft to its window: it was approved once for all.
    _path(
        "change",
        "drafted [submitted] [assessed] [approval_requested] [approved] scheduled started implemented "
        "reviewed",
        "rescheduled assigned",
    ),
    _path(
        "release",
        "planned gate_passed+ [go_requested]+ go_decided deployed support_ended closed",
        "plan_change_proposed plan_changed assigned",
    ),
    _path(
        "improvement",
        "selected proposed submitted approved [classified_by_decision] [implementation_begun] "
        "[implemented] [chartered_by_decision] [planned]+ [plan_approved_by_decision] "
        "[chartered_with_plan] [kicked_off] [pilot_started] [pilot_reported]+ [pilot_passed] "
        "[rollout_planned] [handed_over] [evaluated] standardised",
        "progress_reported effects_measured assigned",
    ),
    _path("article", "drafted submitted published", "edited confirmed revised"),
    _path("training", "planned held examined+ licensed"),
)
SHIPPED_PATHS: Mapping[str, ExpectedPath] = MappingProxyType({path.process: path for path in _PATHS})
