"""Attributes that are computed when they are first read, once, however many threads read them at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

V = TypeVar("V")

#: One lock for all that is made at first use: what is made may need other such things, in any order.
MAKING = threading.RLock()


class lazy_attribute(Generic[V]):  # noqa: N801  # used as a decorator, as `property` is
    """A property that is computed once and kept. `functools.cached_property` has no lock from Python 3.12 on,
    and two threads would make two classes of one name.
    """

    def __init__(self, make: Callable[[Any], V]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> lazy_attribute[V]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> V: ...

    def __get__(self, instance: object | None, owner: type) -> lazy_attribute[V] | V:
        if instance is None:
            return self
        with MAKING:
            attributes = instance.__dict__
            if self._name not in attributes:
                attributes[self._name] = self._make(instance)
            value: V = attributes[self._name]
            return value
