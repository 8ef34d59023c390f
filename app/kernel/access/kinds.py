"""Kinds of records: the names, class and visibility of their records. `Lifecycle` adds the actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from app.common.people import Role
from app.common.records import CodeEnum, Record, rows_with_parts
from app.common.tickets import Ticket

R = TypeVar("R", bound=Record)

#: Roles that see the records of the teams and services that they are held for, unless a row that names them
#: is for records anywhere.
SEE_THEIR_TEAMS: Final = frozenset({Role.agent, Role.engineer})


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordKind(Generic[R]):
    """A kind of records, with all that reading one and deciding who may see it need.

    `plural` is its path. `code` is that of its numbers, if it has any. `audience` returns the tokens of
    those who may see the record. `some_seen_by` are
    roles that see those records only of which a token names the role, with the reason. `columns` are, by kind
    of token, the columns that hold it, or a list of such, for lists of records (none: holders of such a token
    see every row). `unassigned` is the SQL condition for the token `desk`, `open_to_all` that for `everybody`
    if not every row has it. `children` are the classes of child records on its stream. `ended` are the states
    in which a case is done and can be reopened, `out_of_use` those in which a record without a number is not
    offered for new work. `searched_fields` are the fields that a search covers besides
    the number: only fields shown to everybody who sees the record. `reviewer_group_field` is the field that
    names the group which reviews the record, and sees what it needs for that. `administrative`: the events
    are not for everybody who sees the record (`visibility`). `vocabulary` are the keys that its records may
    be about, where the program defines them: those of KPIs. `defined_name` is the SQL that returns the name
    which a record of the kind defines, for another name of it (`%(name)s`), where records define names;
    `defined_spellings` is the SQL of all `spelling`s, in small letters, of what one of `%(names)s` means.

    From the lifecycle's actions follow `overseer_roles`, the roles that see every record, `action_names`, and
    `decision_events`, the types of the events by which a decision changes the record.
    """

    kind: str
    plural: str
    record: type[R]
    audience: Callable[[R], tuple[str, ...]]
    code: str | None = None
    children: tuple[type[Record], ...] = ()
    columns: dict[str, Sequence[str]] = field(default_factory=dict)
    unassigned: str | None = None
    open_to_all: str | None = None
    some_seen_by: Mapping[Role, str] = field(default_factory=dict)
    ended: frozenset[CodeEnum] = frozenset()
    out_of_use: frozenset[CodeEnum] = frozenset()
    searched_fields: Sequence[str] = ()
    reviewer_group_field: str | None = None
    administrative: bool = False
    vocabulary: frozenset[str] = frozenset()
    defined_name: str | None = None
    defined_spellings: str | None = None
    overseer_roles: frozenset[Role] = field(init=False)
    action_names: frozenset[str] = field(init=False)
    decision_events: frozenset[str] = field(init=False)

    @property
    def is_ticket(self) -> bool:
        """Return whether the records are tickets, which have comments, links and custom fields; other records
        may have numbers, too.
        """
        return issubclass(self.record, Ticket)

    @property
    def table(self) -> str:
        """Return the table of the records."""
        return f"fold.{self.kind}"

    @property
    def source(self) -> str:
        """Return the SQL of the records with the fields of their parts: the table, if they have none."""
        return rows_with_parts(self.record)
