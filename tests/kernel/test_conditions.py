"""Conditions between members of payloads: declared, never hidden in a validator; named in the contract and in
refusals.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from app.api.contract.payload_marks import references_of
from app.common.people import Role
from app.common.records import ForeignRef, KeyRef
from app.i18n import LANGUAGES, sentences
from app.kernel.actions.conditions import (
    Condition,
    all_members_or_none,
    at_least_one_member,
    conditions_of,
    exactly_one_member,
    in_time_order,
    member_only_with,
)
from app.kernel.actions.payloads import Instant, Payload, PayloadPart, PayloadValue, Reference
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Api


def models_of(payload: type[BaseModel]) -> set[type[BaseModel]]:
    """The payload, and the models of its parts."""
    visited: set[type[BaseModel]] = set()
    annotations: list[Any] = [payload]
    while annotations:
        annotation = annotations.pop()
        annotations += getattr(annotation, "__args__", ())
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in visited:
            visited.add(annotation)
            annotations += [field.annotation for field in annotation.model_fields.values()]
    return visited


MODELS = sorted(
    {model for lifecycle in LIFECYCLES for row in lifecycle.rows for model in models_of(row.body)},
    key=lambda model: model.__name__,
)


class RelayVisit(Payload):
    """A visit to a relay, by one of our people or by another's."""

    CONDITIONS: ClassVar[tuple[Condition, ...]] = (
        exactly_one_member("one_of_the_two", "person", "team"),
        in_time_order("ends_before_begin", "begins_at", "ends_at"),
    )

    person: Annotated[Reference, ForeignRef("person")] | None = None
    team: Annotated[Reference, ForeignRef("team")] | None = None
    begins_at: Instant | None = None
    ends_at: Instant | None = None


class RelayVisitWithKeys(RelayVisit):
    """A visit by somebody who is given keys."""

    CONDITIONS = (
        all_members_or_none("both_of_an_amount", "keys", "locker"),
        at_least_one_member("somebody", "guide", "service"),
        member_only_with("faults_to_nobody", "guide", "service"),
    )

    keys: tuple[str, ...] = ()
    locker: str | None = None
    guide: str | None = None
    service: Annotated[str, KeyRef("service")] | None = None


EARLY, LATE = "2026-03-02T09:30:00Z", "2026-03-02T10:30:00Z"
RIGHT: dict[str, Any] = {"person": "me", "service": "mail"}


def refusal_of(body: dict[str, Any]) -> tuple[str, list[str]] | None:
    """The code of the condition that does not hold, and its members."""
    try:
        TypeAdapter(RelayVisitWithKeys).validate_python(body)
    except ValidationError as error:
        (fault,) = error.errors()
        return fault["type"], fault["ctx"]["members"]
    return None


@each_case(
    ("body", "refused"),
    [
        (RIGHT, None),
        (RIGHT | {"person": None, "team": "network"}, None),
        (RIGHT | {"team": "network"}, ("one_of_the_two", ["person", "team"])),
        ({"service": "mail"}, ("one_of_the_two", ["person", "team"])),
        (RIGHT | {"begins_at": EARLY, "ends_at": LATE}, None),
        (RIGHT | {"begins_at": EARLY}, None),
        (RIGHT | {"begins_at": LATE, "ends_at": LATE}, ("ends_before_begin", ["begins_at", "ends_at"])),
        (RIGHT | {"keys": ["7"], "locker": "B"}, None),
        (RIGHT | {"keys": ["7"]}, ("both_of_an_amount", ["keys", "locker"])),
        (RIGHT | {"locker": "B"}, ("both_of_an_amount", ["keys", "locker"])),
        ({"person": "me"}, ("somebody", ["guide", "service"])),
        ({"person": "me", "guide": "Ann"}, ("faults_to_nobody", ["guide", "service"])),
        (RIGHT | {"guide": "Ann"}, None),
    ],
)
def test_a_condition_that_does_not_hold_is_refused_with_its_members(
    body: dict[str, Any], refused: tuple[str, list[str]] | None
) -> None:
    assert refusal_of(body) == refused


def test_the_fields_that_name_records_say_which() -> None:
    assert references_of(RelayVisitWithKeys) == {
        "person": {"kind": "person"},
        "team": {"kind": "team"},
        "service": {"kind": "service", "by": "key", "open": True},
    }


def test_no_payload_hides_a_condition_in_a_validator_of_its_own() -> None:
    kinds = (Payload, PayloadPart, PayloadValue)
    hidden = [
        f"{model.__name__}.{name}"
        for model in MODELS
        if issubclass(model, kinds)
        for name in model.__pydantic_decorators__.model_validators
        if name != "_check_conditions"
    ]
    assert hidden == [], "declare them in CONDITIONS"


CONDITIONS = [(model, condition) for model in MODELS for condition in conditions_of(model)]


def test_conditions_name_fields_and_have_a_message_in_each_language() -> None:
    assert CONDITIONS
    for model, condition in CONDITIONS:
        assert set(condition.members) <= set(model.model_fields), (model.__name__, condition.code)
        for language in LANGUAGES:
            assert condition.code in sentences(language)["value"], condition.code


def test_conditions_of_an_edit_ask_for_nothing_that_an_edit_may_leave_out() -> None:
    """A correction gives some fields only: what stands in the record already need not be said again."""
    asking = [
        (row.body.__name__, condition.code)
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        if row.name.startswith("edit")
        for condition in conditions_of(row.body)
        if condition.code != "nothing_to_change" and not _holds_of_nothing(row.body, condition)
    ]
    assert asking == []


def _holds_of_nothing(payload: type[BaseModel], condition: Condition) -> bool:
    return bool(condition.holds(payload.model_construct()))


async def test_a_refusal_names_the_members_that_are_wrong_together(api: Api) -> None:
    client = await api.client("Ann", Role.agent)
    body = {
        "title": "No mail",
        "description": "Since nine nothing arrives.",
        "channel": "portal",
        "impact": "3",
        "urgency": "3",
        "effect": "down",
    }
    answer = await client.post("/v1/incidents", json={**body, "alert_source": "prometheus"})
    faults = answer.json()["errors"]
    assert len(faults) == 1, faults
    (fault,) = faults
    assert (fault["code"], fault["pointer"]) == ("both_of_an_alert", "/dedup_key")
    assert fault["members"] == ["/alert_source", "/dedup_key"]
