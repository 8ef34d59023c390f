"""The kinds of cases whose histories are imported, one row each in `KINDS`: the record, its states, the
fields that columns may give, and the codes that a status may stand for besides its state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.priorities.risk_level import RiskLevel
from app.common.records import CodeEnum, codecs
from app.common.tickets import Channel, HoldReason, Ticket
from app.processes.changes.records import Change, ChangeOutcome, ChangeState, ChangeType
from app.processes.incidents.records import Effect, Incident, IncidentState, ResolutionCode
from app.processes.requests.records import RequestState

MOST_COLUMNS = 500
MOST_VALUES = 5_000
#: Marks a status without meaning for the state: the state is kept.
KEEP_STATE = "keep"

#: The kinds, as mappings and options name them.
Process = Literal["incident", "change"]

C = TypeVar("C", bound=CodeEnum)
Column = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Value = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Columns = Annotated[frozenset[Column], Field(max_length=MOST_COLUMNS)]


class MappingPart(BaseModel):
    """A part of a mapping: a key that is unknown is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class _ColumnWithValues(MappingPart):
    """In the mapping the column's name alone may stand for a column without `values`."""

    column: Column

    @model_validator(mode="before")
    @classmethod
    def expand_short_form(cls, value: Any) -> Any:
        """Expands a column's name given alone into the full form."""
        return {"column": value} if isinstance(value, str) else value


class CodedColumn(_ColumnWithValues, Generic[C]):
    """A column of codes; `values` translates the source's codes. Without it they are this system's own."""

    values: Annotated[dict[Value, C], Field(max_length=MOST_VALUES)] = {}

    @property
    def codes(self) -> Mapping[str, Any]:
        """The codes by the source's codes, in lower case."""
        (kind,) = self.__pydantic_generic_metadata__["args"]
        return {v.lower(): c for v, c in self.values.items()} or {code.value.lower(): code for code in kind}


class FlagColumn(_ColumnWithValues):
    """A column with yes or no; without `values` by `true` and `false`."""

    values: Annotated[dict[Value, bool], Field(max_length=MOST_VALUES)] = {}

    @property
    def codes(self) -> Mapping[str, Any]:
        """The flags by the source's codes, in lower case."""
        return {v.lower(): flag for v, flag in self.values.items()} or {"true": True, "false": False}


class InstantColumn(_ColumnWithValues):
    """A column with an instant, written as all times of the file are."""


class StatusMeaning(MappingPart):
    """The state and codes that a status of the source stands for; without `state` the case's state stays."""

    #: The states that each further code goes with.
    CODE_STATES: ClassVar[Mapping[str, tuple[CodeEnum, ...]]] = {}

    @model_validator(mode="before")
    @classmethod
    def expand_short_form(cls, value: Any) -> Any:
        """Expands a state given alone into the full form, and KEEP_STATE into a meaning without a state."""
        if isinstance(value, str):
            value = {"state": value}
        if isinstance(value, dict) and value.get("state") == KEEP_STATE:
            value = value | {"state": None}
        return value

    @model_validator(mode="after")
    def check_codes_fit_state(self) -> StatusMeaning:
        """Refuses a code that does not go with the state."""
        for code, states in self.CODE_STATES.items():
            if getattr(self, code) is not None and self.meant_state not in states:
                allowed = " and ".join(state.value for state in states)
                raise ValueError(f"{code} is only possible in the state{'s' * (len(states) > 1)} {allowed}")
        return self

    @property
    def meant_state(self) -> CodeEnum | None:
        """The state; None: it stays."""
        state: CodeEnum | None = getattr(self, "state", None)
        return state


class IncidentMeaning(StatusMeaning):
    """The state and codes that a status of incidents stands for."""

    CODE_STATES: ClassVar[Mapping[str, tuple[CodeEnum, ...]]] = {
        "hold_reason": (IncidentState.on_hold,),
        "resolution_code": (IncidentState.resolved, IncidentState.closed),
    }

    state: IncidentState | None
    hold_reason: HoldReason | None = None
    resolution_code: ResolutionCode | None = None


class RequestMeaning(StatusMeaning):
    """The state and codes that a status of service requests stands for."""

    CODE_STATES: ClassVar[Mapping[str, tuple[CodeEnum, ...]]] = {"hold_reason": (RequestState.on_hold,)}

    state: RequestState | None
    hold_reason: HoldReason | None = None


class ChangeMeaning(StatusMeaning):
    """The state and codes that a status of changes stands for."""

    CODE_STATES: ClassVar[Mapping[str, tuple[CodeEnum, ...]]] = {"outcome": (ChangeState.closed,)}

    state: ChangeState | None
    outcome: ChangeOutcome | None = None


class ImportedFields(MappingPart):
    """The columns that give the fields of a record."""

    RECORD: ClassVar[type[Ticket]]

    @cached_property
    def columns(self) -> dict[str, str]:
        """The column of each mapped field, by the field's name in the record."""
        record = codecs(self.RECORD)
        columns: dict[str, str] = {}
        for name in type(self).model_fields:
            column = getattr(self, name)
            if column is not None:
                field = name if name in record else f"{name}_id"
                columns[field] = column if isinstance(column, str) else column.column
        return columns

    def of_type(self, kind: type[_ColumnWithValues]) -> dict[str, Any]:
        """Return the mapped columns of that type, by the field's name."""
        every = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: column for name, column in every.items() if isinstance(column, kind)}


class ImportedIncidentFields(ImportedFields):
    """The columns that give the fields of an incident."""

    RECORD = Incident

    title: Column | None = None
    description: Column | None = None
    category: Column | None = None
    service: Column | None = None
    ci: Column | None = None
    resolution: Column | None = None
    cause: Column | None = None
    team: Column | None = None
    assignee: Column | None = None
    requester: Column | None = None
    priority: CodedColumn[Priority] | None = None
    impact: CodedColumn[Impact] | None = None
    urgency: CodedColumn[Urgency] | None = None
    channel: CodedColumn[Channel] | None = None
    effect: CodedColumn[Effect] | None = None
    resolution_code: CodedColumn[ResolutionCode] | None = None


class ImportedChangeFields(ImportedFields):
    """The columns that give the fields of a change: `window_from_at` and `window_until_at` are the planned
    begin and end of its implementation.
    """

    RECORD = Change

    title: Column | None = None
    description: Column | None = None
    reason: Column | None = None
    category: Column | None = None
    service: Column | None = None
    team: Column | None = None
    assignee: Column | None = None
    requester: Column | None = None
    type: CodedColumn[ChangeType] | None = None
    risk_level: CodedColumn[RiskLevel] | None = None
    priority: CodedColumn[Priority] | None = None
    outcome: CodedColumn[ChangeOutcome] | None = None
    first_pass: FlagColumn | None = None
    wanted_from_at: InstantColumn | None = None
    wanted_until_at: InstantColumn | None = None
    window_from_at: InstantColumn | None = None
    window_until_at: InstantColumn | None = None
    review_due_at: InstantColumn | None = None


@dataclass(frozen=True, slots=True)
class ImportedKind:
    """A kind of cases whose histories are imported.

    `detail` is the field that the keys of a status may also contain, in our own format. `defaults` are the
    codes that go with a state if the file lacks them; `derived` returns the fields that follow from others,
    of which `derived_names` are the names. `ending` are the fields about the end of a case: if a row gives
    several milestones, only the last of them has these.
    """

    record: type[Ticket]
    states: type[CodeEnum]
    detail: str | None
    defaults: Mapping[CodeEnum, Mapping[str, Any]]
    derived: Callable[[Mapping[str, Any]], dict[str, Any]]
    derived_names: frozenset[str]
    ending: frozenset[str]


def _services(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return all services of a change of which one is known: that one."""
    service = fields.get("service")
    return {} if "service" not in fields else {"services": None if service is None else [service]}


KINDS = {
    "incident": ImportedKind(
        record=Incident,
        states=IncidentState,
        detail="hold_reason",
        defaults={
            state: {"hold_reason": HoldReason.other if state is IncidentState.on_hold else None}
            for state in IncidentState
        },
        derived=lambda fields: {},
        derived_names=frozenset(),
        ending=frozenset({"resolution", "cause", "resolution_code"}),
    ),
    "change": ImportedKind(
        record=Change,
        states=ChangeState,
        detail=None,
        defaults={},
        derived=_services,
        derived_names=frozenset({"services"}),
        ending=frozenset({"outcome", "first_pass"}),
    ),
}
