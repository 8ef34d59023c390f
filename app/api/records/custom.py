"""Filters by custom fields: `custom.site=beijing,berlin`, or `custom[site]=beijing,berlin`.

The second form is how OpenAPI 3.1 writes parameters whose names are not known beforehand (`deepObject`), so
generated clients send it; the first is for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.api.listings.filters import ME, MOST_VALUES, Parameter, WhereClause, split
from app.api.records.shapes import Renderer
from app.common.custom import PUBLIC, CustomField, FieldState, ValueType
from app.kernel.access.visibility import staff_condition
from app.kernel.actions.custom import InvalidCustomValue, parse_query_value
from app.kernel.actions.payloads import LONGEST_LINE
from app.kernel.actions.refusals import WrongValue

_NAMED = re.compile(rf"{PUBLIC}(?:\.(?P<dotted>[^\[\]]{{1,100}})|\[(?P<bracketed>[^\[\]]{{1,100}})\])")
#: The most custom fields that one query may filter by.
MOST_FIELDS = 10


def gather_custom(query: Any) -> Any:
    """Return the query's parameters (`values`) with all custom fields gathered into one mapping, by the keys
    of the fields.
    """
    if not isinstance(query, Mapping):
        return query
    rest: dict[str, Any] = {}
    values: dict[str, list[Any]] = {}
    for name, value in query.items():
        match = _NAMED.fullmatch(name) if isinstance(name, str) else None
        if match is None:
            rest[name] = value
        else:
            key = match["dotted"] or match["bracketed"]
            values.setdefault(key, []).extend(value if isinstance(value, list) else [value])
    return {**rest, PUBLIC: values} if values else rest


def _by_key(value: Any) -> Any:
    if value is not None and not isinstance(value, Mapping):
        raise PydanticCustomError("custom_by_key", "must name the field, for instance custom.site=beijing")
    return None if value is None else {key: split(texts) for key, texts in value.items()}


_Texts = Annotated[
    list[Annotated[str, StringConstraints(max_length=LONGEST_LINE)]],
    Field(min_length=1, max_length=MOST_VALUES),
]


async def _narrow(where: WhereClause, values: Mapping[str, list[str]], renderer: Renderer) -> None:
    process = renderer.lifecycle.kind
    fields = await renderer.ledger.directory.custom_fields(process, values)
    for key, texts in values.items():
        entry = fields.get(key)
        field = None if entry is None else entry.field
        if field is None or not _is_offered(field, renderer):
            offered = sorted(name for name in fields if _is_offered(fields[name].field, renderer))
            words = {"known": ", ".join(offered) or "-"}
            raise WrongValue(words, parameter=f"{PUBLIC}.{key}", because="not_filterable")
        conditions = [
            f"r.{field.column} @> {where.bind(_containment_json(field, text, renderer))}::jsonb"
            for text in texts
        ]
        condition = f"({' or '.join(conditions)})"
        if field.staff_only:
            condition += f" and {staff_condition(renderer.caller, renderer.lifecycle, where.bind)}"
        where.conditions.append(condition)
    # The best plan depends on how many records have the value.
    where.depends_on_values = True


def _is_offered(field: CustomField, renderer: Renderer) -> bool:
    """Return whether the caller may filter lists by the field."""
    visible = renderer.caller.is_staff or not field.staff_only
    return visible and field.state is FieldState.active and field.filter_slot is not None


def _containment_json(field: CustomField, text: str, renderer: Renderer) -> str:
    """Return JSON that a record's column contains if the field has the value that the text stands for. Raises
    WrongValue.
    """
    me = renderer.caller.person_id
    if field.value_type is ValueType.person and text == ME:
        text = str(me or UUID(int=0))
    try:
        return json.dumps({field.key: parse_query_value(field, text)})
    except InvalidCustomValue as error:
        parameter = f"{PUBLIC}.{field.key}"
        raise WrongValue(error.words, parameter=parameter, because=error.because) from None


#: The parameter `custom` of lists of tickets.
CUSTOM = Parameter(
    PUBLIC,
    Annotated[
        dict[str, _Texts] | None,
        BeforeValidator(_by_key),
        Field(
            max_length=MOST_FIELDS,
            description="Records with one of these values in a custom field that has a filter: "
            "`custom.site=beijing,berlin`, or `custom[site]=beijing,berlin`; for a person the id, or "
            "`me`.",
        ),
        WithJsonSchema(
            {
                "type": "object",
                "maxProperties": MOST_FIELDS,
                "additionalProperties": {"type": "string", "minLength": 1, "maxLength": LONGEST_LINE},
            }
        ),
    ],
    _narrow,
)
