"""Every lifecycle. All that is generic walks this list: the API, the docs, the tests, the rebuild."""

from typing import Any

from app.base.people import keys, persons, teams
from app.kernel.lifecycle import Lifecycle
from app.processes.incidents import lifecycle as incidents

LIFECYCLES: tuple[Lifecycle[Any], ...] = (
    persons.LIFECYCLE,
    teams.LIFECYCLE,
    keys.LIFECYCLE,
    incidents.LIFECYCLE,
)

BY_KIND = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
