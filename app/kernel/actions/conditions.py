"""Conditions between members of a payload: what must hold of several of them together (pure).

A payload lists its own in `CONDITIONS`; those of its bases hold, too. The contract names them next to the
payload's schema, and a refusal names the members concerned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from app.i18n import translate


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on these members: the code of its message, the names of their fields, and the test of a
    payload. `names_missing`: a refusal names only the members that are not given. `at` is the member to
    correct; if empty, it is the only one that is not given.
    """

    code: str
    members: tuple[str, ...]
    holds: Callable[[Any], bool]
    names_missing: bool = False
    faulty: str = ""

    def faulty_member(self, body: BaseModel) -> str | None:
        """Return the member at fault; None if several may be."""
        missing = self._missing(body)
        return self.faulty or (missing[0] if len(missing) == 1 else None)

    def _missing(self, body: BaseModel) -> tuple[str, ...]:
        return tuple(name for name in self.members if not _is_given(getattr(body, name)))

    def concerned(self, body: BaseModel) -> tuple[str, ...]:
        """Return the members that a refusal of the payload names."""
        missing = self._missing(body)
        return missing if self.names_missing and missing else self.members


def all_members_or_none(code: str, *members: str) -> Condition:
    """Return the condition that the members are given all together or not at all."""
    return Condition(code, members, lambda body: _count(body, members) in (0, len(members)))


def exactly_one_member(code: str, *members: str) -> Condition:
    """Return the condition that one of the members is given, and no other."""
    return Condition(code, members, lambda body: _count(body, members) == 1)


def at_least_one_member(code: str, *members: str) -> Condition:
    """Return the condition that one of the members is given, or several."""
    return Condition(code, members, lambda body: _count(body, members) > 0)


def in_time_order(code: str, earlier: str, later: str) -> Condition:
    """Return the condition that of two times that are given, the first is before the second."""

    def holds(body: Any) -> bool:
        first, second = getattr(body, earlier), getattr(body, later)
        return first is None or second is None or bool(first < second)

    return Condition(code, (earlier, later), holds, faulty=later)


def member_only_with(code: str, member: str, *partners: str) -> Condition:
    """Return the condition that where the member is given, one of its partners is, or several."""
    return Condition(
        code, (member, *partners), lambda body: not _count(body, (member,)) or _count(body, partners) > 0
    )


def conditions_of(payload: type[BaseModel]) -> tuple[Condition, ...]:
    """Return the conditions of the payload, those of its bases first."""
    return tuple(
        condition for base in reversed(payload.__mro__) for condition in vars(base).get("CONDITIONS", ())
    )


def check_conditions(body: BaseModel) -> None:
    """Raise PydanticCustomError for the first condition that does not hold of the payload."""
    for condition in conditions_of(type(body)):
        if not condition.holds(body):
            message = translate("en", "value", condition.code)
            members = _names(type(body), condition.concerned(body))
            faulty = condition.faulty_member(body)
            pointer = None if faulty is None else _names(type(body), [faulty])[0]
            raise PydanticCustomError(condition.code, message, {"members": members, "at": pointer})


def _names(payload: type[BaseModel], members: Sequence[str]) -> list[str]:
    """Return the members by the names that clients use."""
    return [payload.model_fields[name].alias or name for name in members]


def _count(body: BaseModel, members: Sequence[str]) -> int:
    return sum(_is_given(getattr(body, name)) for name in members)


def _is_given(value: object) -> bool:
    return value is not None and value != ()
