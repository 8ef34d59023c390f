"""What is said of problems."""

from __future__ import annotations

from tests.client import Client, Json, an_incident


def a_problem(**changes: object) -> Json:
    """What is said to raise a problem, without an incident that shows it."""
    return {
        "title": "The relay loses mail at night",
        "description": "Some of what is sent about midnight never arrives.",
        "origin": "trend",
        "service": "mail",
        "affected_services": ["mail"],
        "affected_customers": [],
        "affected_users": 120,
        "tried": "It was restarted.",
        **changes,
    }


CAUSE: Json = {
    "technique": "five_whys",
    "cause": "The queue is cut at midnight.",
    "cause_category": "configuration",
    "evidence": "The log of the relay.",
}
WORKAROUND: Json = {"symptoms": "Mail of midnight is gone.", "workaround": "Send it again in the morning."}


async def incidents(client: Client, number: int, **fields: object) -> list[Json]:
    """So many new incidents."""
    return [await client.post_ok("/v1/incidents", an_incident(**fields)) for _ in range(number)]


async def links(client: Client, plural: str, record: Json) -> list[tuple[str, str]]:
    """What the record is to others: the kind of link and the number of the other one."""
    items = (await client.read(f"/v1/{plural}/{record['id']}/links"))["items"]
    return [(item["kind"], item["other"]["number"]) for item in items]
