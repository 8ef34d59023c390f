"""Records as clients see them: codes as they are, personal fields opened, references with a name to show.

The models are the contract; `Renderer` fills them from rows, without validating what was validated on its way
in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.common.people import Caller
from app.common.personal import is_sealed
from app.common.records import ENVELOPE, Record, codecs
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Lifecycle
from app.kernel.look import Loaded
from app.kernel.moment import Context
from app.kernel.offers import Offer, offers
from app.log.canonical import instant
from app.text import say


class Out(BaseModel):
    """What is answered: every field is there, null where it has no value."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class PersonStub(Out):
    """A person, as other records show them."""

    id: UUID
    name: str | None = Field(description="Null when they were erased.")


class TeamStub(Out):
    """A team, as other records show it."""

    id: UUID
    key: str
    name: str


#: Gives by id what stands beside each of these records, as clients see it.
LookUp = Callable[[Ledger, Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]


@dataclass(frozen=True)
class Beside:
    """Marks a field of a shape that rows beside the record fill; it is null in what is past:
    `Annotated[list[TeamStub] | None, Beside(teams_of)]`. `one`: there is one at most, else null.
    """

    look_up: LookUp
    one: bool = False


class OpenAction(Out):
    """An action that is for this caller in this state."""

    action: str = Field(description="Its name in the address: `POST …/{id}/{action}`.")
    label: str = Field(description="What people call it, in the language asked for.")
    open: bool = Field(
        description="Whether nothing else forbids it now: looked up for one record, and true in lists."
    )
    reason: str | None = Field(description="What forbids it, in the language asked for.")


class RecordOut(Out):
    """What every record has."""

    id: UUID
    version: int = Field(
        description="For If-Match: the version of the last event that changed a field of its own."
    )
    changed_at: datetime = Field(description="When the latest change of a field of its own happened.")


#: What is given is what is shown: of a person the id, of a date and a decimal number the text.
CustomValues = dict[str, str | int | bool | None]


class TicketOut(RecordOut):
    """What every ticket has."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    custom: CustomValues | None = Field(description="Values of custom fields, by their keys.")
    custom_for_staff: CustomValues | None = Field(
        description="The same of those for staff only; null for others."
    )
    actions: list[OpenAction] = Field(description="What the caller may do with it in its state.")


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a shape is filled: its fields, what takes their columns from a record, what a statement selects of
    the table `r` to have them at once (each, and as text), and which of them are then put as clients see
    them.
    """

    names: tuple[str, ...]
    take: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    columns: dict[str, str]
    select: str
    instants: tuple[str, ...]
    personal: tuple[str, ...]
    persons: tuple[str, ...]
    teams: tuple[str, ...]
    for_staff: tuple[str, ...]
    values: tuple[str, ...]
    beside: tuple[tuple[str, Beside], ...]


#: What is there whatever was asked for: it names the record, and says which version of it this is.
ALWAYS = frozenset({"id", "version", "number"})


@cache
def _names(shape: type[Out], made: frozenset[str]) -> tuple[str, ...]:
    """The fields of the shape, without those that a kind makes."""
    return tuple(name for name in shape.model_fields if name not in made)


# Clients choose the fields; most of them choose the same.
@lru_cache(maxsize=256)
def _plan(record: type[Record], shape: type[Out], names: tuple[str, ...]) -> _Plan:
    fields = codecs(record)
    beside = _beside(shape)
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
            assert name in ENVELOPE, f"{shape.__name__}.{name} is filled from nothing"
            if name == "changed_at":
                instants.append(name)
        elif codec.personal:
            personal.append(name)
        elif codec.type is datetime:
            instants.append(name)
        elif codec.holds_values:
            values.append(name)
    # Until the actions and what is beside are known something else is in their place: the fields keep their
    # order.
    take = itemgetter(*(columns.get(name, "id") for name in names))
    selected = {name: f"r.{columns.get(name, 'id')}" for name in names}
    for_staff = tuple(name for name in names if columns.get(name) in _for_staff(record))
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


def columns_of(record: type[Record], shape: type[Out], made: frozenset[str] = frozenset()) -> dict[str, str]:
    """What is to be selected of the table `r` for each field of the shape but those that are made."""
    return _plan(record, shape, _names(shape, made)).columns


def _beside(shape: type[Out]) -> dict[str, Beside]:
    """By field, what fills it from rows beside the record."""
    return {
        name: mark
        for name, field in shape.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Beside)
    }


@cache
def _for_staff(record: type[Record]) -> frozenset[str]:
    """The fields that only staff are shown."""
    return frozenset(name for name, codec in codecs(record).items() if codec.staff_only)


@dataclass(slots=True)
class Renderer:
    """Shows records of one kind to one caller: all of the shape, or the fields that were asked for, and those
    that are always there. On what is past nobody can act any more. `rows` is the class of rows that are shown
    instead, where they stand beside a record.
    """

    ledger: Ledger
    lifecycle: Lifecycle[Any]
    shape: type[Out]
    caller: Caller
    language: str
    fields: frozenset[str] | None = None
    past: bool = False
    rows: type[Record] | None = None
    #: Fields of the shape that stand in no column: a kind that has some makes them in a `fill` of its own.
    MADE: ClassVar[frozenset[str]] = frozenset()

    @property
    def columns(self) -> str:
        """What is to be selected of the table `r` for `fill`."""
        return self._plan().select

    async def one(self, record: Record, audience: Iterable[str] = ()) -> dict[str, Any]:
        """The record in its shape. `audience` are the tokens of those who may see it: a ticket's actions
        depend on whether the caller follows it.
        """
        shown = self.taken(record)
        offered = None
        if "actions" in shown and not self.past and (self.fields is None or "actions" in self.fields):
            offered = await self._offers(Loaded(record, 0, list(audience)))
        await self.fill([shown], offered)
        return shown

    async def fill(
        self, shown: Sequence[dict[str, Any]], offered: list[dict[str, Any]] | None = None
    ) -> None:
        """Puts rows of `columns` as clients see them: two look-ups at most for all of them together,
        and one for each field that is filled from rows beside them. `offered` are the actions of the one
        record, if its checks have been asked.
        """
        plan = self._plan()
        if plan.for_staff:
            self._keep_from_others(shown, plan.for_staff)
        persons = {out[name] for out in shown for name in plan.persons} - {None}
        names = await self.ledger.directory.names(persons) if persons else {}
        sealed = {out[name] for out in shown for name in plan.personal} - {None}
        sealed |= {text for name in plan.values for out in shown if out[name] for text in _sealed(out[name])}
        texts = await self.ledger.vault.texts({*sealed, *names.values()})
        teams = {out[name] for out in shown for name in plan.teams} - {None}
        stubs: dict[UUID | None, Any] = {
            person: {"id": person, "name": texts.get(names.get(person, ""))} for person in persons
        }
        if teams:
            known = await self.ledger.directory.teams(teams)
            stubs |= {team: {"id": team, "key": known[team].key, "name": known[team].name} for team in teams}
        _open(shown, plan.values, texts)
        for name, beside in plan.beside:
            await self._put_beside(shown, name, beside)
        if shown and "actions" in shown[0]:
            open_actions: dict[Any, list[dict[str, Any]]] = {}
            for out in shown:
                out["actions"] = [] if self.past else offered or self._actions(out, open_actions)
        _put(shown, (*plan.persons, *plan.teams), stubs)
        _put(shown, plan.personal, texts)
        _put_instants(shown, plan.instants)
        for name in self._left_out(plan):
            for out in shown:
                del out[name]

    async def _put_beside(self, shown: Sequence[dict[str, Any]], name: str, beside: Beside) -> None:
        """Fills the field from rows beside the records."""
        found = {} if self.past else await beside.look_up(self.ledger, [out["id"] for out in shown])
        for out in shown:
            out[name] = found.get(out["id"], None if self.past or beside.one else [])

    def _left_out(self, plan: _Plan) -> list[str]:
        """What was selected only to decide on the actions."""
        if self.fields is None:
            return []
        return [name for name in plan.names if name not in self.fields | ALWAYS]

    def _plan(self) -> _Plan:
        record: type[Record] = self.rows or self.lifecycle.record
        names = _names(self.shape, self.MADE)
        # Which actions are open, and what is for staff, is decided on other fields; so some are made.
        if self.fields is not None and self.fields.isdisjoint({"actions", *self.MADE, *_for_staff(record)}):
            names = tuple(name for name in names if name in self.fields | ALWAYS)
        return _plan(record, self.shape, names)

    def taken(self, record: Record) -> dict[str, Any]:
        """The record's values by the fields of the shape, for `fill`."""
        plan = self._plan()
        return dict(zip(plan.names, plan.take(record.__dict__), strict=True))

    def _keep_from_others(self, shown: Sequence[dict[str, Any]], names: tuple[str, ...]) -> None:
        """Takes out what only staff are shown, of records that the caller is not staff for."""
        for name in names:
            for out in shown:
                if out[name] is not None and not self.caller.is_staff_for(self._standing(out)):
                    out.update(dict.fromkeys(names))

    async def _offers(self, loaded: Loaded[Any]) -> list[dict[str, Any]]:
        """What is open by state and role, and whether a check forbids it now."""
        context = Context(self.caller, datetime.now(UTC), "", "api", language=self.language)
        state = loaded.record.state.label(self.language)
        return [
            _offered(offer.action.name, offer.action.label(self.language), self._reason(offer, state))
            for offer in await offers(self.ledger, self.lifecycle, loaded, context)
        ]

    def _reason(self, offer: Offer, state: str) -> str | None:
        """What forbids it, in a sentence."""
        if offer.because is None:
            return None
        words = {"action": offer.action.label(self.language), "state": state}
        if offer.part is not None:
            words["part"] = offer.part.label(self.language)
        return say(self.language, "detail", offer.because, words)

    def _standing(self, out: Mapping[str, Any]) -> Any:
        """What decides of a row who may do what with it, before it is put as clients see it."""
        return SimpleNamespace(
            KIND=self.lifecycle.kind,
            state=out.get("state"),
            requester_id=out.get("requester"),
            author_id=out.get("author"),
            chair_id=out.get("chair"),
            assignee_id=out.get("assignee"),
            team_id=out.get("team"),
            service=out.get("service"),
        )

    def _actions(
        self, out: Mapping[str, Any], known: dict[Any, list[dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        """What is open by state and role. Many rows of a list are alike in what decides that."""
        caller, me, assignee = self.caller, self.caller.person_id, out.get("assignee")
        team, service = out.get("team"), out.get("service")
        alike = (
            out.get("state"),
            out.get("requester") == me,
            out.get("author") == me,
            out.get("chair") == me,
            assignee is None,
            assignee == me,
            team if team in caller.scope_teams else None,
            service if service in caller.scope_services else None,
        )
        if alike not in known:
            record = self._standing(out)
            known[alike] = [
                _offered(action.name, action.label(self.language), None)
                for action in self.lifecycle.open_to(record, self.caller)
            ]
        return known[alike]


def _sealed(values: Mapping[str, Any]) -> list[str]:
    """What of the values is a ciphertext."""
    return [said for said in values.values() if isinstance(said, str) and is_sealed(said)]


# Field by field, since most fields have no value in most records.
def _put(shown: Sequence[dict[str, Any]], names: Sequence[str], put: Mapping[Any, Any]) -> None:
    """Puts in the place of each value of these fields what stands for it."""
    for name in names:
        for out in shown:
            if (value := out[name]) is not None:
                out[name] = put[value]


def _put_instants(shown: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Writes instants as clients see them, where they would not come out so."""
    for name in names:
        for out in shown:
            # As JSON, instants of UTC come out the same, and quicker, but for those without microseconds.
            if (at := out[name]) is not None and not (at.microsecond and at.tzinfo is UTC):
                out[name] = instant(at)


def _open(shown: Sequence[dict[str, Any]], names: Sequence[str], texts: Mapping[str, str | None]) -> None:
    """Puts what can be read in the place of ciphertexts among values."""
    for out in shown:
        for name in names:
            if out[name] is not None:
                # The log and the database keep keys in orders of their own.
                out[name] = {key: texts.get(said, said) for key, said in sorted(out[name].items())}


def _offered(action: str, label: str, reason: str | None) -> dict[str, Any]:
    return {"action": action, "label": label, "open": reason is None, "reason": reason}
