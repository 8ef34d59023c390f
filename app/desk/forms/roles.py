"""A role as people choose it: its label, and the records for which it is held (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.common.faces import FieldCondition
from app.desk.forms.fields import FieldChoice, FieldKind, FormField
from app.i18n import LANGUAGES, translate

ROLE, SCOPE = "role", "scope"
#: Scopes of a role that is not held everywhere: a team, a service or a process.
TEAM, SERVICE, PROCESS = "team", "service", "process"
SCOPES = (TEAM, SERVICE, PROCESS)
_TABLE = "desk"


def role_field(field: FormField, roles: Iterable[FieldChoice], processes: Iterable[FieldChoice]) -> FormField:
    """Return the field of a role's code as a choice of a role, and of the records for which it is held."""
    named: Mapping[str, FormField] = {
        TEAM: FormField(TEAM, FieldKind.line, {}, reference={"kind": "team"}),
        SERVICE: FormField(SERVICE, FieldKind.line, {}, reference={"kind": "service", "by": "key"}),
        PROCESS: FormField(PROCESS, FieldKind.choice, {}, choices=tuple(processes)),
    }
    scopes = [
        replace(named[scope], words=_words(f"role_{scope}"), only_with=FieldCondition(SCOPE, (scope,)))
        for scope in SCOPES
    ]
    choices = tuple(FieldChoice(scope, _words(f"role_for_{scope}")) for scope in SCOPES)
    role = FormField(
        ROLE, FieldKind.choice, {}, words=_words("role_which"), required=True, choices=tuple(roles)
    )
    scope = FormField(
        SCOPE,
        FieldKind.choice,
        {},
        words=_words("role_scope"),
        choices=choices,
        blank_words=_words("role_everywhere"),
    )
    return replace(field, kind=FieldKind.role, help_words={}, inner_fields=(role, scope, *scopes))


def role_text(members: Mapping[str, Any]) -> str:
    """Return the code of the role, with the records for which it is held."""
    role, scope = str(members.get(ROLE, "")), str(members.get(SCOPE, ""))
    return f"{role}@{scope}/{members.get(scope, '')}" if role and scope else role


def _words(code: str) -> dict[str, str]:
    return {language: translate(language, _TABLE, code, {}) for language in LANGUAGES}
