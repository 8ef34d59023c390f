"""The targets in the lines of a report: those of the agreement, and those of the replaced editions whose
cases are decided only now. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.service_levels.agreements.records import CLOCKS, Agreement
from app.service_reports.reading import ClockCount, ClockCounts, EditionTarget


@dataclass(slots=True)
class TargetLine:
    """A target of an edition, with the same target of the editions before it: what an amendment has left as
    it was is one target. `earlier`: the edition is one that the agreement has replaced.
    """

    target: Mapping[str, Any]
    edition: Agreement
    earlier: bool
    counted: set[EditionTarget] = field(default_factory=set)

    @property
    def name(self) -> str:
        """Return what the report calls the line."""
        target_id: str = self.target["id"]
        return f"{target_id}-e{self.edition.edition or 1}" if self.earlier else target_id

    def count(self, counts: ClockCounts, number: int) -> ClockCount:
        """Return the clocks that were decided in the span of that number."""
        counts_of_editions = (counts.get((target, number), ClockCount()) for target in self.counted)
        return sum(counts_of_editions, ClockCount())


def target_lines(agreement: Agreement, earlier: Sequence[Agreement]) -> list[TargetLine]:
    """Return the lines: first the agreement's targets in their order, then those of the editions before,
    the newest first, as far as they are others.
    """
    lines: list[TargetLine] = []
    for edition in (agreement, *earlier):
        for target in edition.targets or ():
            if edition is not agreement and target["metric"] not in CLOCKS:
                continue  # what KPIs measure is in the report of the edition that was in force
            line = next((listed for listed in lines if _same_terms(listed.target, target)), None)
            if line is None:
                line = TargetLine(target, edition, edition is not agreement)
                lines.append(line)
            line.counted.add((edition.id, target["id"]))
    return lines


def _same_terms(terms: Mapping[str, Any], other_terms: Mapping[str, Any]) -> bool:
    return all(terms.get(name) == other_terms.get(name) for name in {*terms, *other_terms})


def line_names(lines: Sequence[TargetLine]) -> dict[EditionTarget, str]:
    """Return the names of the lines, by the targets of editions."""
    return {target: line.name for line in lines for target in line.counted}


def name_rows(
    rows: Sequence[Mapping[str, Any]], names: Mapping[EditionTarget, str]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the rows, each with the name of the line of its target."""
    return [(names[row["agreement_id"], row["target_id"]], row) for row in rows]
