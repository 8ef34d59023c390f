"""The resolution rate of requests and incidents, from the words of the catalogue and of decisions 0006, 0044
and 0102.
"""

from __future__ import annotations

from tests.kpis.brute_force.agreements import Agreements
from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.incident_times import is_reopened_soon
from tests.kpis.brute_force.incidents import OPEN, Incident
from tests.kpis.brute_force.reading import World
from tests.kpis.brute_force.request_lives import is_open, requests
from tests.kpis.brute_force.request_quality import taken_up_soon


def _settled(world: World) -> list[Counted]:
    """All that came in: 1 of each that came to its end and was at no time taken up again soon. The weight is
    whether it is no longer open.
    """
    agreements, counted_cases = Agreements(world), []
    for request in requests(world):
        settled = request.final is not None and not taken_up_soon(request, agreements)
        cut, over = request.cut(0, opening=True), not is_open(request.led[-1][1])
        instant = request.record.opened_at
        counted_cases.append(
            Counted(request.id, instant, int(settled), cut, request.excluded, weight=int(over))
        )
    for record in world.of("incident"):
        incident = Incident(record)
        soon = any(is_reopened_soon(incident, episode, agreements) for episode in incident.episodes)
        settled, over = incident.final is not None and not soon, incident.phases[-1][1] != OPEN
        cut = incident.cut(0, opening=True)
        counted_cases.append(
            Counted(incident.id, record.opened_at, int(settled), cut, incident.excluded, weight=int(over))
        )
    return counted_cases


DEFINITIONS = {"resolution_rate": Definition(_settled)}
