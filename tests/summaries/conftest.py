"""A service with a mail server, people who have summaries mailed, and workers who send them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest

from app.kpis.facts.consumer import FACTS
from app.log.canonical import from_instant
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, connect
from app.summaries.figures import WatchedFigures
from app.summaries.sending import send_due
from tests.client import Api, Client, Json
from tests.extent import WHOLE
from tests.notifications.test_mail import Server, of, postbox  # noqa: F401  # fixture

PATH = "/v1/me/summaries"


@dataclass
class Mailing:
    """The service, the mail server, and one worker."""

    api: Api
    postbox: Server
    connection: Connection
    figures: WatchedFigures
    failures: list[Exception] = field(default_factory=list)

    async def save(self, client: Client, summary_id: str | None = None, **body: Any) -> Json:
        """A summary that the client has mailed: daily, unless it is said otherwise."""
        answer = await client.put(f"{PATH}/{summary_id or uuid4()}", json={"cadence": "day", **body})
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        return document

    async def read(self, client: Client, summary: Json) -> Json:
        """The summary as it is now."""
        return await client.read(f"{PATH}/{summary['id']}")

    async def work(self, now: datetime, connection: Connection | None = None) -> None:
        """The worker brings the figures up to date, and sends what is due at that instant."""
        follower = connection or self.connection
        await catch_up(follower, FACTS)
        while await send_due(follower, self.api.ledger, self.figures, now, failed=self._failed):
            pass

    async def work_at(self, summary: Json, **later: float) -> datetime:
        """The worker comes at the instant of the summary, or so much later. Gives when."""
        now = from_instant(summary["next_at"]) + timedelta(**later)
        await self.work(now)
        return now

    def mails_to(self, name: str) -> list[EmailMessage]:
        """What the mail server has taken for the person of that name."""
        return of(self.postbox, f"{name.lower()}@example.org")

    def _failed(self, name: str, error: Exception) -> None:
        assert name == "summaries"
        self.failures.append(error)


@pytest.fixture
async def mailing(api: Api, postbox: Server) -> AsyncIterator[Mailing]:  # noqa: F811  # the fixture
    api.ledger.settings = api.ledger.settings.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": postbox.port,
            "smtp_tls": "none",
            "mail_from": "desk@example.com",
            "public_url": "https://desk.example.org/it",
            # Each takes its time in each test; `make test-all` has the usual ones.
            "watched_kpis": "" if WHOLE else "backlog,incident_resolution_seconds",
        }
    )
    connection = await connect(api.ledger.db.url, FOLLOW_LIMITS)
    yield Mailing(api, postbox, connection, WatchedFigures(api.ledger))
    await connection.close()


def parts(mail: EmailMessage) -> tuple[str, str]:
    """The text of the mail, and its HTML."""
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return str(text.get_content()).replace("\r\n", "\n"), str(html.get_content())
