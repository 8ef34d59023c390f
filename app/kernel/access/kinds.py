"""Kinds of records: the names, class and visibility of their records. `Lifecycle` adds the actions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Generic, TypeVar

from app.common.people import OVERSIGHT_ROLES, Role
from app.common.records import CodeEnum, Record, rows_with_parts
from app.common.tickets import Ticket
from app.kernel.access.audience_rules import AudienceRule, Bind

R = TypeVar("R", bound=Record)

#: Roles that see the records of the teams and services that they are held for, unless a row that names them
#: is for records anywhere.
SEE_THEIR_TEAMS: Final = frozenset({Role.agent, Role.engineer})


@dataclass(frozen=True, kw_only=True)
class KindAccess:
    """Rules for the sight of a kind's records and events, in addition to `visible`.

    `oversight` are the roles that see every record because they oversee all work, `also_seen_by` further
    ones, with the reason. `reviewer_group_field` is the field that names the group which reviews the record,
    and sees what it needs for that. `administrative`: the events are not for everybody who sees the record
    (`visibility`). `for_staff` returns whether histories and feeds show an event of that type and actor to
    staff alone, although it was recorded for everybody.
    """

    oversight: frozenset[Role] = OVERSIGHT_ROLES
    also_seen_by: Mapping[Role, str] = field(default_factory=dict)
    reviewer_group_field: str | None = None
    administrative: bool = False
    for_staff: Callable[[str, str], bool] = field(default=lambda event_type, actor: False)


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """How people find the records of a kind, and which of them new work may refer to.

    `ended` are the states in which a case is done and can be reopened, `out_of_use` those in which a record
    without a number is not offered for new work, `retired` those in which new commands may not refer to the
    record, with the code of the refusal. `searched_fields` are the fields that a search covers besides the
    number: only fields shown to everybody who sees the record. `vocabulary` are the keys that records may be
    about, where the program defines them: those of KPIs; `vocabulary_names` are their names by key and
    language, for papers. `defined_name` is the SQL that returns the name which a record of the kind defines,
    for another name of it (`%(name)s`), where records define names; `defined_spellings` is the SQL of all
    `spelling`s, in small letters, of what one of `%(names)s` means.
    """

    ended: frozenset[CodeEnum] = frozenset()
    out_of_use: frozenset[CodeEnum] = frozenset()
    retired: Mapping[CodeEnum, str] = field(default_factory=dict)
    searched_fields: Sequence[str] = ()
    vocabulary: frozenset[str] = frozenset()
    vocabulary_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defined_name: str | None = None
    defined_spellings: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordKind(Generic[R]):
    """A kind of records, with all that reading one and deciding who may see it need.

    `plural` is its path. `code` is that of its numbers, if it has any. `visible` are the rules for who may
    see a record, in addition to the roles that see every record and the persons in child records. `children`
    are the classes of child records on its stream.
    """

    kind: str
    plural: str
    record: type[R]
    visible: tuple[AudienceRule, ...]
    code: str | None = None
    children: tuple[type[Record], ...] = ()
    access: KindAccess = KindAccess()
    lookup: Lookup = Lookup()

    @property
    @abstractmethod
    def overseer_roles(self) -> frozenset[Role]:
        """Return the roles that see every record."""

    @property
    @abstractmethod
    def action_names(self) -> frozenset[str]:
        """Return the names of the actions on its records."""

    @property
    @abstractmethod
    def decision_events(self) -> frozenset[str]:
        """Return the types of the events by which a decision changes a record."""

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
        """Return the SQL of the records with the fields of their parts: the table, if they have no parts."""
        return rows_with_parts(self.record)

    def audience(self, record: R) -> frozenset[str]:
        """Return the tokens of those who may see the record by its own fields."""
        return frozenset(token for rule in self.visible for token in rule.tokens(record))

    def conditions_for(self, token: str, bind: Bind) -> Iterable[str]:
        """Return the SQL conditions on the table `r` for records with that token in their audience."""
        kind, _, name = token.partition(":")
        for rule in self.visible:
            if rule.kind == kind:
                yield from rule.conditions(self.record, name, bind)

    @cached_property
    def token_kinds(self) -> frozenset[str]:
        """Return the kinds of tokens that its records may have by their own fields."""
        return frozenset(rule.kind for rule in self.visible)

    @cached_property
    def named_roles(self) -> frozenset[Role]:
        """Return the roles that see only those records whose tokens name the role."""
        return frozenset(role for rule in self.visible for role in rule.roles)
