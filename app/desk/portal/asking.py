"""Forms of the portal: an action's form without what only staff fill in, and the questions of an item of the
catalogue in the place of its answers (pure).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.desk.forms.definitions import ANSWERS, with_questions
from app.desk.forms.fields import FieldChoice, FieldKind, Form, FormField

TITLE, DESCRIPTION = "title", "description"
#: The service of a ticket; a requested item has its own.
SERVICE = "service"
#: Members that are sent without being asked for, where the payload has them.
PRESET = {"channel": "portal", "visibility": "public"}
#: Members that requesters are asked for. A form asks for a new member of a payload only once it stands here.
ASKED_FIELDS = frozenset(
    {
        *("title", "description", SERVICE, "custom", "began_at", "impact", "urgency", "effect"),
        *("text", "upload", "name", "reason", "changed", "score", "comment", "helped"),
        *("subject", "about", "about_assignee", "decision", "verdict"),
    }
)


def plain_form(form: Form, services: Iterable[FieldChoice] = ()) -> Form:
    """Return the form without what only staff fill in. `services` are those that can be chosen."""
    fields = tuple(_with_choices(field, services) for field in form.fields if field.name in ASKED_FIELDS)
    return Form(fields, _conditions_of(form, fields))


def _with_choices(field: FormField, services: Iterable[FieldChoice]) -> FormField:
    """Return the field; of a service, with the names of those that there are in the place of a key."""
    choices = tuple(services) if field.name == SERVICE else ()
    if not choices:
        return field
    return replace(field, kind=FieldKind.choice, choices=choices, reference=None, help_words={})


def _conditions_of(form: Form, fields: Iterable[FormField]) -> tuple[Mapping[str, Any], ...]:
    """Return the conditions of the form that are about these fields alone."""
    names = {field.name for field in fields}
    return tuple(condition for condition in form.conditions if names.issuperset(condition["members"]))


def preset_members(form: Form) -> dict[str, Any]:
    """Return the members of the body that are sent without being asked for."""
    names = {field.name for field in form.fields}
    return {name: value for name, value in PRESET.items() if name in names}


def item_form(form: Form, item: Mapping[str, Any], heading: Mapping[str, str]) -> Form:
    """Return the form of a request for the item of the catalogue, with its questions under the heading."""
    fields = tuple(_asked_fields(form, item))
    form_of_item = Form(fields, _conditions_of(form, fields))
    return form_of_item if item["form"] is None else with_questions(form_of_item, item["form"], heading)


def _asked_fields(form: Form, item: Mapping[str, Any]) -> Iterator[FormField]:
    """Yield the fields that are asked for; the title is that of the item, or made from the answers."""
    for field in form.fields:
        if item.get(f"{field.name}_template") or field.name == TITLE:
            continue
        if field.name in ASKED_FIELDS - {SERVICE} or (field.name == ANSWERS and item["form"] is not None):
            yield field


def supplied_members(item: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return the members that the item supplies where its answers do not, if they are left blank."""
    return {name: title for name in (TITLE, DESCRIPTION) if not item.get(f"{name}_template")}
