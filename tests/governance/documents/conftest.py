"""People who write, review, publish and read documents, and the time by which they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.common.people import Role
from app.governance.documents.texts.file_texts import index_next
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.search import index
from tests.client import Api, Client, Json
from tests.clocks import from_now

AHEAD = from_now(300)
CONTENT = b"How incidents are taken up. \xe4\xba\x8b\xe4\xbb\xb6\xe5\x8f\x97\xe7\x90\x86\xe3\x80\x82"


@dataclass
class Calendar:
    """The time that requests come at: the real one, and so much later."""

    later: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def move_on(self, **by: float) -> None:
        self.later += timedelta(**by)


@dataclass
class Office:
    """An author, two quality managers, a manager who reviews, a reader and a stranger, each by one role."""

    api: Api
    calendar: Calendar
    author: Client
    quality: Client
    second: Client
    manager: Client
    reader: Client
    stranger: Client
    departments: dict[str, Client] = field(default_factory=dict)

    async def file(self, client: Client, content: bytes = CONTENT) -> Json:
        """A file that the client has uploaded, as payloads name it."""
        answer = await client.put(f"/v1/uploads/{uuid4()}", content=content)
        assert answer.status_code == 200, answer.text
        return {"upload": answer.json()["id"], "name": "process.txt"}

    async def drafted(self, **more: object) -> str:
        """The address of a document that the author has drafted."""
        body = {
            "document_class": "PR",
            "title": "How incidents are taken up",
            "importance": "general",
            "confidentiality": "restricted",
            "readers": [self.reader.id],
            "tier": "management",
            "team": "network",
            **await self.file(self.author),
            **more,
        }
        return f"/v1/documents/{(await self.author.post_ok('/v1/documents', body))['id']}"

    async def vote(self, client: Client, path: str, verdict: str = "approve") -> Json:
        """What follows from the client's vote on the newest question about the document."""
        decision = (await self.author.read(f"{path}/decisions"))["items"][-1]["id"]
        return await client.post_ok(
            f"{path}/vote", {"decision": decision, "verdict": verdict, "comment": "As it stands."}
        )

    async def approved(self, **more: object) -> str:
        """The address of a document that was approved."""
        path = await self.drafted(**more)
        await self.author.post_ok(f"{path}/submit", {"question": "Right?", "changes": "The first one."})
        await self.vote(self.manager, path)
        return path

    async def published(self, *must_read: Client, in_days: int = 0, **more: object) -> str:
        """The address of a document that was published, which these must acknowledge, and takes effect in so
        many days.
        """
        path = await self.approved(**more)
        body = {
            "effective_at": (self.calendar.now() + timedelta(days=in_days)).isoformat(),
            "review_due_at": (self.calendar.now() + timedelta(days=365)).isoformat(),
            "acknowledged_by": [client.id for client in must_read],
        }
        await self.quality.post_ok(f"{path}/publish", body)
        return path

    async def indexed(self) -> None:
        """Fills the index of titles, and that of the texts of files."""
        async with await connect(self.api.ledger.db.url, FOLLOW_LIMITS) as connection:
            await catch_up(connection, index.consumer(self.api.ledger))
        while await index_next(self.api.ledger):
            pass

    async def file_of(self, client: Client, path: str) -> int:
        """The status by which the client is answered who asks for the newest file."""
        document = await self.author.read(path)
        return (await client.get(f"{path}/attachments/{document['attachment_id']}/content")).status_code


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    calendar = Calendar()
    monkeypatch.setattr("app.api.authentication.auth.utc_now", calendar.now)
    return calendar


@pytest.fixture
async def office(api: Api, calendar: Calendar) -> Office:
    await api.team("network")
    return Office(
        api,
        calendar,
        await api.client("Author", Role.engineer, teams=("network",)),
        await api.client("Quality", Role.quality_manager),
        await api.client("Second", Role.quality_manager),
        await api.client("Manager", Role.management),
        await api.client("Reader", Role.requester),
        await api.client("Stranger", Role.engineer, teams=("network",)),
    )
