"""Payloads of actions on problems."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.children import Visibility
from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.foundation.custom.values import CustomValues
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Paragraph,
    Patch,
    Payload,
    Reason,
    RecordKey,
    Reference,
    ShortText,
    Title,
)
from app.processes.problems.records import (
    CandidateDimension,
    CauseCategory,
    ProblemOrigin,
    Technique,
)

MOST_USERS = 100_000_000

Language = Literal["en", "zh"]

ServiceKeys = Annotated[tuple[Annotated[RecordKey, KeyRef("service")], ...], BoundedList]

TeamReferences = Annotated[tuple[Annotated[Reference, ForeignRef("team")], ...], BoundedList]

IncidentReferences = Annotated[tuple[Annotated[Reference, ForeignRef("incident")], ...], BoundedList]


class RaiseProblem(Payload):
    """The problem to raise: the suspected cause of incidents that happened or may happen."""

    model_config = example_includes("service", "incidents")
    title: Title = Field(description="What it is, in a line. Lists show it: name no persons here.")
    description: FreeText = Field(description="What is known of it.")
    origin: ProblemOrigin = Field(
        default=ProblemOrigin.incident,
        description="What led to it; of `incident`, name at least one. `trend` and `review` are proactive.",
    )
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service; that or `ci` is given."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item."
    )
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="The key of the category, if known."
    )
    affected_services: ServiceKeys = Field(
        max_length=LONGEST_LIST, description="How far it reaches: the keys of all services touched."
    )
    affected_customers: TeamReferences = Field(
        max_length=LONGEST_LIST, description="How far it reaches: the keys or ids of the customers' teams."
    )
    affected_users: int = Field(
        ge=0, le=MOST_USERS, strict=True, description="How far it reaches: so many users, about."
    )
    tried: FreeText = Field(description="What has been tried so far.")
    incidents: IncidentReferences = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The incidents that show it: ids or numbers. Each is linked, and told so.",
    )
    impact: Impact | None = Field(default=None, description="With `urgency`: how many are touched.")
    urgency: Urgency | None = Field(default=None, description="With `impact`: how much their work suffers.")
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="Whom it is raised for, if not the caller: a person's id."
    )
    custom: CustomValues = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_complete(self) -> RaiseProblem:
        if self.service is None and self.ci is None:
            raise PydanticCustomError("service_or_ci", "name a service or a CI")
        if self.origin is ProblemOrigin.incident and not self.incidents:
            raise PydanticCustomError("shown_by_none", "name an incident that shows it")
        if (self.impact is None) != (self.urgency is None):
            raise PydanticCustomError("both_of_priority", "give impact and urgency, or neither")
        return self


class InvestigateProblem(Payload):
    """The team and the assignee who investigate the problem."""

    team: Annotated[Reference, ForeignRef("team")] = Field(description="The team: its key or id.")
    assignee: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.given)] = Field(
        description="Who of the team leads: a person's id, or `me`."
    )


class IdentifyCauseProblem(Payload):
    """The cause of the problem, how it was found, and the evidence."""

    technique: Technique = Field(description="How it was found.")
    cause: FreeText = Field(description="What it is.")
    cause_category: CauseCategory = Field(description="What sort of cause it is.")
    evidence: FreeText = Field(description="What shows that it is so.")


class DocumentWorkaroundProblem(Payload):
    """The symptoms of the known error, and its workaround."""

    symptoms: Annotated[Paragraph, StaffOnly()] = Field(
        description="How one recognises it. It stays when persons are erased: name none here."
    )
    workaround: Annotated[Paragraph, StaffOnly()] = Field(
        description="What helps until it is fixed. Name no persons here."
    )
    workaround_visibility: Annotated[Visibility, StaffOnly()] = Field(
        default=Visibility.internal,
        description="Who is shown it on incidents: everybody who sees the incident, or staff.",
    )
    language: Language | None = Field(
        default=None,
        description="The language of the article that is drafted of it; none: Chinese if a Chinese character "
        "is in it, English otherwise.",
    )


class ResolveProblem(Payload):
    """How a recurrence of the problem is prevented."""

    prevention: FreeText = Field(description="What prevents a return.")


class AcceptRiskProblem(Payload):
    """The reason why the problem is not fixed, and the time until which its risk is accepted."""

    reason: FreeText = Field(description="Why it is not fixed.")
    until_at: Instant = Field(description="Until when; then whoever accepts it is told, and it is flagged.")


class LapseRiskProblem(Payload):
    """The person to notify that the acceptance of the risk has lapsed."""

    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.risk_lapsed)] | None = Field(
        default=None, description="Who accepted the risk: a person's id."
    )


class CloseProblem(Payload):
    """The lessons of the problem."""

    lessons: FreeText = Field(description="What was learnt.")


class ReopenProblem(Payload):
    """The incident that shows that the problem is back."""

    incident: Annotated[Reference, ForeignRef("incident")] | None = Field(
        default=None,
        description="The incident that shows it: its id or number; it is linked. May be left out where the "
        "time that a risk was accepted for is over.",
    )
    reason: FreeText | None = Field(default=None, description="What is known of why.")


class EditProblem(Patch):
    """The fields of the problem to change."""

    REQUESTER_FIELDS = frozenset({"title", "description"})

    title: Title = Field(default_factory=str, description="What it is, in a line. Lists show it.")
    description: FreeText = Field(default_factory=str, description="What is known of it.")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item."
    )
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="The key of the category."
    )
    affected_services: ServiceKeys = Field(
        default_factory=tuple, max_length=LONGEST_LIST, description="The keys of all services touched."
    )
    affected_customers: TeamReferences = Field(
        default_factory=tuple, max_length=LONGEST_LIST, description="The keys or ids of the customers' teams."
    )
    affected_users: int = Field(
        default_factory=int, ge=0, le=MOST_USERS, strict=True, description="So many users."
    )
    tried: FreeText = Field(default_factory=str, description="What has been tried so far.")
    symptoms: Annotated[Paragraph, StaffOnly()] = Field(
        default_factory=str, description="How one recognises a known error. Name no persons here."
    )
    workaround: Annotated[Paragraph, StaffOnly()] = Field(
        default_factory=str, description="What helps meanwhile. Name no persons here."
    )
    workaround_visibility: Annotated[Visibility, StaffOnly()] = Field(
        default_factory=lambda: Visibility.internal, description="Who is shown it on incidents."
    )
    custom: CustomValues = Field(default_factory=dict)


CandidateIncidents = Annotated[
    tuple[Annotated[Reference, ForeignRef("incident")], ...],
    Field(min_length=1, max_length=LONGEST_LIST),
    BoundedList,
]


class DetectProblemCandidate(Payload):
    """The service, CI or category whose incidents recur."""

    dimension: CandidateDimension = Field(description="What the incidents have in common.")
    value: RecordKey = Field(description="The key of it.")
    since_at: Instant = Field(description="Incidents that were opened after it are counted.")


class DetectAgainProblemCandidate(Payload):
    """The time from which new recurrences are counted."""

    since_at: Instant = Field(description="Incidents that were opened after it are counted.")


class AcceptProblemCandidate(Payload):
    """The problem to raise for the recurring incidents."""

    title: Title = Field(description="What it is, in a line. Lists show it: name no persons here.")
    description: FreeText = Field(description="What is known of it.")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="Of incidents of one category: the service, or `ci`, that it is about."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The same of the configuration item."
    )
    affected_services: ServiceKeys = Field(
        max_length=LONGEST_LIST, description="How far it reaches: the keys of all services touched."
    )
    affected_customers: TeamReferences = Field(
        max_length=LONGEST_LIST, description="How far it reaches: the keys or ids of the customers' teams."
    )
    affected_users: int = Field(
        ge=0, le=MOST_USERS, strict=True, description="How far it reaches: so many users, about."
    )
    tried: FreeText = Field(description="What has been tried so far.")
    incidents: CandidateIncidents | None = Field(
        default=None,
        description="The incidents that show it; none: the newest 50 that are counted now.",
    )


class DeclineProblemCandidate(Reason):
    """The reason why no problem is raised."""

    process_fault: bool = Field(
        default=False,
        strict=True,
        description="Whether the process is behind the incidents, and no fault: a rule then suggests to "
        "improve it.",
    )


class BeginFixProblem(Payload):
    """The change that fixes the problem, or the reason why none is needed."""

    model_config = example_includes("fixing_change")
    fixing_change: ShortText | None = Field(
        default=None,
        description="The change that fixes it: its number, then both are linked; or another tool's name.",
    )
    no_change_reason: FreeText | None = Field(default=None, description="Or why no change is needed.")

    @model_validator(mode="after")
    def _check_change_or_reason(self) -> BeginFixProblem:
        if (self.fixing_change is None) == (self.no_change_reason is None):
            raise PydanticCustomError("change_or_reason", "name the change, or say why none is needed")
        return self


class ChangeFixProblem(BeginFixProblem):
    """Another change that fixes the problem, or the reason why none is needed; and why it is another one."""

    reason: FreeText = Field(
        description="Why the fix is another one.", examples=["The first change was backed out."]
    )


class NoteFixingChangeFailedProblem(Payload):
    """The change that was to fix the problem and was not made, or is undone."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="The change: its id or number.", examples=["CHG-2026-000001"]
    )
