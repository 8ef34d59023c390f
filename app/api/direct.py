"""Dispatch of requests to operations: refuses repeated parameters and members, and takes a shorter path than
FastAPI's for valid requests.

FastAPI reads the signature, and describes it in the contract. A valid request has its values checked by the
same fields, and the operation is called at once. Any other request goes to FastAPI, which reports the fault.
That saves a tenth of the time of reading a record. FastAPI would take the last of repeated parameters and
JSON members: here they are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, get_args, get_origin

from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, request_response
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.contract.problems import DuplicateMember, TooManyValues
from app.api.contract.responses import BODY_METHODS, BODY_REFUSED, Responses, problems
from app.api.lazy_routes import Declare, DeclaredLater, LazyRoute
from app.api.replica_reads import is_marked, read_for
from app.api.requests.faults import FURTHER, MOST_LISTED, first_errors

Handler = Callable[..., Coroutine[Any, Any, Response]]
EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object from its members. Raises DuplicateMember."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DuplicateMember(_first_repeated(name for name, _ in pairs))
    return members


def _first_repeated(names: Iterable[str]) -> str:
    met = set[str]()
    for name in names:
        if name in met:
            return name
        met.add(name)
    raise AssertionError("none is")


_DECODER = json.JSONDecoder(object_pairs_hook=_members)
#: Members and items of a whole body: a thousand commands in bulk have ten or so each. A megabyte could hold
#: half a million, whose reading would keep everybody waiting for a tenth of a second.
MOST_VALUES = 20_000
#: A string of JSON, or the rest of a text that breaks off within one; never tried twice at the same place.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


def _check_size(body: bytes) -> None:
    """Raise TooManyValues if the JSON text holds too many values, without decoding it: a tenth of the time.
    Strings may hold commas and brackets of their own, and are left out only if that matters.
    """
    if _count_values(body) > MOST_VALUES and _count_values(_STRING.sub(b"", body)) > MOST_VALUES:
        raise TooManyValues(MOST_VALUES)


def _count_values(text: bytes) -> int:
    return text.count(b",") + text.count(b"{") + text.count(b"[")


class StrictRequest(Request):
    """A request whose JSON body must not repeat a member of an object."""

    async def json(self) -> Any:
        """Return the body, decoded as by Starlette. Raises DuplicateMember, TooManyValues, ValueError,
        RecursionError.
        """
        if not hasattr(self, "_json"):
            body = await self.body()
            _check_size(body)
            self._json = _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
        return self._json

    def set_empty_object(self) -> None:
        """Take a body that was left out for an object without members: what is missing is named by itself."""
        self._body = b"{}"
        if "content-type" not in self.headers:
            self.scope["headers"] = [*self.scope["headers"], (b"content-type", b"application/json")]
            del self._headers


class NeedsValidation(Exception):
    """The request is invalid or in an unusual form: FastAPI must validate it."""


class StrictRoute(LazyRoute):
    """A route that refuses repeated parameters and JSON members, and very many faults at once."""

    def app_of(self, route: APIRoute) -> ASGIApp:
        """Return FastAPI's application of the route, made strict."""
        _bound_all_faults(route.dependant)
        return request_response(_strict(route))


class DirectRoute(StrictRoute):
    """A strict route with the shorter path, for operations that return a Response and take plain values, or
    at most one model, from each part of the request.
    """

    def app_of(self, route: APIRoute) -> ASGIApp:
        """Return the shorter path, if the operation is simple enough."""
        if not _is_simple(route.dependant):
            return super().app_of(route)
        _bound_all_faults(route.dependant)
        return _direct(route.dependant, route.endpoint, _strict(route))


class Router(APIRouter):
    """A router of lazy and strict routes: all routers of the service are of this class.

    The id of an operation is the name of its endpoint, unless another is given.
    """

    def __init__(self, *, route_class: type[LazyRoute] = StrictRoute, **more: Any) -> None:
        super().__init__(route_class=route_class, **more)

    def endpoint(
        self,
        path: str,
        summary: str,
        answer: Any = None,
        *,
        method: str = "GET",
        refused: tuple[int, ...] = (),
        responses: Responses | None = None,
        **more: Any,
    ) -> Callable[[EndpointT], EndpointT]:
        """Return a decorator that adds an endpoint; its docstring is the description of the operation.

        `answer`: type of the answer's JSON; None: the answer is not JSON. `refused`: statuses that it may be
        refused with, besides `EVERYWHERE`, and `BODY_REFUSED` if it reads a body. `responses` and `more`: see
        FastAPI's `APIRouter.get`.
        """
        statuses = (*refused, *BODY_REFUSED) if method in BODY_METHODS else refused
        described = {"response_class": Response} if answer is None else {"response_model": answer}

        def add(endpoint: EndpointT) -> EndpointT:
            self.add_api_route(
                path,
                endpoint,
                methods=[method],
                summary=summary,
                responses=(responses or {}) | problems(*statuses),
                **described,
                **more,
            )
            return endpoint

        return add

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **described: Any) -> None:
        """Add a route as FastAPI does, and name its operation after the endpoint if no id is given."""
        if not isinstance(endpoint, DeclaredLater) and described.get("include_in_schema", True):
            described["operation_id"] = described.get("operation_id") or endpoint.__name__
        super().add_api_route(path, endpoint, **described)

    def add_operation(self, method: str, path: str, declare: Declare) -> None:
        """Add an operation whose endpoint and description `declare` returns when the route is made."""
        self.add_api_route(path, DeclaredLater(declare), methods=[method])


def _bound_all_faults(takes: Dependant) -> None:
    for field in (*takes.query_params, *takes.body_params):
        _bound_faults(field)


def _bound_faults(field: Any) -> None:
    """Make FastAPI's field list the first of very many faults: of a body of a megabyte they could be eighty
    thousand, and listing them would keep everybody waiting for half a second.
    """
    adapter, listed = field._type_adapter, field.validate

    def validate(value: Any, values: Any = None, *, loc: tuple[int | str, ...] = ()) -> tuple[Any, Any]:
        try:
            return adapter.validate_python(value, from_attributes=True), []
        except ValidationError as error:
            if error.error_count() <= MOST_LISTED:
                return listed(value, values or {}, loc=loc)  # type: ignore[no-any-return]  # FastAPI's own
            errors = first_errors(error, value, adapter.validate_python)
            further = {"type": FURTHER, "loc": (), "ctx": {"count": error.error_count() - len(errors)}}
            return None, [{**fault, "loc": (*loc, *fault["loc"])} for fault in (*errors, further)]

    field.validate = validate


def _strict(route: APIRoute) -> Handler:
    """Return FastAPI's handler of the route, which refuses repeated single-valued query parameters first, and
    may read from a replica if the endpoint is marked so.
    """
    reads_replica = is_marked(route.endpoint)
    takes_body = route.body_field is not None and route.body_field.field_info.is_required()
    thorough, once = route.get_route_handler(), frozenset(_single(route.dependant.query_params))

    async def strict(request: Request) -> Response:
        if b"&" in request.scope["query_string"] and (twice := _repeated(request, once)):
            fault = {"type": "repeated", "msg": "said twice", "input": None}
            raise RequestValidationError([{**fault, "loc": ("query", name)} for name in twice])
        parameters = (
            request if isinstance(request, StrictRequest) else StrictRequest(request.scope, request.receive)
        )
        if takes_body and not await parameters.body():
            parameters.set_empty_object()
        if reads_replica:
            return await read_for(parameters, partial(thorough, parameters))
        return await thorough(parameters)

    return strict


def _single(fields: Sequence[Any]) -> Iterator[str]:
    """Yield the names of single-valued parameters."""
    for field in fields:
        kind = field.field_info.annotation
        if _is_model(field):
            named = {member.alias or name: member.annotation for name, member in kind.model_fields.items()}
            yield from (name for name, annotation in named.items() if not _takes_several(annotation))
        elif not _takes_several(kind):
            yield field.alias


def _takes_several(annotation: Any) -> bool:
    if get_origin(annotation) in (list, tuple, set, frozenset):
        return True
    return any(_takes_several(part) for part in get_args(annotation))


def _repeated(request: Request, once: frozenset[str]) -> list[str]:
    """Return the single-valued parameters that the query repeats."""
    names, twice = set[str](), dict[str, None]()
    for name, _ in request.query_params.multi_items():
        if name in names and name in once:
            twice[name] = None
        names.add(name)
    return list(twice)


def _direct(takes: Dependant, operation: Handler, thorough: Handler) -> ASGIApp:
    """Return an ASGI application that validates a request by the dependant `takes` and calls the operation;
    if that is not possible, `thorough`, FastAPI's handler, answers. The application handles its exceptions.
    """
    reads_replica = is_marked(operation)

    async def direct(scope: Scope, receive: Receive, send: Send) -> None:
        request = StrictRequest(scope, receive, send)
        try:
            values = await _values(takes, request)
        except NeedsValidation:

            async def answered(_: Request) -> Response:
                return await thorough(request)  # the same request object, whose body has been read already

            await request_response(answered)(scope, receive, send)
        else:
            reading = partial(operation, **values)
            response = await (read_for(request, reading) if reads_replica else reading())
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
    """Return the operation's arguments. Raises NeedsValidation."""
    assert takes.request_param_name is not None
    values: dict[str, Any] = {takes.request_param_name: request}
    for field in takes.path_params:
        values[field.name] = _checked(field, request.path_params.get(field.alias))
    for field in takes.header_params:
        header = request.headers.get(field.alias)
        values[field.name] = field.default if header is None else _checked(field, header)
    for field in takes.query_params:
        values[field.name] = _checked(field, _query(request))
    for field in takes.body_params:
        values[field.name] = _checked(field, await _body(request))
    return values


def _checked(field: Any, text: Any) -> Any:
    value, errors = field.validate(text)
    if errors:
        raise NeedsValidation
    return value


def _query(request: Request) -> Mapping[str, str]:
    parameters = request.query_params
    values = dict(parameters)
    if len(values) != len(parameters.multi_items()):
        raise NeedsValidation
    return values


async def _body(request: Request) -> Any:
    if request.headers.get("content-type") != "application/json":
        raise NeedsValidation
    try:
        return await request.json()
    except (ValueError, RecursionError):  # invalid JSON, or a number of thousands of digits
        raise NeedsValidation from None
