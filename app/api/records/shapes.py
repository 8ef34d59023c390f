"""Records as clients see them: codes as they are, personal fields decrypted, references with a name to show.

The models are the contract; `Renderer` fills them from rows, without validating again what was validated when
it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.api.contract.record_fields import ChangedAt, CustomValues, RecordedAt, RecordVersion
from app.api.open_actions import open_actions
from app.api.records.answer_fields import derive_fields
from app.api.records.columns import (
    Columns,
    by_row,
    ciphertexts_in,
    client_instants,
    distinct_ids,
    filled_fields,
    row_count,
    with_texts,
)
from app.api.records.plans import ALWAYS_INCLUDED, FieldForm, LoadedFrom, RenderingPlan, plan_of
from app.api.records.shown_actions import names_of
from app.api.requests.json_output import SharedFragment
from app.common.components import Translated
from app.common.people import Caller
from app.common.records import Record, StaffOnly, all_values
from app.kernel.access.descriptions import IN_ANSWERS
from app.kernel.access.reads import VersionedRecord
from app.kernel.access.redaction import is_withheld, viewers
from app.kernel.actions.actor_policy import DECIDING_FIELDS, deciding_fields, deciding_form, staff
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks
from app.kernel.commands.offers import offers, onlooker_records
from app.kernel.ledger import Ledger
from app.kernel.named_records import visible_streams


class OutputModel(BaseModel):
    """Base of all answers: every field is present, null if it has no value.

    `class LoanOut(RecordOut, of=Loan)` shows the fields of that record as they are declared there, except
    `without="note"`; its body declares only the fields that differ from the record's or that it does not
    have. `after={"item": "lent_at"}`: these stand behind another field than in the record.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=True, defer_build=True)

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
        for name in vars(cls).get("__annotations__", {}):
            if name in IN_ANSWERS and name not in vars(cls):
                setattr(cls, name, Field(description=IN_ANSWERS[name]))


@cache
def page_of(item: Any, about: str) -> type[OutputModel]:
    """Return the model of a page of these responses, named after them; `about` describes the entries and
    their order.
    """
    return create_model(
        f"{item.__name__.removesuffix('Out').removesuffix('Summary')}Page",
        __base__=OutputModel,
        __doc__=f"A page of {about}.",
        items=(list[item], Field(description=IN_ANSWERS["items"])),
        next_cursor=(str | None, Field(description=IN_ANSWERS["next_cursor"])),
    )


class PersonStub(OutputModel):
    """A person, as other records show them."""

    id: UUID
    name: str | None = Field(description="Name of the person; null if the person was erased.")


class TeamStub(OutputModel):
    """A team, as other records show it."""

    id: UUID
    key: str = Field(description="Key of the team: unique, never changed.")
    name: str = Field(description="Display name of the team.")


class OpenAction(OutputModel):
    """An action that the caller's role and the record's state permit."""

    action: str = Field(description="Name of the action in its address: `POST …/{id}/{action}`.")
    label: str = Field(description="Label of the action, in the requested language.")
    open: bool = Field(description="True if no other condition prevents the action now.")
    reason: str | None = Field(
        description="Sentence that says why the action is refused now, in the requested language; null "
        "if nothing prevents it."
    )
    href: str = Field(description="Address to send the action to.")
    method: str = Field(description="HTTP method of the action.")
    body_schema: str = Field(
        serialization_alias="schema", description="Name of the schema of the action's body in the contract."
    )


class RecordOut(OutputModel):
    """The fields that every record has."""

    id: UUID
    version: RecordVersion
    changed_at: ChangedAt
    recorded_at: RecordedAt
    actions: list[OpenAction] = Field(
        description="Actions that the caller's role and the record's state permit, each with the "
        "reason if another condition prevents it."
    )


class TicketOut(RecordOut):
    """The fields that every ticket has."""

    number: str = Field(description="Number by which people know the ticket; accepted wherever the id is.")
    custom: CustomValues | None = Field(description="Values of custom fields, by their keys.")
    custom_for_staff: CustomValues | None = Field(
        description="Values of the custom fields that only staff see, by their keys; null for others."
    )


@dataclass(slots=True)
class Renderer:
    """Renders records of one kind for one caller: all fields of the shape, or the requested ones besides
    those always shown. Withholds fields for staff from others, and names of records that the caller may not
    see; events are reduced in the same way (events.py). The actions of a single record are those that state
    and role allow, each with the reason if a check refuses it now (`offers`); past versions (`is_past`) offer
    none. `is_childless`: the record is known to have no child records, so its actions are judged without
    looking for them. `rows` is the class of child rows to render instead of records, `parent` their record.
    `offers`: lists name the open actions, too.
    """

    ledger: Ledger
    lifecycle: Lifecycle[Any]
    shape: type[OutputModel]
    caller: Caller
    language: str
    fields: frozenset[str] | None = None
    is_past: bool = False
    is_childless: bool = False
    offers: bool = False
    rows: type[Record] | None = None
    parent: Record | None = None
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
        columns: Columns = dict(zip(plan.names, zip(plan.values_of(all_values(record))), strict=True))
        offered = None
        if "actions" in columns and not self.is_past and (self.fields is None or "actions" in self.fields):
            offered = await self._offers(VersionedRecord(record, 0, list(audience)))
        await self.render_columns(columns, offered)
        return {name: column[0] for name, column in columns.items()}

    async def render_many(self, answers: Sequence[dict[str, Any]]) -> None:
        """Render rows of `columns`, all with the same fields, as clients see them, in place."""
        if not answers:
            return
        columns: Columns = dict(
            zip(answers[0], zip(*(out.values() for out in answers), strict=True), strict=True)
        )
        await self.render_columns(columns)
        for out, filled in zip(answers, by_row(columns), strict=True):
            out.clear()
            out.update(filled)

    async def render_columns(self, columns: Columns, offered: list[dict[str, Any]] | None = None) -> None:
        """Render `columns`, of at least one record, as clients see them, in place: at most two lookups for
        all records together, and one for each field that child rows fill. `offered` are the actions of a
        single record, if its checks have been run.
        """
        plan, filled = self._plan(), filled_fields(columns)
        selected = None if self.fields is None else self.fields | ALWAYS_INCLUDED
        requested = self.COMPUTED if selected is None else self.COMPUTED & selected
        computed = await self.compute(columns) if requested else {}
        if not filled.isdisjoint(plan.for_staff):
            await self._redact(columns, plan.for_staff)
        if not filled.isdisjoint(plan.naming):
            await self._withhold_names(columns, plan.naming)
        forms = {form: [name for name in names if name in filled] for form, names in plan.forms.items()}
        persons, teams = forms[FieldForm.person], forms[FieldForm.team]
        # Hashing and comparing UUIDs runs in Python, that of their integers in C.
        ids = {
            name: [None if value is None else value.int for value in columns[name]]
            for name in persons + teams
        }
        if "actions" in columns:
            actions = [] if self.is_past else offered
            if actions is None and self.offers:
                handed_over = await onlooker_records(self.ledger, self.lifecycle, self.caller, columns["id"])
                looks_on = [record_id in handed_over for record_id in columns["id"]]
                columns["actions"] = self._actions(columns, ids, looks_on)
            else:
                columns["actions"] = [actions] * row_count(columns)
        encrypted = _encrypted_texts(columns, forms)
        stubs, texts = await self._load_stubs(
            distinct_ids(columns, persons), distinct_ids(columns, teams), encrypted
        )
        for name, numbers in ids.items():
            columns[name] = list(map(stubs.get, numbers))
        for name in forms[FieldForm.personal]:
            columns[name] = list(map(texts.get, columns[name]))
        for name in forms[FieldForm.custom_values]:
            columns[name] = [with_texts(values, texts) for values in columns[name]]
        for name in forms[FieldForm.instant]:
            columns[name] = client_instants(columns[name])
        for name, source in plan.loaded:
            columns[name] = await self._load_children(name, columns["id"], source)
        for name in self._unrequested_fields(plan):
            del columns[name]
        columns.update({name: computed[name] for name in computed if name in requested})

    async def compute(self, columns: Columns) -> Columns:
        """Return the values of the COMPUTED fields for records of which every other field is selected, as it
        is stored. It runs before rendering, and before fields that were not requested are dropped, so the
        source of a computed field is always there.
        """
        return {}

    async def _load_stubs(
        self, persons: Collection[UUID], teams: Collection[UUID], encrypted: Collection[str]
    ) -> tuple[dict[int | None, dict[str, Any]], dict[str, str | None]]:
        """Return the stubs of these persons and teams, by the integers of their ids; and the texts of these
        ciphertexts.
        """
        directory = self.ledger.directory
        names = await directory.names(persons) if persons else {}
        texts = await self.ledger.vault.texts([*encrypted, *names.values()])
        stubs: dict[int | None, dict[str, Any]] = {
            record_id.int: {"id": record_id, "name": texts.get(names.get(record_id, ""))}
            for record_id in persons
        }
        if teams:
            team_stubs = await directory.teams(teams)
            stubs |= {
                record_id.int: {
                    "id": record_id,
                    "key": team_stubs[record_id].key,
                    "name": team_stubs[record_id].name,
                }
                for record_id in teams
            }
        return stubs, texts

    async def _load_children(self, name: str, ids: Sequence[UUID], source: LoadedFrom) -> list[Any]:
        """Return, for each record id, the value of a field that is loaded from the record's child rows, as
        defined by the mark `source`.
        """
        if self.is_past or (source.on_request and name not in self.extras):
            return [None] * len(ids)
        children = await source.loader(self.ledger, list(ids))
        none: list[Any] | None = None if source.single else []
        return [children.get(record_id, none) for record_id in ids]

    def _unrequested_fields(self, plan: RenderingPlan) -> list[str]:
        """Return the fields that were selected only to decide on the actions."""
        if self.fields is None:
            return []
        return [name for name in plan.names if name not in self.fields | ALWAYS_INCLUDED]

    def _plan(self) -> RenderingPlan:
        record: type[Record] = self.rows or self.lifecycle.record
        return plan_of(record, self.shape, self.COMPUTED, self.fields)

    def values_of(self, record: Record) -> dict[str, Any]:
        """Return the record's values by the fields of the shape, for `render_many`."""
        plan, values = self._plan(), all_values(record)
        for name, mark in marks(type(record), Translated).items():
            values[name] = (values[mark.texts] or {}).get(self.language, values[name])
        return dict(zip(plan.names, plan.values_of(values), strict=True))

    async def _redact(self, columns: Columns, marked: Mapping[str, StaffOnly]) -> None:
        """Set to None the values in these columns that the caller may not see."""
        places = [
            n
            for n, values in enumerate(zip(*(columns[name] for name in marked), strict=True))
            if any(value is not None for value in values)
        ]
        records = [self.parent or self._policy_record(columns, n) for n in places]
        relations = await viewers(self.ledger.db, self.lifecycle, self.caller, records)
        by_place = dict(zip(places, relations, strict=True))
        for name, mark in marked.items():
            columns[name] = [
                None if n in by_place and is_withheld(mark, by_place[n]) else value
                for n, value in enumerate(columns[name])
            ]

    async def _withhold_names(self, columns: Columns, naming: Mapping[str, str]) -> None:
        """Set to None the names of other records that the caller may not see."""
        keys = {by: columns[by] for by in naming.values()}
        streams = {key for values in keys.values() for key in values if key is not None}
        visible = await visible_streams(self.ledger, self.caller, streams)
        for name, by in naming.items():
            columns[name] = [
                value if key in visible else None for key, value in zip(keys[by], columns[name], strict=True)
            ]

    def require_staff(self, record: Record | None = None) -> None:
        """Raise Forbidden unless the caller is staff; for the record, if one is given."""
        is_staff = self.caller.is_staff if record is None else self.caller.is_staff_for(record)
        if not is_staff:
            raise self.ledger.forbidden(staff, self.language)

    async def _offers(self, loaded: VersionedRecord[Any]) -> list[dict[str, Any]]:
        """Return the actions that state and role allow, each with what a check forbids now."""
        context = CommandMetadata(self.caller, datetime.now(UTC), "", "api", language=self.language)
        state = loaded.record.state.label(self.language)
        offered = await offers(self.ledger, self.lifecycle, loaded, context, is_childless=self.is_childless)
        return open_actions(self.lifecycle, offered, loaded.record.id, state, self.language)

    def _policy_record(self, columns: Columns, n: int) -> Any:
        """Return the fields of the record at that index that policies depend on."""
        judged_by = self.lifecycle.access.reviewer_group_field
        judging = {} if judged_by is None else {judged_by: columns.get(judged_by, {n: None})[n]}
        deciding = self._deciding_columns(columns)
        values = {field: columns[name][n] for field, name in deciding.items()}
        missing = dict.fromkeys((*DECIDING_FIELDS, "state"))
        state = columns["state"][n] if "state" in columns else None
        return SimpleNamespace(**missing | judging | values | {"KIND": self.lifecycle.kind, "state": state})

    def _deciding_columns(self, columns: Columns) -> dict[str, str]:
        """Return the record's fields that policies depend on, with the columns that have them."""
        fields = (*DECIDING_FIELDS, *self.lifecycle.relation_fields)
        named = {field: field.removesuffix("_id") for field in fields}
        if hasattr(self.lifecycle.record, "concerned_process"):
            named["concerned_process"] = "process"
        return {field: name for field, name in named.items() if name in columns}

    def _actions(
        self, columns: Columns, ids: Mapping[str, Sequence[int | None]], looks_on: Sequence[bool]
    ) -> list[SharedFragment]:
        """Return the actions that state and role allow, for each record; records with the same deciding
        fields share one result. `ids` are the integers of person and team ids, by field; `looks_on` marks the
        records of which the caller is only an onlooker.
        """
        caller, many = self.caller, row_count(columns)
        acting = {False: caller, True: caller.looking_on()}
        names = self._deciding_columns(columns)
        deciding = []
        for field, some in deciding_fields(caller, self.lifecycle.relation_fields):
            if (name := names.get(field)) is None:
                continue
            by_id = name in ids and some is not None
            forms = {key and key.int: form for key, form in some.items()} if by_id and some else some
            deciding.append([deciding_form(value, forms) for value in ids.get(name, columns[name])])
        alike = list(zip(columns.get("state", [None] * many), looks_on, *deciding, strict=True))
        open_to = {
            each: names_of(self.lifecycle.open_to(self._policy_record(columns, n), acting[looks_on[n]]))
            for each, n in dict(zip(alike, range(many), strict=True)).items()
        }
        return [open_to[each] for each in alike]


def _encrypted_texts(columns: Columns, forms: Mapping[FieldForm, Sequence[str]]) -> list[str]:
    """Return the ciphertexts in these columns, of personal texts and of custom values."""
    texts = [text for name in forms[FieldForm.personal] for text in columns[name] if text is not None]
    mappings = (values for name in forms[FieldForm.custom_values] for values in columns[name] if values)
    return texts + [text for values in mappings for text in ciphertexts_in(values)]
