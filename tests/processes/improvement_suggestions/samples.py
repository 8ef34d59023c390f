"""What is said to offer a suggestion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.automation.worker import Worker
from tests.client import Api, Client, Json

AT = "/v1/improvement_suggestions"


def a_suggestion(**changes: Any) -> Json:
    """What is said to offer a suggestion."""
    return {
        "title": "Ask for the site first",
        "scope": "process",
        "process": "incident",
        "aspect": "activity",
        "source": "staff",
        "what": "The desk asks for the site before anything else.",
        "why": "Half of all incidents go to the wrong team at first.",
        **changes,
    }


async def offered(client: Client, **changes: Any) -> Json:
    """A suggestion that the client has offered."""
    return await client.post_ok(AT, a_suggestion(**changes))


def at(suggestion: Json) -> str:
    """The address of the suggestion."""
    return f"{AT}/{suggestion['id']}"


async def refusal(client: Client, path: str, body: Json) -> tuple[int, str, str]:
    """The status of a refused POST, the code, and where in the payload it is."""
    answer = await client.post(path, json=body)
    document = answer.json()
    errors = document.get("errors") or [{"code": document.get("code"), "pointer": ""}]
    return answer.status_code, errors[0]["code"], errors[0]["pointer"]


async def tell(api: Api) -> None:
    """All that there is to tell is told."""
    worker, now = Worker(api.ledger), datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(minutes=2))
    assert worker.failures == []
