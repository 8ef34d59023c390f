"""Mapping of the columns of a file to import: a TOML file, written by the person who imports.

The mapping is checked as a whole before a row is read; each error names its key and line, and the values that
are allowed.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, get_args

from pydantic import BaseModel, Field, StrictBool, ValidationError, model_validator

from app.common.records import CodeEnum, codecs
from app.common.times.written_times import DateOrder
from app.exchange.kinds import (
    KEEP_STATE,
    KINDS,
    MOST_COLUMNS,
    MOST_VALUES,
    ChangeMeaning,
    CodedColumn,
    Column,
    Columns,
    FlagColumn,
    ImportedChangeFields,
    ImportedFields,
    ImportedIncidentFields,
    ImportedKind,
    IncidentMeaning,
    InstantColumn,
    MappingPart,
    StatusMeaning,
    Value,
)
from app.exchange.readers.rows import FileRefused, Format
from app.exchange.readers.table import Layout, StateAndFields
from app.processes.changes.records import ChangeState
from app.processes.incidents.records import IncidentState

LARGEST_MAPPING = 262_144
#: Separates a status from its sub-status.
SUB_STATUS_SEPARATOR = " / "
#: Most problems that one error message lists.
MOST_PROBLEMS = 10
PER_SECOND = {"text": None, "epoch_seconds": 1, "epoch_milliseconds": 1_000}
#: The columns that a row with milestones is read with, once for each: its state, its time, and who did it.
MILESTONE, MILESTONE_AT, MILESTONE_BY = "(milestone)", "(time of milestone)", "(person of milestone)"

M = TypeVar("M", bound=StatusMeaning)

#: Returns the state and its codes that the columns of a status give.
StateReader = Callable[[tuple[str | None, ...]], StateAndFields | None]


class MappingRefused(FileRefused):
    """The mapping is wrong. `problems` are pairs of a key, and what is wrong there with what is allowed;
    `why` describes the first of them in sentences.
    """

    def __init__(self, name: str, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        sentences = [f"{key}: {problem}" if key else problem for key, problem in problems[:MOST_PROBLEMS]]
        if len(problems) > len(sentences):
            sentences.append(f"and {len(problems) - len(sentences)} more")
        self.why = " ".join(sentences)
        super().__init__(f"The mapping {name} cannot be used. {self.why}")


class StatusMapping(MappingPart, Generic[M]):
    """The columns of the status and its sub-status, and the meaning of each status."""

    column: Column
    detail: Column | None = None
    values: Annotated[
        dict[Value, M],
        Field(min_length=1, max_length=MOST_VALUES),
    ]


class MilestoneColumn(MappingPart):
    """The column of the time at which a case came to a state, and that of the person who brought it there.

    In the mapping the time's column alone may stand for a milestone of which no person is known.
    """

    column: Column
    by: Column | None = None

    @model_validator(mode="before")
    @classmethod
    def expand_short_form(cls, value: Any) -> Any:
        """Expands a column's name given alone into the full form."""
        return {"column": value} if isinstance(value, str) else value


class FileMapping(MappingPart):
    """The mapping of a file's columns to fields of this system: what those of all kinds of cases have.

    A row is a case as it stood after a change (`at`, `state`), or lists when the whole case came to which
    state (`milestones`).
    """

    process: str
    source: Column | None = None
    case: Column
    at: Column | None = None
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
    state: StatusMapping[Any] | None = None
    milestones: Mapping[Any, MilestoneColumn] | None = None
    fields: ImportedFields = ImportedFields()

    @model_validator(mode="after")
    def check_rows(self) -> Self:
        """Refuses a mapping that does not define the case of a row, or defines it in two ways."""
        if self.milestones is None and (self.at is None or self.state is None):
            raise ValueError("at and state are required, or milestones if each row has a whole case")
        row_keys = (self.at, self.state, self.actor, self.sequence)
        if self.milestones is not None and any(key is not None for key in row_keys):
            raise ValueError("at, state, actor and sequence cannot be combined with milestones")
        return self

    @model_validator(mode="after")
    def check_columns(self) -> Self:
        """Refuses columns that are mapped to two fields, or both mapped and ignored."""
        twice = [column for column, n in Counter(self.fields.columns.values()).items() if n > 1]
        if twice:
            raise ValueError(f"the column {twice[0]!r} is mapped to two fields")
        ignored = sorted(self.ignore & self.keys_by_column.keys())
        if ignored:
            raise ValueError(
                f"the column {ignored[0]!r} is both ignored and mapped to {self.keys_by_column[ignored[0]]}"
            )
        for code in self._codes_by_state:
            if getattr(self.fields, code, None) is not None:
                raise ValueError(f"{code} can come from a column or from the state, but not from both")
        return self

    @property
    def kind(self) -> ImportedKind:
        """Kind of the cases."""
        return KINDS[self.process]

    @cached_property
    def keys_by_column(self) -> dict[str, str]:
        """The key of the mapping that names each column, by column."""
        keys = {
            column: f"fields.{field.removesuffix('_id')}" for field, column in self.fields.columns.items()
        }
        for state, milestone in (self.milestones or {}).items():
            keys |= {
                column: f"milestones.{state.value}" for column in (milestone.column, milestone.by) if column
            }
        if self.state is not None:
            keys |= {column: f"state.{key}" for key, column in self._status_columns(self.state)}
        for key in ("case", "at", "opened", "sequence", "actor", "opener"):
            if (column := getattr(self, key)) is not None:
                keys[column] = key
        return keys

    @cached_property
    def needed_columns(self) -> tuple[str, ...]:
        """The columns without which no row can be read."""
        status = () if self.state is None else [column for _, column in self._status_columns(self.state)]
        return tuple(dict.fromkeys([self.case, *([self.at] if self.at else []), *status]))

    @cached_property
    def ending_columns(self) -> frozenset[str]:
        """Columns about the end of a case."""
        return frozenset(c for field, c in self.fields.columns.items() if field in self.kind.ending)

    @cached_property
    def missing(self) -> frozenset[str]:
        """The texts that stand for a missing value, in lower case."""
        return frozenset({""} | {text.lower() for text in self.null})

    @staticmethod
    def _status_columns(status: StatusMapping[Any]) -> list[tuple[str, str]]:
        return [(key, column) for key in ("column", "detail") if (column := getattr(status, key)) is not None]

    @cached_property
    def _codes_by_state(self) -> dict[str, frozenset[CodeEnum]]:
        """The codes that a status gives besides its state, and is not followed by with each; and the states
        that it gives them with.
        """
        states: dict[str, set[CodeEnum]] = {}
        for meaning in () if self.state is None else self.state.values.values():
            for code in type(meaning).CODE_STATES:
                if getattr(meaning, code) is not None and not self._is_default(code):
                    states.setdefault(code, set()).add(meaning.state)
        return {code: frozenset(of_code) for code, of_code in states.items()}

    def _is_default(self, code: str) -> bool:
        return any(code in defaults for defaults in self.kind.defaults.values())

    def format(self, name: str) -> Format:
        """Return the format of all files with this mapping."""
        record = codecs(self.kind.record)
        refers = {field: codec.refers.kind for field, codec in record.items() if codec.refers is not None}
        fields_by_column = {column: field for field, column in self.fields.columns.items()}
        names = {column: field for column, field in fields_by_column.items() if field in refers}
        actor, time_column = self.actor, self.at or MILESTONE_AT
        if self.milestones is not None:
            actor = MILESTONE_BY
        actors = tuple(column for column in (self.opener, actor) if column is not None)
        by = {milestone.by for milestone in (self.milestones or {}).values() if milestone.by is not None}
        every_state = frozenset(self.kind.states)
        of_every_state = {name for codes in self.kind.defaults.values() for name in codes}
        return Format(
            name=name,
            kind=self.process,
            persons=frozenset(
                {*actors, *by, *(c for c, field in names.items() if refers[field] == "person")}
            ),
            teams=frozenset(c for c, field in names.items() if refers[field] == "team"),
            fields=fields_by_column,
            names=names,
            free_text={column: field for column, field in fields_by_column.items() if record[field].personal},
            with_state=dict.fromkeys(of_every_state | self.kind.derived_names, every_state)
            | self._codes_by_state,
            time_columns=frozenset({time_column}),
            actor=actor or "",
            opener=actors,
            repeats=self.repeats and self.milestones is None,
        )

    def layout(self, form: Format) -> Layout:
        """Return the layout of a file in the format `form` with this mapping: which column has which
        content.
        """
        plain = {
            column: field
            for column, field in form.fields.items()
            if column not in form.names and column not in form.free_text
        }
        coded = {
            column.column: (field, column.codes)
            for kind in (CodedColumn, FlagColumn)
            for field, column in self.fields.of_type(kind).items()
        }
        instants = {column.column: field for field, column in self.fields.of_type(InstantColumn).items()}
        state, time_column = self._state_columns(), self.at or MILESTONE_AT
        times = {self.opened, *instants}
        times |= {milestone.column for milestone in (self.milestones or {}).values()}
        texts = {c: field for c, field in plain.items() if c not in coded and c not in instants}
        special_columns = {self.case, *state} | ({self.sequence} if self.sequence else set())
        return Layout(
            case=self.case,
            time_column=time_column,
            opened=self.opened,
            state=state,
            read_state=self._read_state(),
            codes=coded,
            texts=texts,
            instants=instants,
            derived=self.kind.derived,
            named=form.persons | form.teams,
            times=frozenset({time_column, *(column for column in times if column is not None)}),
            plain_text_columns=frozenset({*plain, *special_columns, *self.plain}),
            final_value_columns=self.afterwards,
            missing=self.missing,
            missing_in_written=self.missing,
            written=frozenset({*texts, *form.free_text}),
        )

    def _state_columns(self) -> tuple[str, ...]:
        if self.state is None:
            return (MILESTONE,)
        return tuple(column for _, column in self._status_columns(self.state))

    def _read_state(self) -> StateReader:
        if self.state is None:
            meanings = {state.value: _Meaning(state, {}) for state in self.kind.states}
        else:
            meanings = {
                value.lower(): _Meaning(meaning.state, {c: getattr(meaning, c) for c in meaning.CODE_STATES})
                for value, meaning in self.state.values.items()
            }
        return _StatusReader(meanings, self.kind, self._codes_by_state).read


class IncidentMapping(FileMapping):
    """The mapping of a file with a history of incidents."""

    process: Literal["incident"]
    state: StatusMapping[IncidentMeaning] | None = None
    milestones: Annotated[dict[IncidentState, MilestoneColumn], Field(min_length=1)] | None = None
    fields: ImportedIncidentFields = ImportedIncidentFields()


class ChangeMapping(FileMapping):
    """The mapping of a file with a history of changes."""

    process: Literal["change"]
    state: StatusMapping[ChangeMeaning] | None = None
    milestones: Annotated[dict[ChangeState, MilestoneColumn], Field(min_length=1)] | None = None
    fields: ImportedChangeFields = ImportedChangeFields()


#: The mapping of each of KINDS, by the value of `process`.
MAPPINGS: Mapping[str, type[FileMapping]] = {"incident": IncidentMapping, "change": ChangeMapping}


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The state that a status stands for, None if it stays, and the codes that it gives besides."""

    state: CodeEnum | None
    codes: Mapping[str, Any]


class _StatusReader:
    """Reads a state and its codes from a status and sub-status. `codes_by_state` are the codes that come with
    some of the states.
    """

    def __init__(
        self,
        meanings: Mapping[str, _Meaning],
        kind: ImportedKind,
        codes_by_state: Mapping[str, frozenset[CodeEnum]],
    ) -> None:
        self._meanings = meanings
        self._defaults = kind.defaults
        self._codes_by_state = codes_by_state

    def read(self, values: tuple[str | None, ...]) -> StateAndFields | None:
        """Return the state and the fields that go with it; None if the status does not define a state."""
        status, *detail = ((value or "").lower() for value in values)
        meaning = self._meanings.get(SUB_STATUS_SEPARATOR.join((status, *detail))) if detail else None
        meaning = meaning or self._meanings.get(status)
        if meaning is None or meaning.state is None:
            return None
        fields = dict(self._defaults.get(meaning.state, {}))
        for name, code in meaning.codes.items():
            if code is not None or meaning.state in self._codes_by_state.get(name, ()):
                fields[name] = code
        return meaning.state, fields


def read_mapping(text: str, name: str) -> FileMapping:
    """Parses the mapping. `name` is its name in error messages. Raises MappingRefused."""
    if len(text) > LARGEST_MAPPING:
        raise MappingRefused(name, [("", f"The mapping is longer than {LARGEST_MAPPING:,} characters.")])
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingRefused(name, [("", f"The mapping is not valid TOML: {error}.")]) from error
    lines, process = text.splitlines(), document.get("process", "incident")
    if not isinstance(process, str) or process not in MAPPINGS:
        expected = " or ".join(map(repr, MAPPINGS))
        wrong = {"type": "enum", "loc": ("process",), "input": process, "ctx": {"expected": expected}}
        raise MappingRefused(name, [_problem(lines, wrong, FileMapping)])
    kind = MAPPINGS[process]
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise MappingRefused(name, [_problem(lines, problem, kind) for problem in error.errors()]) from error


def _problem(lines: list[str], error: Any, kind: type[FileMapping]) -> tuple[str, str]:
    path = [str(part) for part in error["loc"] if part != "[key]"]
    line = _line_of(lines, path)
    key = ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in path)
    if line and key:
        key = f"line {line}, {key}"
    return key, _describe_error(error, path, kind)


def _describe_error(error: Any, path: list[str], mapping: type[FileMapping]) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"this key is unknown here; possible are {', '.join(_allowed_keys(path[:-1], mapping))}."
    if kind == "missing":
        return "this key is missing."
    if kind in ("enum", "literal_error"):
        keep = f", or {KEEP_STATE!r} where the state stays" if path[-1:] == ["state"] else ""
        return f"{value!r} is unknown; use {error['ctx']['expected']}{keep}."
    if kind == "value_error":
        return f"{error['ctx']['error']}."
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}."


def _allowed_keys(path: Iterable[str], mapping: type[FileMapping]) -> list[str]:
    """Return the keys that are allowed at this path of the mapping."""
    part: type[BaseModel] | None = mapping
    for name in path:
        field = part.model_fields.get(name) if part is not None else None
        part = None if field is None else next(_models(field.annotation), None)
        if field is not None and part is None:
            return []
        if part is None:
            part = IncidentMeaning if mapping is IncidentMapping else ChangeMeaning
    return sorted(part.model_fields) if part is not None else []


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _line_of(lines: list[str], path: list[str]) -> int:
    """Return the line of the last key of the path that is found in the file, or 0."""
    nearest = 0
    for part in path:
        key = re.compile(rf"""[\s\[.{{,]*["']?{re.escape(part)}["']?\s*[=\].]""")
        for number, line in enumerate(lines[max(nearest - 1, 0) :], max(nearest, 1)):
            if key.match(line) or (number == nearest and key.search(line)):
                nearest = number
                break
    return nearest
