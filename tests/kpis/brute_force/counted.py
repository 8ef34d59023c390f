"""What a definition says of each case that it counts, and of each that is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.kpis.brute_force.reading import World

Cut = Mapping[str, Any]
#: What is told, by the number of a period and the value of a cut.
Points = Mapping[tuple[int, Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Counted:
    """A case that a KPI counts: the instant that decides its period, its number, what that is divided by
    besides (`weight`), its values in the dimensions as of the deciding event, and why it is left out, if it
    is.

    `beside` is its other time (elapsed or business).
    """

    case: str
    at: datetime
    number: int
    cut: Cut
    excluded: str | None = None
    weight: int = 0
    beside: int | None = None
    skewed: bool = False


@dataclass(frozen=True)
class Open:
    """A case that is open at an instant: when it was opened, and its number."""

    case: str
    opened_at: datetime
    cut: Cut
    on_hold: bool = False
    number: int = 1


@dataclass(frozen=True)
class Within:
    """A period and a cut: its bounds, its zone, and the value `cut` in the dimension `by`, if in any."""

    begin: datetime
    end: datetime
    zone: str
    by: str | None
    cut: Any


@dataclass(frozen=True)
class Definition:
    """A KPI in plain loops: its cases, and those open at an instant.

    `beneath` is what the number of cases is divided by where that is none of theirs; None: there is none.
    `lower` are the cases of that, which have points where nothing else is counted, too; `beside` is what else
    is said of a period and a cut. Of what counts time and no cases, `points` says what is told by period (of
    these bounds) and value of a cut in a zone, and `listed` what is in the list of cases between two
    instants.
    """

    cases: Callable[[World], Sequence[Counted]] | None = None
    open: Callable[[World, datetime], Sequence[Open]] | None = field(default=None)
    beneath: Callable[[World, Within], float | None] | None = None
    lower: Callable[[World], Sequence[Counted]] | None = None
    beside: Callable[[World, Within], Mapping[str, Any]] | None = None
    points: Callable[[World, Sequence[datetime], str | None, str], Points] | None = None
    listed: Callable[[World, datetime, datetime], Sequence[Counted]] | None = None
