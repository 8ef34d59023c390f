"""How a case fits the path that cases are expected to take. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from app.common.records import CodeEnum
from app.foundation.process_definitions.expected_paths import ExpectedPath

T = TypeVar("T")
#: The share of cases whose variants, the most frequent first, make the usual path.
USUAL_SHARE = 0.8


class Misfit(CodeEnum):
    """A kind of deviation of a case from its expected path."""

    skipped = "skipped", "Skipped", "缺少步骤"
    doubled = "doubled", "Done twice", "重复步骤"
    out_of_order = "out_of_order", "Out of order", "顺序错误"
    unexpected = "unexpected", "Not on the path", "路径之外"
    late = "late", "Late", "逾期"


#: Misfits that make a case irregular. A step that the path does not name, such as a cancellation, may well be
#: right.
IRREGULAR = (Misfit.skipped, Misfit.doubled, Misfit.out_of_order, Misfit.late)
#: In what the types of events end by which a rule notes that something was not done in time.
OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class PathFit:
    """How a case fits: the types of events by the way in which they do not, in the order of the path or, of
    what is not on it, of the case. A case that is `late` may have taken its path all the same.
    """

    skipped: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    out_of_order: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Return whether the case took its path, in time or late."""
        return not (self.skipped or self.doubled or self.out_of_order or self.unexpected)

    def steps(self, misfit: Misfit) -> tuple[str, ...]:
        """Return the types of events that do not fit in that way."""
        steps: tuple[str, ...] = getattr(self, misfit.value)
        return steps


def fit_of(
    path: ExpectedPath,
    steps: Sequence[str],
    *,
    is_open: bool = False,
    successors: Mapping[str, str] = MappingProxyType({}),
    withdrawals: Collection[str] = (),
) -> PathFit:
    """Return how the steps fit the path. `successors` are the present types of events by those of earlier
    releases, which path and steps may both have. `withdrawals` are those by which a case is withdrawn or
    closed as a duplicate: as the last step one of them is a path of its own, which fits.

    Skipped is a needed step that is not there; of a case that is open, or that ended by a step that the path
    does not name (as a cancelled one does), only before the last step that it reached. Done twice is a step
    that may be there only once. Out of order is a step that came first after one that should follow it. Late
    is what a rule noted as overdue.
    """
    late = tuple(dict.fromkeys(event for event in steps if event.endswith(OVERDUE)))
    steps = [successors.get(event, event) for event in steps if event not in late]
    path_steps = [replace(step, event=successors.get(step.event, step.event)) for step in path.steps]
    in_order = [step for step in path_steps if not step.anywhere]
    places = {step.event: n for n, step in enumerate(in_order)}
    anywhere = {step.event for step in path_steps if step.anywhere}
    reached, out_of_order, counts = -1, set[str](), dict[str, int]()
    for event in steps:
        place = places.get(event)
        if place is None:
            continue
        if event not in counts and place < reached:
            out_of_order.add(event)
        counts[event] = counts.get(event, 0) + 1
        reached = max(reached, place)
    withdrawn = steps[-1:] if steps and steps[-1] in withdrawals else []
    stopped = is_open or not steps or (steps[-1] not in places and steps[-1] not in anywhere)
    end = max(reached, 0) if stopped else len(in_order)
    return PathFit(
        skipped=tuple(step.event for step in in_order[:end] if step.needed and step.event not in counts),
        doubled=tuple(
            step.event for step in in_order if not step.repeatable and counts.get(step.event, 0) > 1
        ),
        out_of_order=tuple(step.event for step in in_order if step.event in out_of_order),
        unexpected=tuple(
            dict.fromkeys(event for event in steps if event not in {*places, *anywhere, *withdrawn})
        ),
        late=late,
    )


def usual_variants(counted: Iterable[tuple[T, int]]) -> list[T]:
    """Return the most frequent variants that make up USUAL_SHARE of the cases, from all of them with their
    numbers of cases, the most frequent first.
    """
    by_count = list(counted)
    needed_cases, covered, usual = USUAL_SHARE * sum(count for _, count in by_count), 0, list[T]()
    for variant, count in by_count:
        if covered >= needed_cases:
            break
        usual.append(variant)
        covered += count
    return usual
