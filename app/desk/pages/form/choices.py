"""Lists from which people choose the value of a field, where the contract takes any text: roles, adapters,
time zones and countries, each by its name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import available_timezones

from app.api.authentication.auth import ledger_of
from app.common.components import CHOSEN_FROM
from app.common.people import Role, RoleGrant
from app.common.tickets import Ticket
from app.desk.codes import NAMES_OF_LANGUAGES
from app.desk.forms.fields import FieldChoice, FieldKind, Form, FormField
from app.desk.forms.role_work import ROLE_WORK
from app.desk.forms.roles import role_field
from app.desk.pages.context import Desk, require_signed_in
from app.foundation.people.succession.leaving import managed_kinds
from app.i18n import LANGUAGES
from app.kpis.catalogue import KPIS

ROLES, ADAPTERS, ZONES, PROCESSES = "role", "webhook_adapter", "time_zone", "process"
KPI_KEYS, DUTY_KINDS, LOCALES, HELD_ROLES = "kpi", "duty_kind", "language", "held_role"
COUNTRIES, ROLE_CLASSES = "country", "role_class"
MOST_RATES = "200"
Choices = tuple[FieldChoice, ...]


async def with_choices(desk: Desk, form: Form, record: Mapping[str, Any] | None) -> Form:
    """Return the form with a choice in the place of each text that names something of a list, also one of
    the record that the form is about. Raises CallRefused.
    """
    sources = {source for field in form.fields for source in _sources(field)}
    choices = {source: await LISTS[source](desk) for source in sources if source in LISTS}
    if HELD_ROLES in sources and record is not None:
        choices[HELD_ROLES] = await held_roles(desk, record)
    fields = tuple(_chosen(desk, field, choices) for field in form.fields)
    return replace(form, fields=fields)


async def roles(desk: Desk) -> Choices:
    """Return all roles."""
    labels = ledger_of(desk.request).role_labels
    return tuple(
        FieldChoice(
            role.value,
            {each: labels.label(role, each) for each in LANGUAGES},
            {each: ROLE_WORK[role].text(each) for each in LANGUAGES},
        )
        for role in Role
    )


async def held_roles(desk: Desk, person: Mapping[str, Any]) -> Choices:
    """Return the roles that the person holds, each with the records for which it is held. Raises
    CallRefused.
    """
    return tuple([await _held_role(desk, text) for text in person["roles"] or ()])


async def _held_role(desk: Desk, text: str) -> FieldChoice:
    held = RoleGrant.parse(text)
    label = ledger_of(desk.request).role_labels.label(held.role, desk.language)
    scope = held.service or ""
    if held.process is not None:
        scope = desk.kinds_label(held.process) if held.process in desk.lifecycles else held.process
    elif held.team_id is not None:
        team = await desk.calls.read_if_allowed(f"/v1/teams/{held.team_id}")
        scope = str(held.team_id) if team is None else team["name"]
    return FieldChoice(text, dict.fromkeys(LANGUAGES, f"{label} · {scope}" if scope else label))


async def adapters(desk: Desk) -> Choices:
    """Return the tools that have an adapter, by their names. Raises CallRefused."""
    page = await desk.calls.read("/v1/webhook_adapters")
    tools = sorted(page["items"], key=lambda each: str(each["title"]).casefold())
    return tuple(FieldChoice(each["key"], dict.fromkeys(LANGUAGES, each["title"])) for each in tools)


async def zones(desk: Desk) -> Choices:
    """Return all time zones that are called after places."""
    return _zones()


async def processes(desk: Desk) -> Choices:
    """Return the kinds of tickets."""
    return tuple(
        FieldChoice(kind, {each: lifecycle.label(each) for each in LANGUAGES})
        for kind, lifecycle in desk.lifecycles.items()
        if issubclass(lifecycle.record, Ticket)
    )


async def kpis(desk: Desk) -> Choices:
    """Return all KPIs, by their names in the reader's language."""
    labelled = sorted(KPIS.items(), key=lambda pair: pair[1].label(desk.language).casefold())
    return tuple(FieldChoice(key, {each: kpi.label(each) for each in LANGUAGES}) for key, kpi in labelled)


async def duty_kinds(desk: Desk) -> Choices:
    """Return the kinds whose duties the reader may hand over."""
    caller = require_signed_in(desk.request)
    return tuple(
        FieldChoice(kind, dict.fromkeys(LANGUAGES, desk.kinds_label(kind))) for kind in managed_kinds(caller)
    )


async def locales(desk: Desk) -> Choices:
    """Return the languages of pages and mails, each by its own name."""
    names = NAMES_OF_LANGUAGES.items()
    return tuple(FieldChoice(code, dict.fromkeys(LANGUAGES, name)) for code, name in names)


async def countries(desk: Desk) -> Choices:
    """Return the countries and regions, sorted by their names in English: lists are searched by typing."""
    return country_choices()


async def role_classes(desk: Desk) -> Choices:
    """Return the classes of roles that have an hourly rate: work of another class would have no cost. Empty
    without rates; people then type a class. Raises CallRefused.
    """
    page = await desk.calls.read_if_allowed("/v1/hourly_rates", {"state": "active", "limit": MOST_RATES})
    names = sorted({rate["role_class"] for rate in page["items"]}) if page else ()
    return tuple(FieldChoice(name, dict.fromkeys(LANGUAGES, name)) for name in names)


@cache
def country_choices() -> Choices:
    """Return the countries and regions by their names."""
    text = resources.files(__package__).joinpath("countries.toml").read_text(encoding="utf-8")
    names = sorted(tomllib.loads(text).items(), key=lambda pair: str(pair[1][0]))
    return tuple(FieldChoice(code, {"en": english, "zh": chinese}) for code, (english, chinese) in names)


@cache
def _zones() -> Choices:
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return tuple(
        FieldChoice(name, dict.fromkeys(LANGUAGES, name.replace("_", " "))) for name in ("UTC", *names)
    )


#: Functions that read a list of choices, by the name of the list in the contract (`x-chosen-from`).
LISTS: Mapping[str, Callable[[Desk], Coroutine[Any, Any, Choices]]] = {
    ROLES: roles,
    ADAPTERS: adapters,
    ZONES: zones,
    PROCESSES: processes,
    KPI_KEYS: kpis,
    DUTY_KINDS: duty_kinds,
    LOCALES: locales,
    COUNTRIES: countries,
    ROLE_CLASSES: role_classes,
}


def _sources(field: FormField) -> Iterable[str]:
    """Yield the lists that the field and those within it are chosen from."""
    source = str(field.schema.get(CHOSEN_FROM))
    if source in LISTS or source == HELD_ROLES:
        yield source
        if source == ROLES:
            yield PROCESSES
    for inner in field.inner_fields:
        yield from _sources(inner)


def _chosen(desk: Desk, field: FormField, choices: Mapping[str, Choices]) -> FormField:
    """Return the field as a choice from its list. Roles in a list are those that are held everywhere."""
    inner = tuple(_chosen(desk, each, choices) for each in field.inner_fields)
    if field.kind is FieldKind.lines and inner[0].schema.get(CHOSEN_FROM) in choices:
        options = choices[inner[0].schema[CHOSEN_FROM]]
        return replace(field, kind=FieldKind.choices, choices=options, inner_fields=(), help_words={})
    source = str(field.schema.get(CHOSEN_FROM))
    if source == ROLES and field.kind is FieldKind.line:
        return role_field(field, choices[ROLES], choices[PROCESSES])
    if choices.get(source) and field.kind is FieldKind.line:
        return replace(field, kind=FieldKind.choice, choices=choices[source], help_words={})
    return replace(field, inner_fields=inner)
