"""Values of custom fields: given with a ticket when it is opened, and put right when it is edited."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from pydantic import Field, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.common.custom import FOR_STAFF, PUBLIC, Custom, CustomField, ValueType
from app.common.people import Role
from app.common.tickets import Ticket
from app.foundation.people.givable import still_there
from app.kernel.bodies import LONGEST_KEY, LONGEST_LIST, LONGEST_PARAGRAPH
from app.kernel.custom import Unfit, fitted
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue


def _plain(value: Any) -> Any:
    short = not isinstance(value, str) or len(value) <= LONGEST_PARAGRAPH
    if not (value is None or isinstance(value, bool | int | str)) or not short:
        raise PydanticCustomError("custom_value", "must be a text, a whole number, true, false or null")
    return value


_Value = Annotated[
    Any,
    PlainValidator(_plain),
    WithJsonSchema(
        {"type": ["string", "integer", "boolean", "null"], "maxLength": LONGEST_PARAGRAPH, "title": "Value"}
    ),
]
CustomValues = Annotated[
    dict[Annotated[str, StringConstraints(max_length=LONGEST_KEY)], _Value],
    Field(
        max_length=LONGEST_LIST,
        description="Values of custom fields by their keys, as GET /v1/custom_fields lists them; null takes "
        "one away.",
    ),
    Custom(),
]


class WithCustom(Protocol):
    """A body that gives values of custom fields."""

    @property
    def custom(self) -> dict[str, Any]:
        """The values by the keys of their fields."""


async def custom_fits(look: Look, ticket: Ticket, body: WithCustom, at: Moment) -> None:
    """What is given is a value of an active field of the process, and what is required is given."""
    fields = await look.custom_fields(ticket.KIND, body.custom)
    for key, said in body.custom.items():
        field = fields.get(key)
        if field is not None and field.staff_only and not _is_staff(ticket, at):
            field = None
        if field is None:
            _retired(ticket, key, said, at)
            continue
        await look.relies_on(ticket.KIND, key)
        value = None if said is None else await _fitted(look, field, said, at)
        if value is None and field.required and _must_say(at):
            raise WrongValue(pointer=pointer(key), because="missing")
        at.custom.put(field.column, key, value)
    if not ticket.version and _must_say(at):
        for key, field in fields.items():
            if field.required and key not in body.custom:
                raise WrongValue(pointer=pointer(key), because="missing")
    at.staff_only = at.staff_only or _is_for_staff(body, at)


def give(ticket: Ticket, at: Moment) -> None:
    """The ticket has the values that are given, besides those that it has."""
    for column, said in at.custom.values.items():
        held = {**(getattr(ticket, column) or {}), **said}
        setattr(ticket, column, {key: value for key, value in held.items() if value is not None} or None)


def pointer(key: str) -> str:
    """Where the value stands in the body (RFC 6901)."""
    return "/custom/" + key.replace("~", "~0").replace("/", "~1")


def _is_staff(ticket: Ticket, at: Moment) -> bool:
    """Whether they may give what only staff see. Of a ticket that is being opened nobody knows the scope."""
    return at.caller.is_staff_for(ticket) if ticket.version else at.caller.is_staff


def _must_say(at: Moment) -> bool:
    """An alert or a mail is not lost because a form was changed: persons only are asked, and only for what
    they say themselves.
    """
    return not (at.follows or at.caller.is_rule or Role.integration in at.caller.names)


def _retired(ticket: Ticket, key: str, said: Any, at: Moment) -> None:
    """What was given before its field was retired can be taken away."""
    columns = (PUBLIC, FOR_STAFF) if _is_staff(ticket, at) else (PUBLIC,)
    column = next((one for one in columns if key in (getattr(ticket, one) or ())), None)
    if said is not None or column is None:
        raise WrongValue({"value": key}, pointer=pointer(key), because="unknown_value")
    at.custom.put(column, key, None)


async def _fitted(look: Look, field: CustomField, said: Any, at: Moment) -> Any:
    """The value as the log keeps it. Raises WrongValue."""
    assert field.key is not None
    where = pointer(field.key)
    me = at.caller.person_id
    if field.value_type is ValueType.person and said == "me" and me is not None:
        said = str(me)
    try:
        value = fitted(field, said)
    except Unfit as error:
        raise WrongValue(error.words, pointer=where, because=error.because) from None
    if field.value_type is ValueType.person:
        person = await look.person(value, at.caller)
        if person is None:
            words = {"kind": "person", "name": value}
            raise WrongValue(words, pointer=where, because="unknown_reference")
        still_there(person, where)
    return value


def _is_for_staff(body: WithCustom, at: Moment) -> bool:
    """Whether nothing else is said than what only staff see."""
    said: set[str] = getattr(body, "model_fields_set", set()) - {"occurred_at"}
    return at.custom.only_for_staff and said == {PUBLIC}
