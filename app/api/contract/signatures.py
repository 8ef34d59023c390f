"""Types known only when a route is made, set in its endpoint's signature for FastAPI to read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def typed(
    endpoint: Callable[..., Any], name: str, kind: Any, default: Any = inspect.Parameter.empty
) -> Callable[..., Any]:
    """Return the endpoint with that type and default set for the named parameter in its signature."""
    signature = inspect.signature(endpoint, eval_str=True)
    parameters = [
        parameter.replace(annotation=kind, default=default) if parameter.name == name else parameter
        for parameter in signature.parameters.values()
    ]
    parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    endpoint.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what inspect.signature reads
    return endpoint
