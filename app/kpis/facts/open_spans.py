"""How many cases are open at the end of each period, from the spans in which they are. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush

#: The first and the last period at whose ends the cases are open, their number, the number of those on hold,
#: and the opening of the oldest.
OpenSpan = tuple[int, int, int, int, datetime]


def open_by_period(spans: list[OpenSpan], last_period: int) -> Iterator[tuple[int, int, int, datetime]]:
    """Yield each period with open cases, their number, the number on hold, and the opening of the oldest."""
    change: Counter[int] = Counter()
    waiting: Counter[int] = Counter()
    begins: dict[int, list[OpenSpan]] = defaultdict(list)
    for span in spans:
        change[span[0]] += span[2]
        change[span[1] + 1] -= span[2]
        waiting[span[0]] += span[3]
        waiting[span[1] + 1] -= span[3]
        begins[span[0]].append(span)
    open_cases = on_hold = 0
    by_age: list[tuple[datetime, int]] = []
    for period in range(1, last_period + 1):
        open_cases += change[period]
        on_hold += waiting[period]
        for _, last, *_, opened_at in begins[period]:
            heappush(by_age, (opened_at, last))
        while by_age and by_age[0][1] < period:
            heappop(by_age)
        if open_cases:
            yield period, open_cases, on_hold, by_age[0][0]
