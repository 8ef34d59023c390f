"""The form of a key: people who are not administrators make one of their own for the change calendar, and
administrators choose from the roles of its person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from app.common.people import Role, RoleGrant
from app.desk.forms.fields import FormField
from app.desk.forms.instants import SHOWN_VALUE_PREFIX
from app.desk.names import ID
from app.desk.pages.context import Desk
from app.desk.pages.form.returns import RETURN
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs
from app.desk.references import find_hits
from app.desk.values import TABLE
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import LIST_SEPARATORS, translate

#: Fields of the form, and what a calendar key has instead of the others.
OWN_FIELDS = frozenset({"name", "expires_at"})
PERSON, ROLES = "/person", "roles"
#: The code of the refusal of a role that the person of the key lacks.
LACKED = "not_held_by_them"
LONGEST_NAME = 200
CALENDAR_KEY = {"person": "me", "scope": "calendar"}


def with_own_key(screen: ActionScreen) -> ActionScreen:
    """Return the form without what only administrators may choose of a key; other forms as they are."""
    if not _makes_key(screen) or screen.desk.is_administrator:
        return screen
    fields = tuple(field for field in screen.form.fields if field.name in OWN_FIELDS)
    about = translate(screen.desk.language, "detail", "only_calendar_key")
    return replace(screen, own_form=replace(screen.form, fields=fields), preset=CALENDAR_KEY, about=about)


async def with_held_roles(screen: ActionScreen, sent: SentInputs) -> tuple[ActionScreen, SentInputs]:
    """Return the form of a key with only those roles that its person holds, and one sentence about roles that
    the person lacks. Other forms, and the form of an unknown person, are returned unchanged.
    """
    if not _makes_key(screen) or not screen.desk.is_administrator:
        return screen, sent
    value, _, shown_name = sent.first_text(f"{SHOWN_VALUE_PREFIX}{PERSON}").partition(" ")
    typed = sent.first_text(PERSON)
    person = await _person(screen.desk, value if typed and shown_name == typed else typed)
    if person is None:
        return screen, sent
    held = {RoleGrant.parse(text).role.value for text in person["roles"] or ()} | {Role.requester.value}
    fields = tuple(_offering(field, held) if field.name == ROLES else field for field in screen.form.fields)
    marked = replace(screen, own_form=replace(screen.form, fields=fields))
    lacked = [
        choice
        for field in fields
        if field.name == ROLES
        for choice in field.choices
        if not choice.is_offered and choice.code in sent.inputs.get(f"/{ROLES}", ())
    ]
    errors = (sent.problem or {}).get("errors", ())
    if not lacked or not any(error.get("code") == LACKED for error in errors):
        return marked, sent
    words = LIST_SEPARATORS[screen.desk.language].join(
        choice.words[screen.desk.language] for choice in lacked
    )
    message = _lacked_sentence(screen.desk, person, words, lacked[0].code)
    further_errors = [error for error in errors if error.get("code") != LACKED]
    own = {"pointer": f"/{ROLES}", "members": [], "message": message}
    return marked, replace(sent, problem={**(sent.problem or {}), "errors": [*further_errors, own]})


def _makes_key(screen: ActionScreen) -> bool:
    return (screen.lifecycle.kind, screen.row.name) == ("key", "make")


async def _person(desk: Desk, name: str) -> Mapping[str, Any] | None:
    """Return the person with that name or id; None if it fits no person, or several."""
    if name == "me":
        name = str(desk.reader_id)
    if ID.fullmatch(name):
        by_id: Mapping[str, Any] | None = await desk.calls.read_if_allowed(f"/v1/persons/{name}")
        return by_id
    hits = await find_hits(desk.calls, {"kind": "person"}, name[:LONGEST_NAME], "") if name else []
    exact = [hit for hit in hits if name in (hit.value, hit.label)] or hits
    if len(exact) != 1:
        return None
    person: Mapping[str, Any] | None = await desk.calls.read_if_allowed(f"/v1/persons/{exact[0].value}")
    return person


def _offering(field: FormField, held: Iterable[str]) -> FormField:
    choices = tuple(replace(choice, is_offered=choice.code in held) for choice in field.choices)
    return replace(field, choices=choices)


def _lacked_sentence(desk: Desk, person: Mapping[str, Any], roles: str, first: str) -> Markup:
    """Return the sentence on the roles that the person lacks, with a link that grants the first one and leads
    back.
    """
    here = f"/desk/new/key/make?{urlencode({PERSON: person['id']})}"
    address = f"/desk/person/{person['id']}/grant_role?{urlencode({'/role/role': first, RETURN: here})}"
    sentence = desk.sentence("person_lacks", person=person["name"], roles=roles)
    words = Wording(desk.language, TABLE)
    return render("desk/pages/lacked_role.html", words, lacked=sentence, address=address)
