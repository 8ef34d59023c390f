"""How requests come to their operations: none says twice what can be said once, and those in order go a
shorter way than FastAPI's.

FastAPI reads the signature, and describes it in the contract. Where a request is in order, its values are
checked by the same fields and the operation is called at once. Where anything is not, FastAPI is given the
request after all, and says what is wrong. That saves a tenth of what reading a record takes. Of a parameter
or a member of JSON that is said twice FastAPI would take the last: it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, request_response
from pydantic import BaseModel
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import DuplicateMember

Handler = Callable[..., Coroutine[Any, Any, Response]]


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises SaidTwice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DuplicateMember(_first_repeated(name for name, _ in pairs))
    return members


def _first_repeated(names: Iterable[str]) -> str:
    seen = set[str]()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("none is")


_DECODER = json.JSONDecoder(object_pairs_hook=_members)


class StrictRequest(Request):
    """A request whose body is JSON in which nothing is said twice."""

    async def json(self) -> Any:
        """The body, as it is read by Starlette. Raises SaidTwice, ValueError, RecursionError."""
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
        return self._json


class NeedsValidation(Exception):
    """Something is missing, not as it should be, or said in an unusual way."""


class DirectRoute(APIRoute):
    """For operations that answer with a Response and take plain values, or one model, of each part of the
    request.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if _is_simple(self.dependant):
            self.app = _direct(self.dependant, self.endpoint, _strict(self))


def be_strict(routes: Iterable[BaseRoute]) -> None:
    """Has all of them refuse what is said twice."""
    for route in routes:
        if isinstance(route, APIRoute) and not (
            isinstance(route, DirectRoute) and _is_simple(route.dependant)
        ):
            route.app = request_response(_strict(route))


def _strict(route: APIRoute) -> Handler:
    """What FastAPI does with a request, once nothing in its query is said twice that can be said once."""
    thorough, once = route.get_route_handler(), frozenset(_single(route.dependant.query_params))

    async def strict(request: Request) -> Response:
        if b"&" in request.scope["query_string"] and (twice := _repeated(request, once)):
            fault = {"type": "repeated", "msg": "said twice", "input": None}
            raise RequestValidationError([{**fault, "loc": ("query", name)} for name in twice])
        asked = (
            request if isinstance(request, StrictRequest) else StrictRequest(request.scope, request.receive)
        )
        return await thorough(asked)

    return strict


def _single(fields: Sequence[Any]) -> Iterator[str]:
    """The names of parameters that have one value."""
    for field in fields:
        kind = field.field_info.annotation
        if _is_model(field):
            named = {one.alias or name: one.annotation for name, one in kind.model_fields.items()}
            yield from (name for name, annotation in named.items() if not _takes_several(annotation))
        elif not _takes_several(kind):
            yield field.alias


def _takes_several(annotation: Any) -> bool:
    if get_origin(annotation) in (list, tuple, set, frozenset):
        return True
    return any(_takes_several(part) for part in get_args(annotation))


def _repeated(request: Request, once: frozenset[str]) -> list[str]:
    """Which of these parameters are said more than once."""
    seen, twice = set[str](), dict[str, None]()
    for name, _ in request.query_params.multi_items():
        if name in seen and name in once:
            twice[name] = None
        seen.add(name)
    return list(twice)


def _direct(takes: Dependant, operation: Handler, thorough: Handler) -> ASGIApp:
    """The operation as what answers. What it raises is answered for by the application, as elsewhere."""

    async def direct(scope: Scope, receive: Receive, send: Send) -> None:
        request = StrictRequest(scope, receive, send)
        try:
            values = await _values(takes, request)
        except NeedsValidation:

            async def answered(_: Request) -> Response:
                return await thorough(request)  # this very one, whose body has been read

            await request_response(answered)(scope, receive, send)
        else:
            response = await operation(**values)
            await response(scope, receive, send)

    return direct


def _is_simple(takes: Dependant) -> bool:
    models = [_is_model(field) for field in takes.query_params]
    return (
        takes.request_param_name is not None
        and not (takes.dependencies or takes.cookie_params or takes.response_param_name)
        and not (takes.background_tasks_param_name or takes.security_scopes_param_name)
        and models in ([], [True])
        and len(takes.body_params) <= 1
    )


def _is_model(field: Any) -> bool:
    kind = field.field_info.annotation
    return isinstance(kind, type) and issubclass(kind, BaseModel)


async def _values(takes: Dependant, request: Request) -> dict[str, Any]:
    """The operation's arguments. Raises NotInOrder."""
    assert takes.request_param_name is not None
    values: dict[str, Any] = {takes.request_param_name: request}
    for field in takes.path_params:
        values[field.name] = _checked(field, request.path_params.get(field.alias))
    for field in takes.header_params:
        said = request.headers.get(field.alias)
        values[field.name] = field.default if said is None else _checked(field, said)
    for field in takes.query_params:
        values[field.name] = _checked(field, _query(request))
    for field in takes.body_params:
        values[field.name] = _checked(field, await _body(request))
    return values


def _checked(field: Any, said: Any) -> Any:
    value, errors = field.validate(said)
    if errors:
        raise NeedsValidation
    return value


def _query(request: Request) -> Mapping[str, str]:
    parameters = request.query_params
    said = dict(parameters)
    if len(said) != len(parameters.multi_items()):
        raise NeedsValidation
    return said


async def _body(request: Request) -> Any:
    if request.headers.get("content-type") != "application/json":
        raise NeedsValidation
    try:
        return await request.json()
    except (ValueError, RecursionError):  # broken, or a number of five thousand digits
        raise NeedsValidation from None
