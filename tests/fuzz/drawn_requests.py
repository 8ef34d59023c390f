"""Requests that schemathesis draws from the contract, and the checks of what is answered."""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.client import ADDRESS, Client
from tests.contract.answers import document
from tests.fuzz import GIVEN

Sent = Case[Any]

#: To make texts of their patterns takes too long: tests/contract/test_as_strict.py tries these.
SLOW = ("FileName", "Instant", "KeyText", "Paragraph", "Reference", "RoleText", "ShortText", "Title")


def unguarded() -> dict[str, Any]:
    """The contract without the keys, which would be guessed at for most of the time, and slow patterns."""
    contract = copy.deepcopy(document())
    for name in SLOW:
        del contract["components"]["schemas"][name]["pattern"]
    for methods in contract["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    del contract["security"]
    return contract


@cache
def unguarded_schema() -> OpenApiSchema:
    """The same as schemathesis has it; only who tries operations needs it, and not who collects them."""
    return schemathesis.openapi.from_dict(unguarded())


SEED = random.randrange(2**32) if GIVEN else 20261120
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def _operations() -> int:
    return sum(len(methods) for methods in document()["paths"].values())


EXAMPLES = max(10, GIVEN // (2 * _operations())) if GIVEN else 1
#: How often requests are drawn for an operation until there is one.
MOST_DRAWS = 5


def drawn(method: str, path: str, mode: GenerationMode) -> list[Sent]:
    """Requests for that operation: at least one, though a draw may come to nothing."""
    draws = (_draw(method, path, mode, SEED + n) for n in range(MOST_DRAWS))
    return next((cases for cases in draws if cases), [])


def _draw(method: str, path: str, mode: GenerationMode, number: int) -> list[Sent]:
    cases: list[Sent] = []

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(unguarded_schema()[path][method.upper()].as_strategy(generation_mode=mode))
    def collect(case: Sent) -> None:
        cases.append(case)

    collect()
    return cases


def sent(case: Sent) -> httpx.Request:
    """The request, as its bytes go out. Who calls is for us to say."""
    request: dict[str, Any] = case.as_transport_kwargs(base_url=ADDRESS)
    headers = [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in request.pop("headers").items()
        if name.lower() not in ("authorization", "connection", "accept-encoding")
    ]
    if "json" in request:
        request["content"] = json.dumps(request.pop("json")).encode()
    elif "data" in request:
        data = request.pop("data")
        request["content"] = data if isinstance(data, bytes) else str(data).encode()
    allowed = ("method", "url", "content", "params", "cookies")
    return httpx.Request(headers=headers, **{name: request[name] for name in allowed if name in request})


def _spaced(value: object) -> bool:
    """Whether there is a text in it with white space around it."""
    if isinstance(value, dict):
        return any(map(_spaced, value.values()))
    if isinstance(value, list):
        return any(map(_spaced, value))
    return isinstance(value, str) and value != value.strip()


async def answered_statuses(
    client: Client,
    operation: tuple[str, str],
    values: dict[str, list[str]],
    end: dict[str, str] | None,
    *,
    allowed: bool,
) -> list[int]:
    """Send what the contract allows for that method and path, or what it does not. Return the statuses.

    `values` exist for parameters of the path. `end` is a query that ends an otherwise endless answer.
    """
    mode = GenerationMode.POSITIVE if allowed else GenerationMode.NEGATIVE
    statuses = []
    for number, case in enumerate(drawn(*operation, mode)):
        # Every fourth is asked for by a name that nobody has. What is wrong by its path alone keeps it.
        for name in case.path_parameters or {}:
            if name in values and number % 4 != 3 and not _is_wrong_by_path(case):
                case.path_parameters[name] = values[name][number % len(values[name])]
        if end is not None:
            query = case.query or {}
            case.query = query | end if allowed else end | query
        request = sent(case)
        request.headers["Authorization"] = f"Bearer {client.token}"
        answer = await client.send(request)
        # White space around a text does not count, so that one that is too long may fit all the same.
        strict = not allowed and not _spaced(case.body)
        more = [negative_data_rejection] if strict else []
        case.validate_response(answer, checks=[*CHECKS, *more])
        statuses.append(answer.status_code)
    return statuses


def _is_wrong_by_path(case: Sent) -> bool:
    of_path = case.meta and case.meta.components.get(ParameterLocation.PATH)
    return bool(of_path and of_path.mode is GenerationMode.NEGATIVE)
