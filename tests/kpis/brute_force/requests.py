"""The KPIs of requests, from the words of the catalogue (32 to 38 and those of the service regulation) and of
decisions 0006, 0044 and 0102.
"""

from __future__ import annotations

from tests.kpis.brute_force import request_quality, request_times
from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.reading import World
from tests.kpis.brute_force.request_lives import open_at, requests, unended, when_delivered


def _opened(world: World) -> list[Counted]:
    return [
        Counted(request.id, request.record.opened_at, 1, request.cut(0, opening=True), request.excluded)
        for request in requests(world)
    ]


DEFINITIONS: dict[str, Definition] = {
    "requests_opened": Definition(_opened),
    "requests_delivered": when_delivered(lambda request, n: 1),
    "request_backlog": Definition(open=open_at(unended)),
    **request_times.DEFINITIONS,
    **request_quality.DEFINITIONS,
}
