"""A desk and a tool that tell one another of one ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from tests.client import Json
from tests.subscriptions.stages import Stage
from tests.webhooks.standins.server import StandIn, Webhook
from tests.webhooks.tools import Tool, process_all

T = TypeVar("T", bound=StandIn)
PATH = "/v1/incidents"


@dataclass
class Desk(Generic[T]):
    """Our side, the tool's stand-in, the source that hears of it and the subscription that writes to it.
    Their clock is behind that of this machine, and moves when a test says so.
    """

    stage: Stage
    tool: T
    source: Tool
    subscription: Json

    async def send(self, seconds: float = 0) -> None:
        """Write to the tool what is due."""
        await self.stage.send(seconds)

    async def hear(self, webhooks: Sequence[Webhook] | None = None) -> None:
        """Take these webhooks of the tool, or all that it has to send, and process them."""
        if webhooks is None:
            webhooks, self.tool.webhooks = self.tool.webhooks, []
        for webhook in webhooks:
            answer = await self.source.post(
                webhook.body, **{n.replace("-", "_"): v for n, v in webhook.headers.items()}
            )
            assert answer.status_code == 202, answer.text
        await process_all(self.stage.api.ledger, lambda: self.stage.now)

    async def settle(self) -> None:
        """Send and hear until nothing more is told."""
        for _ in range(20):
            await self.send()
            if not self.tool.webhooks:
                return
            await self.hear()
        raise AssertionError("the two never come to rest")

    def later(self, seconds: float = 2) -> None:
        """Let some time pass."""
        self.stage.now += timedelta(seconds=seconds)

    async def act(self, incident: Json, action: str, **body: object) -> Json:
        payload = {"occurred_at": self.stage.now.isoformat(), **body}
        return await self.stage.admin.post_ok(f"{PATH}/{incident['id']}/{action}", payload)

    async def report(self, title: str) -> Json:
        """An incident that is ours to work on."""
        incident = await self.stage.incident(title=title, occurred_at=self.stage.now.isoformat())
        await self.act(incident, "assign", person="me")
        return incident

    async def resolve(self, incident: Json) -> Json:
        return await self.act(incident, "resolve", resolution_code="fixed", done="Oiled.")

    async def edit(self, incident: Json, **body: object) -> Json:
        present = await self.read(incident)
        path, version = f"{PATH}/{incident['id']}", present["version"]
        payload = {"occurred_at": self.stage.now.isoformat(), **body}
        answer = await self.stage.admin.patch(path, json=payload, headers={"if-match": f'"{version}"'})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def read(self, incident: Json) -> Json:
        return await self.stage.admin.read(f"{PATH}/{incident['id']}")

    async def read_references(self, incident: Json) -> list[Json]:
        """The incident's names over there."""
        path = f"{PATH}/{incident['id']}"
        incident_fields = await self.stage.admin.read(path, fields="external_references")
        return list(incident_fields["external_references"])

    async def withdraw(self, incident: Json, text: str) -> None:
        """Withdraw the comment with that text."""
        page = await self.stage.admin.read(f"{PATH}/{incident['id']}/comments", limit=200)
        (comment,) = (item["id"] for item in page["items"] if item["text"] == text)
        await self.act(incident, "withdraw_comment", comment=comment)

    async def person(self, name: str, login: str | None = None, **more: object) -> Json:
        """A person of IT, with a login at the tool."""
        body = {"name": name, "roles": ["agent"], **more}
        person = await self.stage.admin.post_ok("/v1/persons", body)
        if login is not None:
            await self.set_login(person, login)
        return person

    async def set_login(self, person: Json, login: str) -> None:
        """An administrator sets the person's login at the tool."""
        path = f"/v1/webhook_sources/{self.source.source['id']}/set_login"
        await self.stage.admin.post_ok(path, {"person": person["id"], "login": login})

    async def tags(self, incident: Json) -> set[str]:
        """The names of the incident's tags."""
        page = await self.stage.admin.read(f"{PATH}/{incident['id']}/tags")
        return {tag["name"] for tag in page["items"]}

    async def texts(self, incident: Json) -> list[str]:
        page = await self.stage.admin.read(f"{PATH}/{incident['id']}/comments", limit=200)
        return [item["text"] for item in page["items"] if item["text"] is not None]

    async def failures(self) -> list[Json]:
        """Deliveries of the tool that have failed."""
        path = f"/v1/webhook_sources/{self.source.source['id']}/deliveries"
        return list((await self.stage.admin.read(path, state="failed"))["items"])
