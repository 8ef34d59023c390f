"""Routes that are made when they are first asked for.

FastAPI reads an endpoint's signature and builds its validators when a route is added. For all operations this
takes longer than the rest of the start, and a test process calls only a few. A LazyRoute has only its path
and methods, for routing. The rest is built when another attribute is first read: by the first request, or by
the contract (app.api.contract.openapi), which builds every route.
"""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.types import ASGIApp

from app.common.lazy_attribute import MAKING


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint, and the arguments by which FastAPI's `add_api_route` describes it in the contract."""

    endpoint: Callable[..., Any]
    described: dict[str, Any] = field(default_factory=dict)


#: Returns an operation. It is called once, when the route is made.
Declare = Callable[[], Operation]


@dataclass(frozen=True, slots=True)
class DeclaredLater:
    """A placeholder for an endpoint: its operation is declared when the route is built."""

    declare: Declare

    def __call__(self) -> None:
        raise AssertionError("it stands in the place of an endpoint, and is not called")


class LazyRoute(APIRoute):
    """A route that is made when it is first asked for: once, however many threads ask for it at a time."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **described: Any) -> None:
        self.path = path
        self.methods = {method.upper() for method in described.get("methods") or ("GET",)}
        self._unmade: tuple[Callable[..., Any], dict[str, Any]] | None = (endpoint, described)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute that a route has once it is made."""
        attributes = self.__dict__
        if "_unmade" in attributes and not name.startswith("__"):
            with MAKING:
                if self._unmade is not None:
                    attributes.update(self._made(*self._unmade).__dict__, _unmade=None)
            # Another thread may have made the route since this one missed the attribute.
            if name in attributes:
                return attributes[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name}")

    @property
    def is_route_built(self) -> bool:
        """Return whether anything but the path and the methods has been asked for."""
        return self._unmade is None

    def _made(self, endpoint: Callable[..., Any], described: dict[str, Any]) -> APIRoute:
        if isinstance(endpoint, DeclaredLater):
            operation = endpoint.declare()
            endpoint, described = operation.endpoint, _combined(described, operation.described)
        route = APIRoute(self.path, endpoint, **described)
        with quiet_building():
            for model_field in _used_fields(route):
                model_field._type_adapter.rebuild()
        route.app = self.app_of(route)
        return route

    def app_of(self, route: APIRoute) -> ASGIApp:
        """Return the ASGI application that answers requests to the route."""
        return route.app


def typed(
    endpoint: Callable[..., Any], name: str, kind: Any, default: Any = inspect.Parameter.empty
) -> Callable[..., Any]:
    """Return the endpoint with that type and default set for the named parameter in its signature, which
    FastAPI reads.
    """
    signature = inspect.signature(endpoint, eval_str=True)
    parameters = [
        parameter.replace(annotation=kind, default=default) if parameter.name == name else parameter
        for parameter in signature.parameters.values()
    ]
    parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    endpoint.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what inspect.signature reads
    return endpoint


@contextlib.contextmanager
def quiet_building() -> Iterator[None]:
    """Keep Pydantic from warning, during the block, of what FastAPI does with the fields of models. FastAPI
    does so itself where it builds a field, but a model that is declared with `defer_build` is built later.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UnsupportedFieldAttributeWarning)
        yield


def _used_fields(route: APIRoute) -> Iterator[ModelField]:
    """Yield the fields whose validators or serializers requests of the route use. Most operations return a
    Response: nothing uses the model of their answer but the contract, which builds it then.
    """
    yield from _fields_of(route.dependant)
    return_type = str(inspect.signature(route.endpoint).return_annotation)
    for model_field in (route.body_field, route.response_field, route.stream_item_field):
        is_unused = model_field is route.response_field and return_type.rstrip("'>").endswith("Response")
        if model_field is not None and not is_unused:
            yield model_field


def _fields_of(takes: Dependant) -> Iterator[ModelField]:
    yield from (*takes.path_params, *takes.query_params, *takes.header_params, *takes.cookie_params)
    yield from takes.body_params
    for dependency in takes.dependencies:
        yield from _fields_of(dependency)


def _combined(of_router: dict[str, Any], of_operation: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a route, with tags and responses of its router as FastAPI combines them."""
    return {
        **of_router,
        **of_operation,
        "tags": [*(of_router.get("tags") or ()), *(of_operation.get("tags") or ())],
        "responses": {**(of_router.get("responses") or {}), **(of_operation.get("responses") or {})},
    }
