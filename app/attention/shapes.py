"""The shapes of `GET /v1/attention`: its parameters and its answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.filters import MOST_VALUES, CommaSeparated
from app.api.records.shapes import OutputModel
from app.attention.conditions import OwnerKind, Severity
from app.attention.reading import FilterName
from app.attention.values import ValueType
from app.common.priorities.priority import Priority
from app.kernel.actions.payloads import LONGEST_KEY, Instant

PERIOD = r"^(19|20|21)[0-9]{2}(-(0[1-9]|1[0-2])|-W(0[1-9]|[1-4][0-9]|5[0-3])|-Q[1-4])?$"

ScopeName = Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]


class AttentionQuery(BaseModel):
    """Query parameters: what the sentences are about."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    period: Annotated[str | None, Field(max_length=8, pattern=PERIOD)] = Field(
        None,
        description="The month, week, quarter or year whose figures are judged, by the organisation's clock: "
        "one that is over; none: the last month. What is urgent now stands whatever the period.",
        examples=["2026-10", "2026-W43", "2026-Q4", "2026"],
    )
    team: Annotated[list[ScopeName] | None, CommaSeparated] = Field(
        None,
        max_length=MOST_VALUES,
        description="Only what concerns one of these teams: their keys or ids.",
        examples=[["network"]],
    )
    service: Annotated[list[ScopeName] | None, CommaSeparated] = Field(
        None,
        max_length=MOST_VALUES,
        description="Only what concerns one of these services: their keys.",
        examples=[["mail"]],
    )
    priority: Annotated[list[Priority] | None, CommaSeparated] = Field(
        None,
        max_length=len(Priority),
        description="Only cases of these priorities; `omitted` says what has none, as figures.",
        examples=[["P1"]],
    )
    aside: bool = Field(False, description="True to show also what the caller has put aside.")


class AttentionParameter(OutputModel):
    """A value in a sentence."""

    type: ValueType = Field(description="The type of the value: by it a frontend writes it in its own way.")
    value: int | float | str | None = Field(
        description="The value: a number, seconds, an instant, a period as `2026-10`, a key, the number of a "
        "record, or a text."
    )
    unit: str | None = Field(description="The unit of a figure: that of its KPI, or `seconds`.")
    href: str | None = Field(description="The address of the record in the API, if it is one.")
    text: str = Field(description="The words for it in the sentence, in the language asked for.")


class AttentionSentences(OutputModel):
    """A sentence in both languages."""

    en: str
    zh: str


class AttentionOwner(OutputModel):
    """The owner of what needs attention."""

    kind: OwnerKind
    id: str = Field(description="The id of the team or person, or the code of the role.")
    name: str | None = Field(description="The name, in the language asked for; null when it was erased.")


class AttentionPart(OutputModel):
    """A sentence for which another one stands."""

    key: str
    sentence: str = Field(description="The sentence, in the language asked for.")
    cases: str | None = Field(description="The address in the API of its cases; null: it has none.")
    desk: str | None = Field(description="The address of the same for people; null: there is none.")


class AttentionItem(OutputModel):
    """A condition that needs attention, in a sentence."""

    key: str = Field(
        description="The name of the condition while it lasts: by it, it is put aside.",
        examples=["major_incident:incident:INC-2026-000123"],
    )
    code: str = Field(description="The stable code of its kind.", examples=["major_incident"])
    severity: Severity
    process: str | None = Field(description="The kind of its cases, as `incident`; null: of none.")
    parameters: dict[str, AttentionParameter] = Field(description="The values in the sentence, by name.")
    sentence: str = Field(description="The sentence, in the language asked for.")
    sentences: AttentionSentences
    cases: str | None = Field(
        description="The address in the API of exactly its cases, or of its record; null: it has none.",
        examples=["/v1/incidents/INC-2026-000123"],
    )
    desk: str | None = Field(description="The address of the same for people; null: there is none.")
    owner: AttentionOwner | None
    since: datetime | None = Field(description="Time since which it holds, if that is known.")
    due_at: datetime | None = Field(description="Time at which it is due, or was.")
    count: int = Field(description="Number of its cases, or of the sentences that it stands for.")
    folded: list[AttentionPart] = Field(
        description="The sentences that it stands for, if they are three or more of a kind; else none."
    )
    aside_until: datetime | None = Field(
        description="Time until which the caller has put it aside; null: it is not."
    )


class PutAside(BaseModel):
    """Until when a sentence is put aside."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    until_at: Instant = Field(
        description="The instant from which it is told again: in the future, and a year off at most.",
        examples=["2026-12-01T08:00:00+08:00"],
    )


class AsideOut(OutputModel):
    """A sentence that the caller has put aside."""

    key: str = Field(
        description="The key of the sentence.", examples=["major_incident:incident:INC-2026-000123"]
    )
    until_at: datetime


class AttentionCounts(OutputModel):
    """The number of sentences."""

    total: int = Field(description="Number of sentences that need attention.")
    now: int = Field(description="Number of those that cannot wait: of severity `banner` or `now`.")


class AttentionOmission(OutputModel):
    """Sentences that are left out, since a filter cannot narrow them."""

    codes: list[str] = Field(description="The codes of the sentences.", examples=[["target_out_of_reach"]])
    name: str = Field(description="The name of what they are about, in the language asked for.")
    ignored_filters: list[FilterName] = Field(
        description="The filters asked for that they cannot be narrowed by."
    )


class Attention(OutputModel):
    """What needs attention, the most urgent first, of what the caller may see."""

    as_of: datetime = Field(description="The instant at which it was read.")
    position: int = Field(description="The position of the log that the figures have reached.")
    lag_seconds: float = Field(description="Age of the first event that the figures do not include; 0: none.")
    period: str = Field(description="The period whose figures are judged.", examples=["2026-10"])
    counts: AttentionCounts
    items: list[AttentionItem]
    good: list[AttentionItem] = Field(description="Good news, three at most.")
    omitted: list[AttentionOmission] = Field(
        description="The sentences that what is chosen cannot narrow, and so leaves out."
    )
    nothing: str | None = Field(
        description="The sentence that nothing needs attention, in the language asked for; null: something "
        "does."
    )
