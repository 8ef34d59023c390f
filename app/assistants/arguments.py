"""Arguments of tools: their JSON Schemas are made from these (pure)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_BAD_IN_NAMES = frozenset("/?#%\\")
MOST_FILTERS = 20


class Subject(StrEnum):
    """What is explained."""

    attention = "attention"
    figures = "figures"
    figure = "figure"
    cases = "cases"
    clock = "clock"
    effect = "effect"


class Language(StrEnum):
    """The language of an answer."""

    en = "en"
    zh = "zh"


def _segment(name: str) -> str:
    if name in (".", "..") or not name.isprintable() or not _BAD_IN_NAMES.isdisjoint(name):
        raise ValueError("is not the id, number or key of a record")
    return name


Kind = Annotated[str, Field(min_length=1, max_length=60, description="A kind of record, as `incident`.")]
RecordName = Annotated[
    str,
    Field(min_length=1, max_length=250, description="The id, number or key, as `INC-2026-000123`."),
    AfterValidator(_segment),
]
Cursor = Annotated[
    str | None, Field(max_length=1200, description="`next_cursor` of the answer before, for the next page.")
]
ActionName = Annotated[str, Field(min_length=1, max_length=60, description="The action's name.")]
IdempotencyKey = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._:-]{8,100}$",
        description="A new random text for each new wish; the same again where no answer came.",
    ),
]
Body = Annotated[
    dict[str, Any], Field(max_length=100, description="The values of the form, as `options` describes it.")
]
FilterTexts = Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=50)]


class ToolArguments(BaseModel):
    """What every tool takes."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    language: Language | None = Field(
        default=None, description="The language of the answer; the person's own if left out."
    )


class FindArguments(ToolArguments):
    """Arguments of `find`."""

    kind: Kind | None = Field(
        default=None, description="A kind of record; all that are searched if left out."
    )
    text: str | None = Field(default=None, min_length=1, max_length=200, description="Words to search for.")
    filters: dict[str, str | FilterTexts] = Field(
        default_factory=dict,
        max_length=MOST_FILTERS,
        description='Filters of the kind\'s list by name, as {"state": ["new"], "assignee": "me"}.',
    )
    sort: str | None = Field(default=None, max_length=60, description="A field, with `-` downwards.")
    limit: int = Field(default=20, ge=1, le=50, description="Records on a page.")
    cursor: Cursor = None


class ReadArguments(ToolArguments):
    """Arguments of `read`."""

    kind: Kind
    id: RecordName
    part: str = Field(
        default="record",
        max_length=60,
        description="`record`, `history` (its events), or one of the record's lists, as `comments`.",
    )
    cursor: Cursor = None
    pointer: str | None = Field(
        default=None,
        max_length=300,
        pattern="^/",
        description="A JSON Pointer into the answer of the same call: to read on what was cut there.",
    )
    offset: int = Field(
        default=0, ge=0, le=10_000_000, description="Where to read on: characters or entries."
    )


class ExplainArguments(ToolArguments):
    """Arguments of `explain`."""

    subject: Subject = Field(
        description="`attention`: what needs attention, and which targets were missed; `figures`: the KPIs "
        "there are; `figure`: a KPI with its target and what moves it; `cases`: the cases of a KPI, the "
        "worst first; `clock`: the service level clocks of a case; `effect`: a measured effect."
    )
    key: RecordName | None = Field(default=None, description="The key of a KPI, or the id of an effect.")
    kind: Kind | None = Field(default=None, description="The kind of the case, of a clock.")
    id: RecordName | None = Field(default=None, description="The case, of a clock.")
    period: str | None = Field(
        default=None,
        pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
        description="A month, as 2026-10; else the last one.",
    )
    filters: dict[str, str | FilterTexts] = Field(
        default_factory=dict, max_length=MOST_FILTERS, description='As {"team": ["network"]}, of KPIs.'
    )
    cursor: Cursor = None


class OptionsArguments(ToolArguments):
    """Arguments of `options`."""

    kind: Kind | None = Field(default=None, description="Left out: the records that may be opened.")
    id: RecordName | None = Field(default=None, description="Left out: the kind's own list of actions.")
    action: ActionName | None = Field(default=None, description="With it: the form of that action.")


class ActArguments(ToolArguments):
    """Arguments of `act`."""

    kind: Kind
    id: RecordName
    action: ActionName
    version: int = Field(ge=1, le=999_999_999, description="The record's `version`, as it was read.")
    idempotency_key: IdempotencyKey
    body: Body = Field(default_factory=dict)


class CreateArguments(ToolArguments):
    """Arguments of `create`."""

    kind: Kind
    action: ActionName | None = Field(default=None, description="The action that opens it; the usual one.")
    idempotency_key: IdempotencyKey
    body: Body


class CatalogueArguments(ToolArguments):
    """Arguments of `catalogue`."""

    item: RecordName | None = Field(default=None, description="The key of an item: its questions are shown.")
    text: str | None = Field(default=None, min_length=1, max_length=200, description="Words to search for.")
    cursor: Cursor = None
