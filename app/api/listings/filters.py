"""Filters of lists: query parameters, and the SQL conditions that they turn into.

A listing names fields as its records show them; the parameters of a field follow from its type:

    code, key, person, team   `team=a,b`        one of these, or `team_not=a,b` none of these
    time                      `opened_after`    then or later    `opened_before`   earlier

`none` stands for no value, `me` for the caller. A record must satisfy all parameters.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.api.records.shapes import OutputModel, Renderer
from app.common.components import Component
from app.common.records import ENVELOPE, Codec, CodeEnum, Record, codecs
from app.common.spellings import NamedAs, SpelledAs
from app.kernel.access.visibility import EVERYWHERE, NOWHERE, staff_condition
from app.kernel.actions.payloads import LONGEST_LINE, Instant
from app.search.query import Search

NONE, ME = "none", "me"
MOST_VALUES = 50
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def split(value: Any) -> Any:
    """Split values separated by commas, in one parameter or in several."""
    if value is None:
        return None
    parts = [value] if isinstance(value, str) else value
    return [piece for part in parts for piece in str(part).split(",") if piece]


#: A parameter that takes several values, separated by commas.
CommaSeparated = BeforeValidator(split)


def _require_date(value: Any) -> Any:
    # Pydantic would read bare digits as seconds since 1970, which no client means here.
    if not isinstance(value, str) or _DATE.match(value) is None:
        raise PydanticCustomError("datetime_type", "must be a time with a zone")
    # In a URL, a plus sign that was not escaped arrives as a space.
    return value.replace(" ", "+")


#: A point in time as a parameter.
Time = Annotated[Instant, BeforeValidator(_require_date)]


def check_person(value: str) -> str:
    """Return the value if it names a person: an id, `me`, or `none`. Raises PydanticCustomError."""
    if value not in (NONE, ME):
        try:
            return str(UUID(value))
        except ValueError as error:
            raise PydanticCustomError(
                "not_a_person", "must be a person, me or none", {"said": value}
            ) from error
    return value


@dataclass(slots=True)
class WhereClause:
    """SQL conditions on the table `r` that must all hold, and their parameters.

    `states`: the record states allowed; None: any. Lists may query them one by one. `searches` are the
    full-text searches; with `scan_limit` they examine only that many rows of each range. `depends_on_values`:
    the best plan depends on the values of the parameters. `is_joined`: `r` has the columns that the list's
    extension sorts by, as the list is sorted by one of them. `also_seen` are conditions of records that the
    caller may see here by no token.
    """

    conditions: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    states: frozenset[str] | None = None
    searches: list[Search] = field(default_factory=list)
    scan_limit: int | None = None
    depends_on_values: bool = False
    is_joined: bool = False
    also_seen: list[str] = field(default_factory=list)

    @property
    def prepare(self) -> bool | None:
        """Return whether the statement's plan may be kept, as `Database.rows` takes it."""
        return False if self.searches or self.depends_on_values else None

    def bind(self, value: Any) -> str:
        """Add a value to the parameters and return its placeholder."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"

    def restrict_states(self, states: frozenset[str]) -> None:
        """Restrict the records to these states."""
        self.states = states if self.states is None else self.states & states


#: Description of the records that the values of a parameter name, as `x-reference` in the contract.
Reference = Mapping[str, Any]
REFERENCE = "x-reference"
BY_PERSON: Reference = {"kind": "person", "by": "id"}

#: Adds the parameter's value to the conditions, as it is meant for the renderer's caller.
Narrow = Callable[[WhereClause, Any, Renderer], Awaitable[None]]
#: Returns the column values for a parameter's values; unknown names give no column value.
ValueResolver = Callable[[Renderer, Sequence[str]], Awaitable[list[Any]]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter of a list: its name, its type with bounds and description, and its effect on the
    query.
    """

    name: str
    annotation: Any
    narrow: Narrow


def parameters(record: type[Record], shape: type[OutputModel], names: Sequence[str]) -> dict[str, Parameter]:
    """Return the parameters that filter by these fields of a kind of record, by their names."""
    made_parameters = [parameter for name in names for parameter in _of_field(record, shape, name)]
    by_name = {parameter.name: parameter for parameter in made_parameters}
    assert len(by_name) == len(made_parameters), "two parameters have one name"
    return by_name


async def narrow(
    where: WhereClause, parameters: Mapping[str, Parameter], query: BaseModel, renderer: Renderer
) -> None:
    """Add the conditions for those of the known parameters that the query sets."""
    for name in parameters.keys() & query.model_fields_set:
        value = getattr(query, name)
        if value is not None:
            await parameters[name].narrow(where, value, renderer)


def _of_field(record: type[Record], shape: type[OutputModel], name: str) -> list[Parameter]:
    if name in _CHILD_FILTERS:
        return _child_parameters(name)
    fields = codecs(record)
    column = f"{name}_id" if f"{name}_id" in fields else name
    may_be_empty = type(None) in get_args(shape.model_fields[name].annotation)
    if column in ENVELOPE or fields[column].type is datetime:
        return _time_parameters(name, may_be_empty)
    if name == "state":
        return _state_parameters(fields[column].type)
    if fields[column].type is bool:
        return [_flag_parameter(name)]
    if get_origin(fields[column].type) is list:
        return _list_parameters(name)
    return _value_parameters(name, *_comparison(fields[column], may_be_empty))


def _comparison(codec: Codec, may_be_empty: bool) -> tuple[Any, str, _Column]:
    """Return the type of the field's parameter, what the description adds on its values, and the column that
    it is compared with.
    """
    kind, empty = codec.type, (may_be_empty, may_be_empty)
    if codec.refers is not None and codec.refers.kind == "person":
        return PersonNamed, ": ids, or `me`", _Column(codec.name, _persons, *empty, BY_PERSON)
    if codec.refers is not None and codec.refers.kind != "team":
        return _QueryText, ": ids", _Column(codec.name, _ids, *empty, _by(codec.refers.kind, "id"))
    if codec.refers is not None:
        return _QueryText, ": keys or ids", _Column(codec.name, _teams, *empty, _by("team", "key"))
    if codec.named_as is not None:
        about = ": names of processes, or numbers or ids of their definitions"
        resolver = partial(_names, codec.name, codec.named_as)
        return _QueryText, about, _Column(codec.name, resolver, *empty, _by(codec.named_as.kind, "name"))
    if not (isinstance(kind, type) and issubclass(kind, CodeEnum)):
        spelled = _plain_values if codec.spelled_as is None else partial(_spellings, codec.spelled_as)
        reference = None if codec.key_of is None else _by(codec.key_of.kind, "key")
        return _QueryText, "", _Column(codec.name, spelled, *empty, reference)
    # In an enum that has a code `none`, `none` means that code, and not a null.
    has_none = may_be_empty and NONE not in list(kind)
    entry = Literal[(*(code.value for code in kind), NONE)] if has_none else kind
    return entry, "", _Column(codec.name, _codes, may_be_empty, has_none)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that is compared with values. `meaning` resolves the values; `has_none`: the value `none`
    selects records without a value in the column. `reference` describes the records that values name.
    """

    name: str
    meaning: ValueResolver
    may_be_empty: bool
    has_none: bool
    reference: Reference | None = None


_QueryText = Annotated[
    str,
    StringConstraints(max_length=LONGEST_LINE),
    Component("Word", "Value to look for.", "mail", {"minLength": 1, "pattern": "^[^,]+$"}),
]
_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
#: A person as a value of a filter.
PersonNamed = Annotated[
    str,
    AfterValidator(check_person),
    Component(
        "PersonNamed",
        "Person: an id, `me` for the caller, or `none` for records without a person.",
        ME,
        {"pattern": f"^({NONE}|{ME}|{_UUID})$"},
    ),
]


def multi_value(
    entry: Any, about: str, *, most: int = MOST_VALUES, reference: Reference | None = None
) -> Any:
    """Return the type of a parameter with several values of the type `entry`, at most `most`; `about` is its
    description, and `reference` describes the records that the values name.
    """
    values: Any = Annotated[list[entry], Field(min_length=1, max_length=most)]
    extra: Any = None if reference is None else {REFERENCE: dict(reference)}
    return Annotated[values | None, CommaSeparated, Field(description=about, json_schema_extra=extra)]


def _by(kind: str, member: str) -> Reference:
    """Return the description of records of that kind that are named by that member."""
    return {"kind": kind, "by": member}


def _value_parameters(name: str, entry: Any, called: str, column: _Column) -> list[Parameter]:
    none = "; `none` for records without a value" if column.has_none else ""
    about, reference = f"Records whose `{name}` is", column.reference
    any_of = multi_value(entry, f"{about} one of these{called}{none}.", reference=reference)
    none = "; `none` leaves out records without a value" if column.has_none else ""
    no = multi_value(entry, f"{about} not one of these{called}{none}.", reference=reference)
    return [
        Parameter(name, any_of, partial(_match_any, column)),
        Parameter(f"{name}_not", no, partial(_match_none, column)),
    ]


#: Parameters for one entry of a list field, where removing the final s would not name it.
_SINGULAR = {"categories": "category"}
#: Kinds of records whose keys such lists hold.
_KINDS_OF_KEYS = frozenset({"service", "category", "ci", "catalogue_item"})


def _list_parameters(name: str) -> list[Parameter]:
    singular = _SINGULAR.get(name, name.removesuffix("s"))

    async def contains_any(where: WhereClause, texts: list[str], renderer: Renderer) -> None:
        values = await _plain_values(renderer, texts)
        where.conditions.append(f"r.{name} && {where.bind(values)}::text[]")

    async def contains_none(where: WhereClause, texts: list[str], renderer: Renderer) -> None:
        values = await _plain_values(renderer, texts)
        where.conditions.append(f"(r.{name} && {where.bind(values)}::text[]) is not true")

    reference = _by(singular, "key") if singular in _KINDS_OF_KEYS else None
    values = f"of these values in `{name}`"
    some = multi_value(_QueryText, f"Records that have at least one {values}.", reference=reference)
    none = multi_value(_QueryText, f"Records that have none {values}.", reference=reference)
    return [Parameter(singular, some, contains_any), Parameter(f"{singular}_not", none, contains_none)]


async def _match_any(column: _Column, where: WhereClause, texts: list[str], renderer: Renderer) -> None:
    values, none = await _resolved_values(column, texts, renderer)
    conditions = [f"r.{column.name} is null"] if none else []
    # With one value, an index delivers the rows in the list's order; with several it does not.
    if len(values) == 1:
        conditions.append(f"r.{column.name} = {where.bind(values[0])}")
    elif values:
        conditions.append(f"r.{column.name} = any({where.bind(values)})")
    where.conditions.append(
        f"({' or '.join(conditions)})" if len(conditions) > 1 else "".join(conditions) or "false"
    )


async def _match_none(column: _Column, where: WhereClause, texts: list[str], renderer: Renderer) -> None:
    values, none = await _resolved_values(column, texts, renderer)
    if none:
        where.conditions.append(f"r.{column.name} is not null")
    if values:
        other = f"r.{column.name} <> all({where.bind(values)})"
        empty = f" or r.{column.name} is null" if column.may_be_empty and not none else ""
        where.conditions.append(f"({other}{empty})")


async def _resolved_values(column: _Column, values: list[str], renderer: Renderer) -> tuple[list[Any], bool]:
    """Resolve the values of a filter to column values, for instance `me` to a person's id. The second result
    is whether `none` is among the values.
    """
    none = column.has_none and NONE in values
    return await column.meaning(renderer, [value for value in values if not (none and value == NONE)]), none


async def _codes(renderer: Renderer, codes: Sequence[str]) -> list[Any]:
    return [str(code) for code in codes]


async def _plain_values(renderer: Renderer, values: Sequence[str]) -> list[Any]:
    # PostgreSQL cannot store NUL in texts, so no record has such a value.
    return [word for word in values if "\x00" not in word]


async def _names(column: str, mark: NamedAs, renderer: Renderer, words: Sequence[str]) -> list[Any]:
    """Return the names in the column that mean what one of the words does, however they are spelt."""
    db, lifecycle = renderer.ledger.db, renderer.lifecycle
    query = renderer.ledger.lifecycles[mark.kind].lookup.defined_spellings
    assert query is not None, f"{mark.kind} defines no names"
    words_given = {word.lower() for word in await _plain_values(renderer, words)}
    meant = words_given | {row["spelling"] for row in await db.rows(query, {"names": sorted(words_given)})}
    if mark.spellings is not None:
        meant.update(spelling for name in tuple(meant) for spelling in mark.spellings(name))
    in_use = f"select distinct {column} as name from {lifecycle.table} where lower({column}) = any(%s)"
    # Names that match no row are kept, so that a list of one name still uses the column's index.
    return sorted({row["name"] for row in await db.rows(in_use, (sorted(meant),))} or words_given)


async def _spellings(mark: SpelledAs, renderer: Renderer, words: Sequence[str]) -> list[Any]:
    """Return the words, as older records may have them, and what each is kept as now."""
    plain = await _plain_values(renderer, words)
    return list(dict.fromkeys([*plain, *map(mark.resolve, plain)]))


async def _persons(renderer: Renderer, names: Sequence[str]) -> list[Any]:
    ids = [renderer.caller.person_id if person == ME else person for person in names if person != NONE]
    return [UUID(str(person)) for person in ids if person is not None]


async def _ids(renderer: Renderer, names: Sequence[str]) -> list[Any]:
    ids = []
    for name in names:
        with contextlib.suppress(ValueError):  # a text that is no id names no record
            ids.append(UUID(name))
    return ids


async def _teams(renderer: Renderer, names: Sequence[str]) -> list[Any]:
    named = set(names)
    teams = (await renderer.ledger.directory.teams()).values()
    return [team.id for team in teams if team.key in named or team.text in named]


def _state_parameters(kind: type[CodeEnum]) -> list[Parameter]:
    every = frozenset(state.value for state in kind)

    async def among(where: WhereClause, states: list[CodeEnum], renderer: Renderer) -> None:
        where.restrict_states(frozenset(state.value for state in states))

    async def not_among(where: WhereClause, states: list[CodeEnum], renderer: Renderer) -> None:
        where.restrict_states(every - {state.value for state in states})

    return [
        Parameter("state", multi_value(kind, "Records in one of these states."), among),
        Parameter("state_not", multi_value(kind, "Records in any state except these."), not_among),
    ]


def _flag_parameter(name: str) -> Parameter:
    async def equals(where: WhereClause, value: bool, renderer: Renderer) -> None:
        where.conditions.append(f"r.{name}" if value else f"not r.{name}")

    return Parameter(
        name, Annotated[bool | None, Field(description=f"Value that `{name}` must have.")], equals
    )


def _time_parameters(name: str, may_be_empty: bool) -> list[Parameter]:
    instant = name.removesuffix("_at")

    async def at_or_after(where: WhereClause, instant: datetime, renderer: Renderer) -> None:
        where.conditions.append(f"r.{name} >= {where.bind(instant)}")

    async def earlier_than(where: WhereClause, instant: datetime, renderer: Renderer) -> None:
        where.conditions.append(f"r.{name} < {where.bind(instant)}")

    late = Annotated[Time | None, Field(description=f"Records whose `{name}` is at this time or later.")]
    early = Annotated[Time | None, Field(description=f"Records whose `{name}` is before this time.")]
    bounds = [
        Parameter(f"{instant}_after", late, at_or_after),
        Parameter(f"{instant}_before", early, earlier_than),
    ]
    return [*bounds, *_presence_parameters(name)] if may_be_empty else bounds


def _presence_parameters(name: str) -> list[Parameter]:
    async def is_empty(where: WhereClause, value: str, renderer: Renderer) -> None:
        where.conditions.append(f"r.{name} is null")

    async def is_filled(where: WhereClause, value: str, renderer: Renderer) -> None:
        where.conditions.append(f"r.{name} is not null")

    without = Annotated[
        Literal["none"] | None, Field(description=f"`none` selects the records whose `{name}` is null.")
    ]
    those_with = Annotated[
        Literal["none"] | None,
        Field(description=f"`none` selects the records that have a value in `{name}`."),
    ]
    return [Parameter(name, without, is_empty), Parameter(f"{name}_not", those_with, is_filled)]


@dataclass(frozen=True, slots=True)
class _ChildFilter:
    """A filter by child rows of a record. `ids` is SQL for the ids of records that have one of the values."""

    ids: str
    entry: Any
    meaning: ValueResolver
    about: str
    #: The SQL condition of child rows that are not for staff only; empty: all of them are public.
    public: str = ""
    reference: Reference | None = None


_CHILD_FILTERS = {
    # The key alone or after its source; the name of a source contains no colon.
    "external_reference": _ChildFilter(
        "select split_part(x.record, '/', 2)::uuid from fold.external_reference x where x.kind = {kind} "
        "and (x.key = any({said}) or x.number = any({said}) or (x.key = any({keys}) and x.source || ':' || "
        "x.key = any({said})) or (x.number = any({keys}) and x.source || ':' || x.number = any({said})))",
        _QueryText,
        _plain_values,
        "one of these names in another system, such as `OPS-1` or `jira:OPS-1`",
    ),
    "tag": _ChildFilter(
        "select split_part(x.record, '/', 2)::uuid from fold.tag x where x.name = any({said}) and x.record "
        "like {kind} || '/%%'",
        _QueryText,
        _plain_values,
        "one of these tags",
        public=" and x.visibility = 'public'",
    ),
    "member_of": _ChildFilter(
        "select x.person_id from fold.membership x where x.team_id = any({said})",
        _QueryText,
        _teams,
        "membership in one of these teams: keys or ids",
        reference=_by("team", "key"),
    ),
    "serves": _ChildFilter(
        "select x.id from fold.ci x where x.services && {said}::text[]",
        _QueryText,
        _plain_values,
        "one of these services among those that depend on them: keys",
        reference=_by("service", "key"),
    ),
    # Only for the caller: who else follows a record is not for everybody to know.
    "follower": _ChildFilter(
        "select split_part(x.record, '/', 2)::uuid from fold.follower x where x.person_id = any({said}) "
        "and x.record like {kind} || '/%%' union all select split_part(y.record, '/', 2)::uuid from "
        "fold.onlooker y where y.person_id = any({said}) and y.record like {kind} || '/%%'",
        Literal["me"],
        _persons,
        "the caller (`me`) as a follower, or as a person who handed them over and may still read them",
    ),
}


def _child_parameters(name: str) -> list[Parameter]:
    child_filter = _CHILD_FILTERS[name]

    async def matches(not_: str, where: WhereClause, texts: list[str], renderer: Renderer) -> None:
        values = await child_filter.meaning(renderer, texts)
        ids = child_filter.ids.format(
            kind=where.bind(renderer.lifecycle.kind),
            said=where.bind(values),
            keys=where.bind([str(value).partition(":")[2] for value in values]),
        )
        staff = (
            staff_condition(renderer.caller, renderer.lifecycle, where.bind)
            if child_filter.public
            else EVERYWHERE
        )
        condition = f"r.id in ({ids})"
        if staff == NOWHERE:
            condition = f"r.id in ({ids}{child_filter.public})"
        elif staff != EVERYWHERE:
            # The first condition finds candidates by an index, the second checks only those.
            condition += f" and ({staff} or r.id in ({ids}{child_filter.public}))"
        where.conditions.append(f"{not_} ({condition})")

    entry, about, reference = child_filter.entry, child_filter.about, child_filter.reference
    some = multi_value(entry, f"Records that have {about}.", reference=reference)
    none = multi_value(entry, f"Records that do not have {about}.", reference=reference)
    return [
        Parameter(name, some, partial(matches, "")),
        Parameter(f"{name}_not", none, partial(matches, "not")),
    ]
