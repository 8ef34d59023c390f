"""Mapping of the columns of a file to import: a TOML file, written by the person who imports.

The mapping is checked as a whole before a row is read; each error names its key and line, and the values that
are allowed.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
    model_validator,
)

from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.records import CodeEnum, codecs
from app.common.tickets import Channel, HoldReason
from app.common.times.written_times import DateOrder
from app.exchange.readers.rows import FileRefused, Format
from app.exchange.readers.table import Layout, StateAndFields
from app.processes.incidents.records import Effect, Incident, IncidentState, ResolutionCode

LARGEST_MAPPING = 262_144
MOST_COLUMNS = 500
MOST_VALUES = 5_000
#: Marks a status that says nothing about the state: the state stays.
KEEP_STATE = "keep"
#: Separates a status from its sub-status.
SUB_STATUS_SEPARATOR = " / "
#: Most problems that one error message lists.
MOST_PROBLEMS = 10
PER_SECOND = {"text": None, "epoch_seconds": 1, "epoch_milliseconds": 1_000}

C = TypeVar("C", bound=CodeEnum)
Column = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Value = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Columns = Annotated[frozenset[Column], Field(max_length=MOST_COLUMNS)]


class MappingRefused(FileRefused):
    """The mapping is wrong. `problems` are pairs of a key, and what is wrong there with what is allowed;
    `why` says the first of them in sentences.
    """

    def __init__(self, name: str, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        sentences = [f"{key}: {problem}" if key else problem for key, problem in problems[:MOST_PROBLEMS]]
        if len(problems) > len(sentences):
            sentences.append(f"and {len(problems) - len(sentences)} more")
        self.why = " ".join(sentences)
        super().__init__(f"The mapping {name} cannot be used. {self.why}")


class _MappingModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CodedColumn(_MappingModel, Generic[C]):
    """A column of codes; `values` translates the source's codes. Without it they are this system's own.

    In the mapping the column's name alone may stand for a column without `values`.
    """

    column: Column
    values: Annotated[dict[Value, C], Field(max_length=MOST_VALUES)] = {}

    @model_validator(mode="before")
    @classmethod
    def expand_short_form(cls, value: Any) -> Any:
        """Expands a column's name given alone into the full form."""
        return {"column": value} if isinstance(value, str) else value


class StatusMeaning(_MappingModel):
    """The state and codes that a status of the source stands for; without `state` the case's state stays."""

    state: IncidentState | None
    hold_reason: HoldReason | None = None
    resolution_code: ResolutionCode | None = None

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
    def check_codes_fit_state(self) -> Self:
        """Refuses a hold reason or resolution code that does not go with the state."""
        if self.hold_reason is not None and self.state is not IncidentState.on_hold:
            raise ValueError("hold_reason goes with the state on_hold")
        if self.resolution_code is not None and self.state not in END_STATES:
            raise ValueError("resolution_code goes with the states resolved and closed")
        return self


END_STATES = frozenset({IncidentState.resolved, IncidentState.closed})


class StatusMapping(_MappingModel):
    """The columns of the status and its sub-status, and the meaning of each status."""

    column: Column
    detail: Column | None = None
    values: Annotated[
        dict[Value, StatusMeaning],
        Field(min_length=1, max_length=MOST_VALUES),
    ]


class ImportedIncidentFields(_MappingModel):
    """The columns that give the fields of an incident."""

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

    @cached_property
    def columns(self) -> dict[str, str]:
        """The column of each mapped field, by the field's name in the record."""
        record = codecs(Incident)
        columns: dict[str, str] = {}
        for name in type(self).model_fields:
            column = getattr(self, name)
            if column is not None:
                field = name if name in record else f"{name}_id"
                columns[field] = column if isinstance(column, str) else column.column
        return columns


class FileMapping(_MappingModel):
    """The mapping of a file's columns to fields of this system."""

    process: Literal["incident"]
    source: Column | None = None
    case: Column
    at: Column
    opened: Column | None = None
    sequence: Column | None = None
    actor: Column | None = None
    opener: Column | None = None
    time: Literal["text", "epoch_seconds", "epoch_milliseconds"] = "text"
    zone: str | None = None
    date_order: DateOrder | None = None
    null: Annotated[frozenset[Value], Field(max_length=MOST_COLUMNS)] = frozenset()
    repeats: StrictBool = True
    plain: Columns = frozenset()
    ignore: Columns = frozenset()
    afterwards: Columns = frozenset()
    state: StatusMapping
    fields: ImportedIncidentFields = ImportedIncidentFields()

    @model_validator(mode="after")
    def check_columns(self) -> Self:
        """Refuses columns that are mapped to two fields, or both mapped and ignored."""
        twice = [column for column, n in Counter(self.fields.columns.values()).items() if n > 1]
        if twice:
            raise ValueError(f"the column {twice[0]!r} tells two fields; each may tell one")
        ignored = sorted(self.ignore & self.keys_by_column.keys())
        if ignored:
            raise ValueError(
                f"the column {ignored[0]!r} is ignored and is {self.keys_by_column[ignored[0]]}, too"
            )
        if self.fields.resolution_code is not None and any(self._endings):
            raise ValueError("resolution_code is told by a column or by the state, not by both")
        return self

    @cached_property
    def keys_by_column(self) -> dict[str, str]:
        """The key of the mapping that names each column, by column."""
        keys = {
            column: f"fields.{field.removesuffix('_id')}" for field, column in self.fields.columns.items()
        }
        keys |= {self.state.column: "state.column", self.case: "case", self.at: "at"}
        if self.state.detail is not None:
            keys[self.state.detail] = "state.detail"
        for key in ("opened", "sequence", "actor", "opener"):
            if (column := getattr(self, key)) is not None:
                keys[column] = key
        return keys

    @cached_property
    def missing(self) -> frozenset[str]:
        """The texts that stand for a missing value, in lower case."""
        return frozenset({""} | {text.lower() for text in self.null})

    @property
    def _endings(self) -> Iterator[IncidentState]:
        for standing in self.state.values.values():
            if standing.resolution_code is not None and standing.state is not None:
                yield standing.state

    def format(self, name: str) -> Format:
        """Return the format of all files with this mapping."""
        record = codecs(Incident)
        refers = {field: codec.refers.kind for field, codec in record.items() if codec.refers is not None}
        fields_by_column = {column: field for field, column in self.fields.columns.items()}
        names = {column: field for column, field in fields_by_column.items() if field in refers}
        actors = tuple(column for column in (self.opener, self.actor) if column is not None)
        with_state = {"hold_reason": frozenset(IncidentState)}
        if endings := frozenset(self._endings):
            with_state["resolution_code"] = endings
        return Format(
            name=name,
            kind=self.process,
            persons=frozenset({*actors, *(c for c, field in names.items() if refers[field] == "person")}),
            teams=frozenset(c for c, field in names.items() if refers[field] == "team"),
            fields=fields_by_column,
            names=names,
            free_text={column: field for column, field in fields_by_column.items() if record[field].personal},
            with_state=with_state,
            time_columns=frozenset({self.at}),
            actor=self.actor or "",
            opener=actors,
            repeats=self.repeats,
        )

    def layout(self, form: Format) -> Layout:
        """Return the layout of a file in the format `form` with this mapping: which column has which
        content.
        """
        detail = () if self.state.detail is None else (self.state.detail,)
        plain = {
            column: field
            for column, field in form.fields.items()
            if column not in form.names and column not in form.free_text
        }
        coded = dict(self._coded())
        special_columns = {self.case, self.state.column, *detail} | (
            {self.sequence} if self.sequence else set()
        )
        return Layout(
            case=self.case,
            time_column=self.at,
            opened=self.opened,
            state=(self.state.column, *detail),
            read_state=_StatusReader(self.state, meaningful_states=frozenset(self._endings)).read,
            codes=coded,
            texts={column: field for column, field in plain.items() if column not in coded},
            named=form.persons | form.teams,
            times=frozenset({self.at} | ({self.opened} if self.opened else set())),
            plain_text_columns=frozenset({*plain, *special_columns, *self.plain}),
            final_value_columns=self.afterwards,
            missing=self.missing,
        )

    def _coded(self) -> Iterator[tuple[str, tuple[str, Mapping[str, CodeEnum]]]]:
        for name in ImportedIncidentFields.model_fields:
            column = getattr(self.fields, name)
            if isinstance(column, CodedColumn):
                (kind,) = column.__pydantic_generic_metadata__["args"]
                ours = {code.value.lower(): code for code in kind}
                yield column.column, (name, {v.lower(): c for v, c in column.values.items()} or ours)


class _StatusReader:
    """Reads a state and its codes from a status and sub-status. `told` are the states that come with a
    resolution code.
    """

    def __init__(self, status: StatusMapping, *, meaningful_states: frozenset[IncidentState]) -> None:
        self._values = {value.lower(): standing for value, standing in status.values.items()}
        self._states_with_code = meaningful_states

    def read(self, values: tuple[str | None, ...]) -> StateAndFields | None:
        """Return the state and the fields that go with it; None if the status is unknown or says nothing of
        the state.
        """
        status, *detail = ((value or "").lower() for value in values)
        meaning = self._values.get(SUB_STATUS_SEPARATOR.join((status, *detail))) if detail else None
        meaning = meaning or self._values.get(status)
        if meaning is None or meaning.state is None:
            return None
        fields: dict[str, Any] = {"hold_reason": meaning.hold_reason}
        if meaning.state is IncidentState.on_hold and meaning.hold_reason is None:
            fields["hold_reason"] = HoldReason.other
        if meaning.state in self._states_with_code:
            fields["resolution_code"] = meaning.resolution_code
        return meaning.state, fields


def read_mapping(text: str, name: str) -> FileMapping:
    """Parses the mapping. `name` is its name in error messages. Raises MappingRefused."""
    if len(text) > LARGEST_MAPPING:
        raise MappingRefused(name, [("", f"It is longer than {LARGEST_MAPPING:,} characters.")])
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingRefused(name, [("", f"It is no TOML: {error}.")]) from error
    try:
        return FileMapping.model_validate(document)
    except ValidationError as error:
        lines = text.splitlines()
        raise MappingRefused(name, [_problem(lines, problem) for problem in error.errors()]) from error


def _problem(lines: list[str], error: Any) -> tuple[str, str]:
    path = [str(part) for part in error["loc"] if part != "[key]"]
    line = _line_of(lines, path)
    key = ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in path)
    if line and key:
        key = f"line {line}, {key}"
    return key, _describe_error(error, path)


def _describe_error(error: Any, path: list[str]) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"there is no such key here; there are {', '.join(_allowed_keys(path[:-1]))}."
    if kind == "missing":
        return "this is needed and not there."
    if kind in ("enum", "literal_error"):
        keep = f", or {KEEP_STATE!r} where the state stays" if path[-1:] == ["state"] else ""
        return f"{value!r} is not known; use {error['ctx']['expected']}{keep}."
    if kind == "value_error":
        return f"{error['ctx']['error']}."
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}."


def _allowed_keys(path: Iterable[str]) -> list[str]:
    """Return the keys that are allowed at this path of the mapping."""
    part: type[BaseModel] | None = FileMapping
    for name in path:
        field = part.model_fields.get(name) if part is not None else None
        part = None if field is None else next(_models(field.annotation), None)
        if field is not None and part is None:
            return []
        if part is None:
            part = StatusMeaning
    return sorted(part.model_fields) if part is not None else []


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _line_of(lines: list[str], path: list[str]) -> int:
    """Return the line of the last key of the path that is found in the file, 0 if none is."""
    nearest = 0
    for part in path:
        key = re.compile(rf"""[\s\[.{{,]*["']?{re.escape(part)}["']?\s*[=\].]""")
        for number, line in enumerate(lines[max(nearest - 1, 0) :], max(nearest, 1)):
            if key.match(line) or (number == nearest and key.search(line)):
                nearest = number
                break
    return nearest
