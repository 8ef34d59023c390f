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
        description="Month, week, quarter or year whose figures are judged, by the organisation's time "
        "zone; it must be over. Without it, the previous month is judged. Urgent "
        "conditions are returned for every period.",
        examples=["2026-10", "2026-W43", "2026-Q4", "2026"],
    )
    team: Annotated[list[ScopeName] | None, CommaSeparated] = Field(
        None,
        max_length=MOST_VALUES,
        description="Teams (keys or ids) to which the conditions are limited.",
        examples=[["network"]],
    )
    service: Annotated[list[ScopeName] | None, CommaSeparated] = Field(
        None,
        max_length=MOST_VALUES,
        description="Services (keys) to which the conditions are limited.",
        examples=[["mail"]],
    )
    priority: Annotated[list[Priority] | None, CommaSeparated] = Field(
        None,
        max_length=len(Priority),
        description="Priorities to which the cases are limited; `omitted` lists conditions without a "
        "priority, such as those of figures.",
        examples=[["P1"]],
    )
    aside: bool = Field(False, description="`true` includes the conditions that the caller has put aside.")


class AttentionParameter(OutputModel):
    """A value in a sentence."""

    type: ValueType = Field(description="Type of the value, by which a frontend can format it.")
    value: int | float | str | None = Field(
        description="Value itself: a number, seconds, a time, a period such as `2026-10`, a key, the "
        "number of a record, or a text."
    )
    unit: str | None = Field(
        description="Unit of a figure: the unit of its KPI, or `seconds`; null if the value is not a figure."
    )
    href: str | None = Field(description="Address of the record in the API; null if the value is no record.")
    text: str = Field(description="Text of the value in the sentence, in the requested language.")


class AttentionSentences(OutputModel):
    """The sentence in both languages."""

    en: str = Field(description="Sentence in English.")
    zh: str = Field(description="Sentence in Chinese.")


class AttentionOwner(OutputModel):
    """The owner of a condition that needs attention."""

    kind: OwnerKind
    id: str = Field(description="Identifier of the team or person, or code of the role.")
    name: str | None = Field(
        description="Name of the owner, in the requested language; null if the person was erased."
    )


class AttentionPart(OutputModel):
    """A condition that is folded into another one."""

    key: str = Field(description="Key of the condition, as in `key` of a condition of its own.")
    sentence: str = Field(description="Sentence, in the requested language.")
    cases: str | None = Field(
        description="Address of the cases in the API; null if the condition has no cases."
    )
    desk: str | None = Field(
        description="Address of the page that shows the cases; null if there is no such page."
    )


class AttentionItem(OutputModel):
    """A condition that needs attention, as a sentence."""

    key: str = Field(
        description="Key of the condition for as long as it lasts; used to put it aside.",
        examples=["major_incident:incident:INC-2026-000123"],
    )
    code: str = Field(description="Stable code of the kind of condition.", examples=["major_incident"])
    severity: Severity
    process: str | None = Field(
        description="Kind of the cases, such as `incident`; null if the condition has no cases."
    )
    parameters: dict[str, AttentionParameter] = Field(description="Values in the sentence, by name.")
    sentence: str = Field(description="Sentence, in the requested language.")
    sentences: AttentionSentences
    cases: str | None = Field(
        description="Address in the API of the condition's cases or record; null if it has neither.",
        examples=["/v1/incidents/INC-2026-000123"],
    )
    desk: str | None = Field(
        description="Address of the page that shows the cases or the record; null if there is no such page."
    )
    owner: AttentionOwner | None = Field(description="Owner of the condition; null if nobody owns it.")
    since: datetime | None = Field(
        description="Time since which the condition has been true; null if unknown."
    )
    due_at: datetime | None = Field(
        description="Time at which the condition is or was due; null if it has no due time."
    )
    count: int = Field(description="Number of cases, or of folded conditions.")
    folded: list[AttentionPart] = Field(
        description="Conditions of the same kind that are folded into this one; empty if there are "
        "fewer than three."
    )
    aside_until: datetime | None = Field(
        description="Time until which the caller has put the condition aside; null if it is not put aside."
    )


class PutAside(BaseModel):
    """The time until which a condition is put aside."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    until_at: Instant = Field(
        description="Time at which the condition is shown again: in the future, and at most one year "
        "from now.",
        examples=["2026-12-01T08:00:00+08:00"],
    )


class AsideOut(OutputModel):
    """A condition that the caller has put aside."""

    key: str = Field(
        description="Key of the condition.", examples=["major_incident:incident:INC-2026-000123"]
    )
    until_at: datetime = Field(description="Time at which the condition is shown again.")


class AttentionCounts(OutputModel):
    """The number of sentences."""

    total: int = Field(description="Number of conditions that need attention.")
    now: int = Field(description="Number of urgent conditions, of severity `banner` or `now`.")


class AttentionOmission(OutputModel):
    """Conditions that are left out because a filter does not apply to them."""

    codes: list[str] = Field(description="Codes of the conditions.", examples=[["target_out_of_reach"]])
    name: str = Field(description="Name of the subject of the conditions, in the requested language.")
    ignored_filters: list[FilterName] = Field(
        description="Requested filters that do not apply to the conditions."
    )


class Attention(OutputModel):
    """The conditions that need attention and that the caller may see, the most urgent first."""

    as_of: datetime = Field(description="Time at which the conditions were read.")
    position: int = Field(description="Position of the log up to which the figures are complete.")
    lag_seconds: float = Field(
        description="Age in seconds of the oldest event that the figures do not include; 0 if they are "
        "complete."
    )
    period: str = Field(description="Period whose figures are judged.", examples=["2026-10"])
    counts: AttentionCounts
    items: list[AttentionItem]
    good: list[AttentionItem] = Field(description="Good news, at most three.")
    omitted: list[AttentionOmission] = Field(
        description="Conditions that are left out because a requested filter does not apply to them."
    )
    nothing: str | None = Field(
        description="Sentence that nothing needs attention, in the requested language; null if "
        "something does."
    )
