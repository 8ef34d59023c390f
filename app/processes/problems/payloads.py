"""Payloads of actions on problems."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.common.children import Visibility
from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.kernel.actions.conditions import (
    Condition,
    all_members_or_none,
    at_least_one_member,
    exactly_one_member,
)
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
    Problem,
    ProblemCandidate,
    ProblemOrigin,
    Technique,
)
from app.ticketing.report_fields import ReportFields

MOST_USERS = 100_000_000

Language = Literal["en", "zh"]

ServiceKeys = Annotated[tuple[Annotated[RecordKey, KeyRef("service")], ...], BoundedList]

TeamReferences = Annotated[tuple[Annotated[Reference, ForeignRef("team")], ...], BoundedList]

IncidentReferences = Annotated[tuple[Annotated[Reference, ForeignRef("incident")], ...], BoundedList]


class ProblemScope(Payload, of=Problem):
    """The extent of a problem, and the attempts to solve it."""

    affected_services: ServiceKeys = Field(max_length=LONGEST_LIST)
    affected_customers: TeamReferences = Field(
        max_length=LONGEST_LIST, description="The keys or ids of the affected customers' teams."
    )
    affected_users: int = Field(ge=0, le=MOST_USERS, strict=True)
    tried: FreeText


class ProblemFields(ProblemScope, ReportFields, of=Problem):
    """The fields of a problem that may be edited, except those of its workaround."""

    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = None


class RaiseProblem(ProblemFields, of=Problem):
    """The problem to raise, the suspected cause of incidents that happened or may happen: with a service or a
    configuration item.
    """

    model_config = example_includes("service", "incidents")
    origin: ProblemOrigin = ProblemOrigin.incident
    incidents: IncidentReferences = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The incidents that show it: ids or numbers. Each is linked, and its followers are told.",
    )
    impact: Impact | None = None
    urgency: Urgency | None = None
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="The person for whom it is raised, if not the caller: an id."
    )

    CONDITIONS = (
        at_least_one_member("service_or_ci", "service", "ci"),
        Condition(
            "shown_by_none",
            ("origin", "incidents"),
            lambda body: body.origin is not ProblemOrigin.incident or body.incidents,
        ),
        all_members_or_none("both_of_priority", "impact", "urgency"),
    )


class InvestigateProblem(Payload):
    """The team and the assignee who investigate the problem."""

    team: Annotated[Reference, ForeignRef("team")] = Field(description="The team: its key or id.")
    assignee: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.given)] = Field(
        description="The member of the team who leads: a person's id, or `me`."
    )


class IdentifyCauseProblem(Payload, of=Problem):
    """The cause of the problem, the technique that found it, and the evidence."""

    technique: Technique
    cause: FreeText
    cause_category: CauseCategory
    evidence: FreeText


class WorkaroundFields(Payload, of=Problem):
    """The symptoms of a known error, and its workaround."""

    symptoms: Annotated[Paragraph, StaffOnly()]
    workaround: Annotated[Paragraph, StaffOnly()]
    workaround_visibility: Annotated[Visibility, StaffOnly()] = Visibility.internal


class DocumentWorkaroundProblem(WorkaroundFields):
    """The symptoms of the known error, and its workaround."""

    language: Language | None = Field(
        default=None,
        description="The language of the article that is drafted of it; none: Chinese if a Chinese character "
        "is in it, English otherwise.",
    )


class ResolveProblem(Payload, of=Problem):
    """The measures that prevent a recurrence of the problem."""

    prevention: FreeText


class AcceptRiskProblem(Payload):
    """The reason why the problem is not fixed, and the time until which its risk is accepted."""

    reason: FreeText = Field(description="The reason why it is not fixed.")
    until_at: Instant = Field(
        description="Time until which it is accepted; then the problem is flagged, and its owner is told."
    )


class LapseRiskProblem(Payload):
    """The person to notify that the acceptance of the risk has lapsed."""

    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.risk_lapsed)] | None = Field(
        default=None, description="The person who accepted the risk: an id."
    )


class CloseProblem(Payload, of=Problem):
    """The lessons of the problem."""

    lessons: FreeText


class ReopenProblem(Payload):
    """The incident that shows that the problem is back."""

    incident: Annotated[Reference, ForeignRef("incident")] | None = Field(
        default=None,
        description="The incident that shows it: its id or number; it is linked. May be left out once the "
        "time for which a risk was accepted is over.",
    )
    reason: FreeText | None = Field(default=None, description="The reason, as far as known.")


class EditProblem(Patch, WorkaroundFields, ProblemFields):
    """The fields of the problem to change."""

    REQUESTER_FIELDS = frozenset({"title", "description"})


CandidateIncidents = Annotated[
    tuple[Annotated[Reference, ForeignRef("incident")], ...],
    Field(min_length=1, max_length=LONGEST_LIST),
    BoundedList,
]


class DetectProblemCandidate(Payload, of=ProblemCandidate):
    """The service, CI or category whose incidents recur."""

    dimension: CandidateDimension
    value: RecordKey
    since_at: Instant


class DetectAgainProblemCandidate(Payload, of=ProblemCandidate):
    """The time from which new recurrences are counted."""

    since_at: Instant


class AcceptProblemCandidate(ProblemScope):
    """The problem to raise for the recurring incidents."""

    title: Title = Field(description="The problem in a line, without names of persons: lists show it.")
    description: FreeText = Field(description="The problem, as far as known.")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service; for incidents of one category, this or `ci`."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item; for the same."
    )
    incidents: CandidateIncidents | None = Field(
        default=None,
        description="The incidents that show it; none: the newest 50 that are counted now.",
    )


class DeclineProblemCandidate(Reason):
    """The reason why no problem is raised."""

    process_fault: bool = Field(
        default=False,
        strict=True,
        description="True if the process causes the incidents, and no fault: a rule then suggests to improve "
        "it.",
    )


class BeginFixProblem(Payload):
    """The change that fixes the problem, or the reason why none is needed."""

    model_config = example_includes("fixing_change")
    fixing_change: ShortText | None = Field(
        default=None,
        description="The change that fixes it: its number, then both are linked; or another tool's name.",
    )
    no_change_reason: FreeText | None = Field(
        default=None, description="The reason why no change is needed, instead."
    )

    CONDITIONS = (exactly_one_member("change_or_reason", "fixing_change", "no_change_reason"),)


class ChangeFixProblem(BeginFixProblem):
    """Another change that fixes the problem, or the reason why none is needed; and why it is another."""

    reason: FreeText = Field(
        description="The reason of the switch.", examples=["The first change was backed out."]
    )


class NoteFixingChangeFailedProblem(Payload):
    """The change that was to fix the problem and was not made, or is undone."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="The change: its id or number.", examples=["CHG-2026-000001"]
    )
