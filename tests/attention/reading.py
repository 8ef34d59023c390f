"""Reading what needs attention, as clients do."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from tests.client import Client, Json

PATH = "/v1/attention"


async def read_attention(client: Client, language: str = "en", **parameters: Any) -> Json:
    """What needs the client's attention, in that language."""
    answer = await client.get(PATH, params=parameters, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    items = document["items"]
    urgent = [item for item in items if item["severity"] in ("banner", "now")]
    assert document["counts"] == {"total": len(items), "now": len(urgent)}
    assert (document["nothing"] is None) == bool(items)
    for item in (*items, *document["good"]):
        assert "…" not in "".join(item["sentences"].values()), "every blank is filled"
        assert item["sentence"] == item["sentences"][language]
    return document


async def items_of(client: Client, code: str, **parameters: Any) -> list[Json]:
    """The sentences of that code."""
    answer = await read_attention(client, **parameters)
    return [item for item in answer["items"] if item["code"] == code]


async def rows_of(client: Client, address: str) -> int:
    """The number of rows of the list at that address, on all its pages."""
    path, _, query = address.partition("?")
    parameters = {**dict(parse_qsl(query)), "limit": "100"}
    return sum(map(len, await client.pages(path, **parameters)))


async def cases_of(client: Client, item: Json) -> list[Json]:
    """The cases that the sentence opens: exactly as many as it says."""
    answer = await client.get(item["cases"])
    assert answer.status_code == 200, answer.text
    cases: list[Json] = answer.json().get("items", [answer.json()])
    assert len(cases) == item["count"]
    return cases
