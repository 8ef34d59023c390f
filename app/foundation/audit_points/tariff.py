"""The regulation's figures of points, which hold where no rule was set (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from app.foundation.audit_points.records import PointBasis, PointPart


class Tariff(NamedTuple):
    """Numbers of points by the parts of those who answer, in the order of `PointPart`."""

    person: int
    supervisor: int
    head: int

    def points_for(self, part: PointPart) -> int:
        """Return the points of that part."""
        points: int = getattr(self, part.value)
        return points


#: The table of the process document "Process audits".
DEFAULTS: Mapping[PointBasis, Tariff] = MappingProxyType(
    {
        PointBasis.violation: Tariff(20, 10, 5),
        PointBasis.design_fault: Tariff(20, 10, 5),
        PointBasis.record_missing: Tariff(20, 10, 5),
        PointBasis.repeated: Tariff(40, 20, 20),
        PointBasis.self_check_incomplete: Tariff(0, 10, 0),
        PointBasis.summary_late: Tariff(0, 0, 10),
        PointBasis.proposal_late: Tariff(0, 0, 20),
        PointBasis.decision_late: Tariff(0, 20, 10),
        # The regulation gives overdue changes points, and names no figure for what is decided in time.
        PointBasis.publication_late: Tariff(0, 0, 10),
    }
)
