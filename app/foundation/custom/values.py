"""Values of custom fields: set when a ticket is opened, and corrected when it is edited."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from pydantic import Field, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.common.custom import FOR_STAFF, PUBLIC, CustomField, CustomValuesField, ValueType
from app.common.people import Role
from app.common.tickets import Ticket
from app.foundation.people.eligibility import check_person_active
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.custom import InvalidCustomValue, to_stored_value
from app.kernel.actions.payloads import LONGEST_KEY, LONGEST_LIST, LONGEST_PARAGRAPH
from app.kernel.actions.refusals import WrongValue


def _scalar(value: Any) -> Any:
    short = not isinstance(value, str) or len(value) <= LONGEST_PARAGRAPH
    if not (value is None or isinstance(value, bool | int | str)) or not short:
        raise PydanticCustomError("custom_value", "must be a text, a whole number, true, false or empty")
    return value


_Value = Annotated[
    Any,
    PlainValidator(_scalar),
    WithJsonSchema(
        {"type": ["string", "integer", "boolean", "null"], "maxLength": LONGEST_PARAGRAPH, "title": "Value"}
    ),
]
CustomValues = Annotated[
    dict[Annotated[str, StringConstraints(max_length=LONGEST_KEY)], _Value],
    Field(
        max_length=LONGEST_LIST,
        description="Values of custom fields by key, as `GET /v1/custom_fields` lists them; null "
        "removes a value.",
    ),
    CustomValuesField(),
]


class HasCustomValues(Protocol):
    """A payload with values of custom fields."""

    @property
    def custom(self) -> dict[str, Any]:
        """Return the values by the keys of their fields."""


async def invalid_custom_values(
    reads: ReadContext, ticket: Ticket, body: HasCustomValues, ctx: ActionContext
) -> None:
    """Refuse unless each value fits an active field of the process, and required fields have values."""
    fields = await reads.custom_fields(ticket.KIND, body.custom)
    for key, value in body.custom.items():
        field = fields.get(key)
        if field is not None and field.staff_only and not _is_staff(ticket, ctx):
            field = None
        if field is None:
            _remove_retired_value(ticket, key, value, ctx)
            continue
        await reads.relies_on(ticket.KIND, key)
        stored = None if value is None else await _stored_value(reads, field, value, ctx)
        if stored is None and field.required and _must_provide(ctx):
            raise WrongValue(pointer=pointer(key), because="missing")
        ctx.input.custom.set_value(field.column, key, stored)
    if not ticket.version and _must_provide(ctx):
        for key, field in fields.items():
            if field.required and key not in body.custom:
                raise WrongValue(pointer=pointer(key), because="missing")
    ctx.outcome.staff_only = ctx.outcome.staff_only or _only_staff_values(body, ctx)


def set_custom_fields(ticket: Ticket, ctx: ActionContext) -> None:
    """Set the payload's custom values on the ticket; its other values stay."""
    for column, values in ctx.input.custom.values.items():
        held = {**(getattr(ticket, column) or {}), **values}
        setattr(ticket, column, {key: value for key, value in held.items() if value is not None} or None)


def pointer(key: str) -> str:
    """Return the JSON pointer of the value in the payload (RFC 6901)."""
    return "/custom/" + key.replace("~", "~0").replace("/", "~1")


def _is_staff(ticket: Ticket, ctx: ActionContext) -> bool:
    """Return whether the caller may set fields that only staff see. A ticket that is being opened has no
    scope yet, so any staff may.
    """
    return ctx.caller.is_staff_for(ticket) if ticket.version else ctx.caller.is_staff


def _must_provide(ctx: ActionContext) -> bool:
    """Return whether required fields are enforced: only for persons and the actions that they take
    themselves, so that no alert or mail is lost because a form was changed.
    """
    return not (ctx.command.follows or ctx.caller.is_rule or Role.integration in ctx.caller.role_codes)


def _remove_retired_value(ticket: Ticket, key: str, value: Any, ctx: ActionContext) -> None:
    """Remove the ticket's value of a field that was retired since. Raises WrongValue unless the payload's
    value is None.
    """
    columns = (PUBLIC, FOR_STAFF) if _is_staff(ticket, ctx) else (PUBLIC,)
    column = next((name for name in columns if key in (getattr(ticket, name) or ())), None)
    if value is not None or column is None:
        raise WrongValue({"value": key}, pointer=pointer(key), because="unknown_value")
    ctx.input.custom.set_value(column, key, None)


async def _stored_value(reads: ReadContext, field: CustomField, sent: Any, ctx: ActionContext) -> Any:
    """Return the payload's value as the log stores it; `me` is the caller. Raises WrongValue."""
    assert field.key is not None
    where = pointer(field.key)
    me = ctx.caller.person_id
    if field.value_type is ValueType.person and sent == "me" and me is not None:
        sent = str(me)
    try:
        value = to_stored_value(field, sent)
    except InvalidCustomValue as error:
        raise WrongValue(error.words, pointer=where, because=error.because) from None
    if field.value_type is ValueType.person:
        person = await reads.person(value, ctx.caller)
        if person is None:
            words = {"kind": "person", "name": value}
            raise WrongValue(words, pointer=where, because="unknown_reference")
        check_person_active(person, where)
    return value


def _only_staff_values(body: HasCustomValues, ctx: ActionContext) -> bool:
    """Return whether the payload changes only values that only staff see."""
    sent: set[str] = getattr(body, "model_fields_set", set()) - {"occurred_at"}
    return ctx.input.custom.only_for_staff and sent == {PUBLIC}
