"""What is kept of a world for all processes of a run: each makes an application on a copy of its database."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.common.people import Person
from tests.client import Api
from tests.every_action.world import World

#: The names of the clients that every world has besides those of its other people.
EVERYBODY, WORKER, REQUESTER = "everybody", "worker", "requester"


@dataclass(frozen=True)
class WorldAtRest:
    """The people of a world. `keys`: their ids and keys, by name."""

    reporter: Person
    assignee: Person
    colleague: Person
    team_id: str
    keys: dict[str, tuple[str, str | None]]

    @staticmethod
    def of(world: World) -> WorldAtRest:
        """The people of that world, without its application."""
        clients = {EVERYBODY: world.everybody, WORKER: world.worker, REQUESTER: world.requester}
        clients |= world.people
        keys = {name: (client.id, client.token) for name, client in clients.items()}
        return WorldAtRest(world.reporter, world.assignee, world.colleague, world.team_id, keys)

    def in_application(self, api: Api) -> World:
        """The same people with the same keys, in an application on a copy of the database."""
        people = {name: api.with_token(sent, UUID(client)) for name, (client, sent) in self.keys.items()}
        everybody, worker, requester = (people.pop(name) for name in (EVERYBODY, WORKER, REQUESTER))
        three = (self.reporter, self.assignee, self.colleague)
        return World(api, everybody, worker, *three, self.team_id, requester, people)
