"""Records as clients see them: codes as they are, personal fields decrypted, references with a name to show.

The models are the contract; `Renderer` fills them from rows, without validating again what was validated when
it was written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.api.contract.record_fields import ChangedAt, CustomValues, RecordedAt, RecordVersion
from app.api.open_actions import open_action
from app.api.records.answer_fields import derive_fields
from app.api.records.columns import (
    Columns,
    _ciphertexts,
    _distinct,
    _filled,
    _instants,
    _row_count,
    _with_texts,
    by_row,
)
from app.api.records.shown_actions import acted_on_by_accounts, names_of
from app.api.requests.json_output import SharedFragment
from app.common.people import Caller
from app.common.records import ENVELOPE, Record, StaffOnly, codecs
from app.kernel.access.reads import VersionedRecord
from app.kernel.access.redaction import is_withheld, viewers
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.commands.offers import offers
from app.kernel.ledger import Ledger


class OutputModel(BaseModel):
    """Base of all answers: every field is present, null if it has no value.

    `class LoanOut(RecordOut, of=Loan)` shows the fields of that record as they are declared there, except
    `without="note"`; its body declares only the fields that differ from the record's or that it does not
    have. `after={"item": "lent_at"}`: these stand behind another field than in the record.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    def __init_subclass__(
        cls,
        *,
        of: type[Record] | None = None,
        without: str = "",
        after: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        if of is not None:
            derive_fields(cls, of, {"person": PersonStub, "team": TeamStub}, without, after)


@cache
def page_of(item: Any, about: str) -> type[OutputModel]:
    """Return the model of a page of these answers, named after them; `about` says which they are, and in
    which order.
    """
    return create_model(
        f"{item.__name__.removesuffix('Out').removesuffix('Summary')}Page",
        __base__=OutputModel,
        __doc__=f"A page of {about}.",
        items=(list[item], ...),
        next_cursor=(str | None, ...),
    )


class PersonStub(OutputModel):
    """A person, as other records show them."""

    id: UUID
    name: str | None = Field(description="Null when they were erased.")


class TeamStub(OutputModel):
    """A team, as other records show it."""

    id: UUID
    key: str
    name: str


#: Returns, by the ids of records, the child data that fills a field, as clients see it.
ChildLoader = Callable[[Ledger, Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]


@dataclass(frozen=True)
class LoadedFrom:
    """Marks a field that is filled from child rows of the record; null in past versions:
    `Annotated[list[TeamStub] | None, LoadedFrom(teams_of)]`. `single`: there is at most one value, else null.
    `on_request`: it is null unless `include` or `fields` asks for it.
    """

    loader: ChildLoader
    single: bool = False
    on_request: bool = False


class OpenAction(OutputModel):
    """An action that the caller's role and the record's state allow."""

    action: str = Field(description="Its name in the address: `POST …/{id}/{action}`.")
    label: str = Field(description="What people call it, in the language asked for.")
    open: bool = Field(description="Whether nothing else forbids it now.")
    reason: str | None = Field(description="What forbids it, in the language asked for.")
    href: str = Field(description="The address that it is sent to.")
    method: str = Field(description="The method that it is sent by.")
    body_schema: str = Field(
        serialization_alias="schema", description="The name of its body's schema in the contract."
    )


class RecordOut(OutputModel):
    """The fields that every record has."""

    id: UUID
    version: RecordVersion
    changed_at: ChangedAt
    recorded_at: RecordedAt
    actions: list[OpenAction] = Field(description="What the caller may do with it in its state.")


class TicketOut(RecordOut):
    """The fields that every ticket has."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    custom: CustomValues | None = Field(description="Values of custom fields, by their keys.")
    custom_for_staff: CustomValues | None = Field(
        description="The same of those for staff only; null for others."
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """The precomputed steps that fill a shape from a record.

    `names`: the shape's fields; `values_of`: returns their values in a record; `columns`: each field's SQL
    expression on the table `r`; `select`: these as one text. The others list the fields that are then
    rendered in a special form: as instants, personal texts, persons, teams, or custom values; only for staff
    (`for_staff`); or from child rows (`loaded`).
    """

    names: tuple[str, ...]
    values_of: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    columns: dict[str, str]
    select: str
    instants: tuple[str, ...]
    personal: tuple[str, ...]
    persons: tuple[str, ...]
    teams: tuple[str, ...]
    for_staff: dict[str, StaffOnly]
    values: tuple[str, ...]
    loaded: tuple[tuple[str, LoadedFrom], ...]


#: Fields shown whatever was requested: they identify the record and its version.
ALWAYS_INCLUDED = frozenset({"id", "version", "number"})


# Clients choose the fields, but most choose the same ones.
@lru_cache(maxsize=256)
def _plan(
    record: type[Record],
    shape: type[OutputModel],
    made: frozenset[str],
    asked_for: frozenset[str] | None = None,
) -> _Plan:
    """Return the plan that fills the shape, or its requested fields, without those that a subclass of
    Renderer computes.
    """
    names = tuple(name for name in shape.model_fields if name not in made)
    # Open actions, staff-only fields and computed fields depend on other fields, so all are selected.
    withheld = _withheld(record)
    requested = None if asked_for is None else asked_for | ALWAYS_INCLUDED
    if requested is not None and requested.isdisjoint({"actions", *made, *withheld}):
        names = tuple(name for name in names if name in requested)
    fields = codecs(record)
    beside = _loaded_fields(shape)
    columns = {name: name for name in names if name != "actions" and name not in beside}
    instants, personal, persons, teams = list[str](), list[str](), list[str](), list[str]()
    values = list[str]()
    for name in columns:
        codec = fields.get(name)
        if codec is None and f"{name}_id" in fields:
            mark = fields[f"{name}_id"].refers
            assert mark is not None
            (persons if mark.kind == "person" else teams).append(name)
            columns[name] = f"{name}_id"
        elif codec is None:
            columns[name] = column = "appended_at" if name == "recorded_at" else name
            assert column in ENVELOPE, f"{shape.__name__}.{name} is filled from nothing"
            if column in ("changed_at", "appended_at"):
                instants.append(name)
        elif codec.personal:
            personal.append(name)
        elif codec.type is datetime:
            instants.append(name)
        elif codec.holds_values:
            values.append(name)
    # Actions and child data are filled in later; the id holds their place, so that the fields keep their
    # order.
    take = itemgetter(*(columns.get(name, "id") for name in names))
    selected = {name: f"r.{columns[name]}" if name in columns else "null" for name in names}
    for_staff = {name: withheld[columns[name]] for name in names if columns.get(name) in withheld}
    return _Plan(
        names,
        take,
        selected,
        ", ".join(f"{column} as {name}" for name, column in selected.items()),
        tuple(instants),
        tuple(personal),
        tuple(persons),
        tuple(teams),
        for_staff,
        tuple(values),
        tuple((name, beside[name]) for name in names if name in beside),
    )


def columns_of(
    record: type[Record], shape: type[OutputModel], made: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Return what to select from the table `r` for each field of the shape, except computed ones."""
    return _plan(record, shape, made).columns


def _loaded_fields(shape: type[OutputModel]) -> dict[str, LoadedFrom]:
    """Return the fields that child rows fill, each with its mark."""
    return {
        name: mark
        for name, field in shape.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, LoadedFrom)
    }


def on_request_fields(shape: type[OutputModel]) -> tuple[str, ...]:
    """Return the fields that are null unless somebody asks for them, in their order."""
    return tuple(name for name, mark in _loaded_fields(shape).items() if mark.on_request)


@cache
def _withheld(record: type[Record]) -> dict[str, StaffOnly]:
    """Return the fields that some viewers are not shown, each with its mark."""
    return {name: codec.withheld for name, codec in codecs(record).items() if codec.withheld is not None}


@dataclass(slots=True)
class Renderer:
    """Renders records of one kind for one caller: all fields of the shape, or the requested ones besides
    those always shown. Past versions (`is_past`) offer no actions. `rows` is the class of child rows to
    render instead of records, `of` their parent record. `offers`: lists name the open actions, too.
    """

    ledger: Ledger
    lifecycle: Lifecycle[Any]
    shape: type[OutputModel]
    caller: Caller
    language: str
    fields: frozenset[str] | None = None
    is_past: bool = False
    offers: bool = False
    rows: type[Record] | None = None
    of: Record | None = None
    #: Fields that are shown on request only and were asked for.
    extras: frozenset[str] = frozenset()
    #: Fields of the shape without a column: a subclass that has some computes them in its own `compute`.
    COMPUTED: ClassVar[frozenset[str]] = frozenset()

    @property
    def columns(self) -> str:
        """Return what to select from the table `r` for `render_columns` and `render_many`."""
        return self._plan().select

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the `columns`, in their order."""
        return self._plan().names

    async def render_one(self, record: Record, audience: Iterable[str] = ()) -> dict[str, Any]:
        """Return the record in its shape. `audience` are the tokens of those who may see it: a ticket's
        actions depend on whether the caller follows it.
        """
        plan = self._plan()
        columns: Columns = dict(zip(plan.names, zip(plan.values_of(record.__dict__)), strict=True))
        offered = None
        if "actions" in columns and not self.is_past and (self.fields is None or "actions" in self.fields):
            offered = await self._offers(VersionedRecord(record, 0, list(audience)))
        await self.render_columns(columns, offered)
        return {name: column[0] for name, column in columns.items()}

    async def render_many(self, shown: Sequence[dict[str, Any]]) -> None:
        """Render rows of `columns`, all with the same fields, as clients see them, in place."""
        if not shown:
            return
        columns: Columns = dict(
            zip(shown[0], zip(*(out.values() for out in shown), strict=True), strict=True)
        )
        await self.render_columns(columns)
        for out, filled in zip(shown, by_row(columns), strict=True):
            out.clear()
            out.update(filled)

    async def render_columns(self, columns: Columns, offered: list[dict[str, Any]] | None = None) -> None:
        """Render `columns`, of at least one record, as clients see them, in place: at most two lookups for
        all records together, and one for each field that child rows fill. `offered` are the actions of a
        single record, if its checks have been run.
        """
        plan, filled = self._plan(), _filled(columns)
        selected = None if self.fields is None else self.fields | ALWAYS_INCLUDED
        requested = self.COMPUTED if selected is None else self.COMPUTED & selected
        computed = await self.compute(columns) if requested else {}
        if not filled.isdisjoint(plan.for_staff):
            await self._redact(columns, plan.for_staff)
        persons, teams, personal, values = (
            [name for name in names if name in filled]
            for names in (plan.persons, plan.teams, plan.personal, plan.values)
        )
        # Hashing and comparing UUIDs runs in Python, that of their integers in C.
        ids = {name: [None if one is None else one.int for one in columns[name]] for name in persons + teams}
        if "actions" in columns:
            given = [] if self.is_past else offered
            by_state = given is None and self.offers
            columns["actions"] = self._actions(columns, ids) if by_state else [given] * _row_count(columns)
        sealed = [text for name in personal for text in columns[name] if text is not None]
        sealed += [text for name in values for said in columns[name] if said for text in _ciphertexts(said)]
        stubs, texts = await self._load_stubs(_distinct(columns, persons), _distinct(columns, teams), sealed)
        for name, numbers in ids.items():
            columns[name] = list(map(stubs.get, numbers))
        for name in personal:
            columns[name] = list(map(texts.get, columns[name]))
        for name in values:
            columns[name] = [_with_texts(said, texts) for said in columns[name]]
        for name in plan.instants:
            if name in filled:
                columns[name] = _instants(columns[name])
        for name, beside in plan.loaded:
            columns[name] = await self._load_children(name, columns["id"], beside)
        for name in self._unrequested_fields(plan):
            del columns[name]
        columns.update({name: computed[name] for name in computed if name in requested})

    async def compute(self, columns: Columns) -> Columns:
        """Return the values of the COMPUTED fields for records of which every other field is selected, as it
        is stored. It is asked before anything is rendered, and before what nobody asked for is dropped, so
        what a field is computed from is always there.
        """
        return {}

    async def _load_stubs(
        self, persons: Collection[UUID], teams: Collection[UUID], sealed: Collection[str]
    ) -> tuple[dict[int | None, dict[str, Any]], dict[str, str | None]]:
        """Return the stubs of these persons and teams, by the integers of their ids; and the texts of these
        ciphertexts.
        """
        directory = self.ledger.directory
        names = await directory.names(persons) if persons else {}
        texts = await self.ledger.vault.texts([*sealed, *names.values()])
        stubs: dict[int | None, dict[str, Any]] = {
            one.int: {"id": one, "name": texts.get(names.get(one, ""))} for one in persons
        }
        if teams:
            known = await directory.teams(teams)
            stubs |= {one.int: {"id": one, "key": known[one].key, "name": known[one].name} for one in teams}
        return stubs, texts

    async def _load_children(self, name: str, ids: Sequence[UUID], beside: LoadedFrom) -> list[Any]:
        """Return, for each record id, the value of a field that is loaded from the record's child rows, as
        the mark `beside` says.
        """
        if self.is_past or (beside.on_request and name not in self.extras):
            return [None] * len(ids)
        found = await beside.loader(self.ledger, list(ids))
        none: list[Any] | None = None if beside.single else []
        return [found.get(one, none) for one in ids]

    def _unrequested_fields(self, plan: _Plan) -> list[str]:
        """Return the fields that were selected only to decide on the actions."""
        if self.fields is None:
            return []
        return [name for name in plan.names if name not in self.fields | ALWAYS_INCLUDED]

    def _plan(self) -> _Plan:
        record: type[Record] = self.rows or self.lifecycle.record
        return _plan(record, self.shape, self.COMPUTED, self.fields)

    def values_of(self, record: Record) -> dict[str, Any]:
        """Return the record's values by the fields of the shape, for `render_many`."""
        plan = self._plan()
        return dict(zip(plan.names, plan.values_of(record.__dict__), strict=True))

    async def _redact(self, columns: Columns, marked: Mapping[str, StaffOnly]) -> None:
        """Set to None the values in these columns that the caller may not see."""
        places = [
            n
            for n, values in enumerate(zip(*(columns[name] for name in marked), strict=True))
            if any(value is not None for value in values)
        ]
        records = [self.of or self._policy_record(columns, n) for n in places]
        found = await viewers(self.ledger.db, self.lifecycle, self.caller, records)
        by_place = dict(zip(places, found, strict=True))
        for name, mark in marked.items():
            columns[name] = [
                None if n in by_place and is_withheld(mark, by_place[n]) else value
                for n, value in enumerate(columns[name])
            ]

    async def _offers(self, loaded: VersionedRecord[Any]) -> list[dict[str, Any]]:
        """Return the actions that state and role allow, each with what a check forbids now."""
        context = CommandMetadata(self.caller, datetime.now(UTC), "", "api", language=self.language)
        state = loaded.record.state.label(self.language)
        return [
            open_action(self.lifecycle, offer, loaded.record.id, state, self.language)
            for offer in await offers(self.ledger, self.lifecycle, loaded, context)
        ]

    def _policy_record(self, columns: Columns, n: int) -> Any:
        """Return the fields of the record at that index that policies depend on."""
        judged_by = self.lifecycle.reviewer_group_field
        at = {name: columns[name][n] for name in (*_DECIDING, judged_by) if name in columns}
        judging = {} if judged_by is None else {judged_by: at.get(judged_by)}
        return SimpleNamespace(
            **judging,
            KIND=self.lifecycle.kind,
            state=at.get("state"),
            requester_id=at.get("requester"),
            author_id=at.get("author"),
            chair_id=at.get("chair"),
            assignee_id=at.get("assignee"),
            team_id=at.get("team"),
            service=at.get("service"),
            person_id=at.get("person"),
            roles=at.get("roles"),
            id=at.get("id"),
        )

    def _actions(self, columns: Columns, ids: Mapping[str, Sequence[int | None]]) -> list[SharedFragment]:
        """Return the actions that state and role allow, for each record; records alike in the deciding fields
        share one result. `ids` are the integers of person and team ids, by field.
        """
        caller, many = self.caller, _row_count(columns)
        me = None if caller.person_id is None else caller.person_id.int
        teams = {None if team is None else team.int for team in caller.scope_teams}
        matters: dict[str, Collection[Any]] = {
            "requester": {me},
            "author": {me},
            "chair": {me},
            "assignee": {me, None},
            "team": teams,
            "service": caller.scope_services,
        }
        said = {**columns, **ids}
        deciding = [
            [one if one in some else _IRRELEVANT for one in said[name]]
            for name, some in matters.items()
            if name in said
        ]
        if acted_on_by_accounts(self.lifecycle):
            deciding.append([one == me for one in said.get("person", [None] * many)])
            deciding.append([one == caller.person_id for one in columns["id"]])
            deciding.append([tuple(roles or ()) for roles in columns.get("roles", [None] * many)])
        alike = list(zip(columns.get("state", [None] * many), *deciding, strict=True))
        open_to = {
            each: names_of(self.lifecycle.open_to(self._policy_record(columns, n), caller))
            for each, n in dict(zip(alike, range(many), strict=True)).items()
        }
        return [open_to[each] for each in alike]


#: The fields that policies depend on.
_DECIDING = (
    "state",
    "requester",
    "author",
    "chair",
    "assignee",
    "team",
    "service",
    "person",
    "roles",
    "id",
)
#: Stands for any value that makes no difference to policies.
_IRRELEVANT = -1
