"""Rules for who may see a record, declared once for each kind (pure). Both follow from the same rules: the
tokens that are stored with a record, and the SQL conditions by which lists find it.

Each rule shows records to the holders of a kind of tokens:

- `person:<id>`: one person.
- `team:<id>`: those who work in the team.
- `member:<team id>`: all who belong to the team, with any role.
- `service:<key>`: those who work on the service.
- `process:<name>`: holders of a role that sees the kind, for that process; for records about a process.
- `overseer:<team id>`: the same for a team; for records about a team that its own people do not see.
- `role:<grant>`: holders of the role everywhere, or for the record's team or service; for records that the
  role needs for its work on another kind.
- `desk`: agents; for records in certain states or without a team.
- `staff`, `everybody`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from app.common.people import Role, RoleGrant
from app.common.records import Record, holds_list

PERSON, TEAM, MEMBER, SERVICE = "person", "team", "member", "service"
PROCESS, OVERSEER, ROLE = "process", "overseer", "role"
DESK, STAFF, EVERYBODY = "desk", "staff", "everybody"
#: Kinds of tokens whose columns hold texts, not ids.
NAMED_BY_TEXT = (SERVICE, PROCESS)
#: Stands for any value, in the values of a rule.
ANY_VALUE: Final = object()
#: Adds a value to a statement's parameters and returns its placeholder.
Bind = Callable[[Any], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceRule:
    """A kind of tokens whose holders see the records.

    `columns` hold what the tokens name, one value or a list; without columns, the kind is the whole token.
    `when`: values that the record's fields must have. `unless`: values with which the token is left out,
    because its holders also hold the one that the record has instead; lists need no condition for that.
    `roles`: the roles that a column of roles may name, with the reason.
    """

    kind: str
    columns: tuple[str, ...] = ()
    when: Mapping[str, object] = field(default_factory=dict)
    unless: Mapping[str, object] = field(default_factory=dict)
    roles: Mapping[Role, str] = field(default_factory=dict)

    def tokens(self, record: Any) -> Iterator[str]:
        """Yield the tokens that the rule gives the record."""
        if not _has(record, self.when) or (self.unless and _has(record, self.unless)):
            return
        if not self.columns:
            yield self.kind
        for column in self.columns:
            value = getattr(record, column)
            for name in value if isinstance(value, list | tuple) else () if value is None else (value,):
                yield from _role_tokens(Role(name), record) if self.kind == ROLE else (f"{self.kind}:{name}",)

    def conditions(self, record_class: type[Record], name: str, bind: Bind) -> Iterator[str]:
        """Yield the SQL conditions on the table `r` for records to which the rule gives the token of that
        name: one per column, so that each can use an index.
        """
        required = [_condition(column, value) for column, value in self.when.items()]
        if not self.columns:
            yield f"({' and '.join(required)})" if len(required) > 1 else "".join(required) or "true"
        for column in self.columns:
            yield " and ".join([*self._named(record_class, column, name, bind), *required])

    def _named(self, record_class: type[Record], column: str, name: str, bind: Bind) -> list[str]:
        if self.kind == ROLE:
            held = RoleGrant.parse(name)
            scope = {"team_id": held.team_id, "service": held.service}
            return [
                f"r.{column} @> {bind([held.role.value])}::text[]",
                *(f"r.{field} = {bind(value)}" for field, value in scope.items() if value is not None),
            ]
        if holds_list(record_class, column):
            return [f"r.{column} @> {bind([name])}::text[]"]
        return [f"r.{column} = {bind(name if self.kind in NAMED_BY_TEXT else UUID(name))}"]


def _has(record: Any, values: Mapping[str, object]) -> bool:
    return all(
        getattr(record, name) is not None if value is ANY_VALUE else getattr(record, name) == value
        for name, value in values.items()
    )


def _condition(column: str, value: object) -> str:
    """Return the SQL condition that the column has the value, which is one of the program's own."""
    if value is ANY_VALUE or value is None:
        return f"r.{column} is {'not ' if value is ANY_VALUE else ''}null"
    if isinstance(value, bool):
        return f"r.{column}" if value else f"not r.{column}"
    return f"r.{column} = '{value}'"


def _role_tokens(role: Role, record: Any) -> Iterator[str]:
    """Yield the tokens of those who hold the role everywhere, or for the record's team or service."""
    for grant in (
        RoleGrant(role),
        RoleGrant(role, team_id=record.team_id),
        RoleGrant(role, service=record.service),
    ):
        yield f"{ROLE}:{grant}"


def to_everybody(**values: object) -> AudienceRule:
    """Return the rule that everybody sees the records whose fields have these values."""
    return AudienceRule(kind=EVERYBODY, when=values)


def to_staff(**values: object) -> AudienceRule:
    """Return the rule that all staff see the records whose fields have these values."""
    return AudienceRule(kind=STAFF, when=values)


def to_everybody_or_staff(**values: object) -> tuple[AudienceRule, ...]:
    """Return the rules that everybody sees the records whose fields have these values, and staff see all."""
    return (to_everybody(**values), AudienceRule(kind=STAFF, unless=values))


def to_persons(*columns: str, **values: object) -> AudienceRule:
    """Return the rule for the persons in these columns."""
    return AudienceRule(kind=PERSON, columns=columns, when=values)


def to_members(*columns: str, **values: object) -> AudienceRule:
    """Return the rule for all who belong to the teams in these columns."""
    return AudienceRule(kind=MEMBER, columns=columns, when=values)


def to_teams(*columns: str) -> AudienceRule:
    """Return the rule for those who work in the teams in these columns."""
    return AudienceRule(kind=TEAM, columns=columns)


def to_team_or_desk() -> tuple[AudienceRule, ...]:
    """Return the rules for people who work in the record's team or, while it has no team, at the service
    desk.
    """
    return (to_teams("team_id"), to_desk(team_id=None))


def to_desk(**values: object) -> AudienceRule:
    """Return the rule that agents see the records whose fields have these values."""
    return AudienceRule(kind=DESK, when=values)


def to_services(column: str) -> AudienceRule:
    """Return the rule for those who work on the services in the column."""
    return AudienceRule(kind=SERVICE, columns=(column,))


def to_overseers(*, process: str, team: str) -> tuple[AudienceRule, ...]:
    """Return the rules for holders of a role that sees the kind, for the process or the team in these
    columns.
    """
    return (AudienceRule(kind=PROCESS, columns=(process,)), AudienceRule(kind=OVERSEER, columns=(team,)))


def to_roles(column: str, roles: Mapping[Role, str]) -> AudienceRule:
    """Return the rule for holders of the roles in the column: it may name `roles`, each with the reason."""
    return AudienceRule(kind=ROLE, columns=(column,), roles=roles)
