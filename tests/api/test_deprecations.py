"""What will go away says so: in the contract, and in the answers to those who still use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.contract.deprecations import EXTENSION, Deprecated
from app.api.contract.openapi import document
from app.api.requests.middleware import RequestContextMiddleware
from app.api.service.metrics import Metrics
from tests.client import ADDRESS
from tests.contract.answers import with_parts_in_place

NEXT_YEAR = Deprecated(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC), "/docs#new")
LATER = Deprecated(datetime(2026, 12, 1, tzinfo=UTC), datetime(2028, 12, 1, tzinfo=UTC), "/docs#colour")


class Filters(BaseModel):
    """What can be asked."""

    model_config = ConfigDict(extra="forbid")

    colour: Annotated[str | None, LATER, Field(description="As it was called.")] = None
    color: Annotated[str | None, Field(description="As it is called.")] = None


router = APIRouter()


@router.get("/v1/old", operation_id="get_old", **NEXT_YEAR.operation)
async def get_old() -> dict[str, str]:
    """What was."""
    return {}


@router.get("/v1/new", operation_id="get_new")
async def get_new(filters: Annotated[Filters, Query()]) -> dict[str, str]:
    """What is."""
    return {}


@router.get("/v1/plain", operation_id="get_plain")
async def get_plain(
    old: Annotated[str | None, Query(description="Old."), NEXT_YEAR] = None,
) -> dict[str, str]:
    """What takes a plain parameter."""
    return {}


@pytest.fixture
def app() -> FastAPI:
    api = FastAPI()
    api.include_router(router)
    api.add_middleware(RequestContextMiddleware, metrics=Metrics("0"))
    return api


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS) as http_client:
        yield http_client


async def test_an_operation_that_goes_away_says_since_when_until_when_and_what_explains_it(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/old")
    assert answer.headers["deprecation"] == "@1793491200"
    assert answer.headers["sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
    assert answer.headers["link"] == '</docs#new>; rel="deprecation"'


@pytest.mark.parametrize(
    ("address", "sunset"),
    [
        ("/v1/new", None),
        ("/v1/new?color=red", None),
        ("/v1/new?colour=red", "Fri, 01 Dec 2028 00:00:00 GMT"),
        ("/v1/new?color=red&colour=", "Fri, 01 Dec 2028 00:00:00 GMT"),
        ("/v1/plain", None),
        ("/v1/plain?old=1", "Mon, 01 Nov 2027 00:00:00 GMT"),
        ("/v1/nowhere?colour=red", None),
    ],
)
async def test_a_parameter_that_goes_away_is_named_to_those_who_use_it(
    client: httpx.AsyncClient, address: str, sunset: str | None
) -> None:
    answer = await client.get(address)
    assert answer.headers.get("sunset") == sunset
    assert ("deprecation" in answer.headers) == (sunset is not None)


def test_the_contract_marks_both_and_lists_the_headers(app: FastAPI) -> None:
    paths = with_parts_in_place(document(app))["paths"]
    told_old, told_new = paths["/v1/old"]["get"], paths["/v1/new"]["get"]
    assert told_old["deprecated"] is True
    assert told_old[EXTENSION] == {"since": "2026-11-01", "sunset": "2027-11-01", "see": "/docs#new"}
    marked = {parameter["name"]: parameter for parameter in told_new["parameters"]}
    assert marked["colour"]["deprecated"] is True
    assert marked["colour"][EXTENSION]["sunset"] == "2028-12-01"
    assert EXTENSION not in str(marked["colour"]["schema"])
    assert "deprecated" not in marked["color"]
    for operation in (told_old, told_new):
        assert {"Deprecation", "Link", "Sunset"} <= operation["responses"]["200"]["headers"].keys()
    assert marked["colour"]["description"] == "As it was called."
