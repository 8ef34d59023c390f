"""Payloads of actions on problems."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.common.children import Visibility
from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.kernel.actions.conditions import (
    Condition,
    all_members_or_none,
    at_least_one_member,
    exactly_one_member,
    member_only_with,
)
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Finding,
    FreeText,
    Instant,
    OutsideNumber,
    Paragraph,
    Patch,
    Payload,
    Reason,
    RecordKey,
    Reference,
    Title,
    WithinYear,
)
from app.processes.problems.records import (
    CandidateDimension,
    CauseCategory,
    Problem,
    ProblemCandidate,
    ProblemOrigin,
    Technique,
)
from app.ticketing.opening import ReportFields

MOST_USERS = 100_000_000

Language = Literal["en", "zh"]

ServiceKeys = Annotated[tuple[Annotated[RecordKey, KeyRef("service")], ...], BoundedList]

TeamReferences = Annotated[
    tuple[Annotated[Reference, ForeignRef("team", GivenDuty.custom)], ...], BoundedList
]

IncidentReferences = Annotated[tuple[Annotated[Reference, ForeignRef("incident")], ...], BoundedList]


class ProblemScope(Payload, of=Problem):
    """The extent of a problem, and the attempts to solve it."""

    affected_services: ServiceKeys = Field(max_length=LONGEST_LIST)
    affected_customers: TeamReferences = Field(
        max_length=LONGEST_LIST, description="Keys or ids of the affected customers' teams."
    )
    affected_users: int = Field(ge=0, le=MOST_USERS, strict=True)
    tried: FreeText


class ProblemFields(ProblemScope, ReportFields, of=Problem):
    """The fields of a problem that may be edited, except those of its workaround."""

    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = None


class RaiseProblem(ProblemFields, of=Problem):
    """The problem to raise: the suspected cause of past or expected incidents, with a service or a
    configuration item.
    """

    model_config = example_includes("service", "incidents")
    origin: ProblemOrigin = ProblemOrigin.incident
    incidents: IncidentReferences = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Incidents that show the problem: ids or numbers. Each is linked, and its "
        "followers are notified.",
    )
    impact: Impact | None = None
    urgency: Urgency | None = None
    requester: (
        Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True, on_behalf=True)] | None
    ) = Field(
        default=None,
        description="Person on whose behalf the problem is raised: an id; if left out, the caller.",
    )

    CONDITIONS = (
        at_least_one_member("service_or_ci", "service", "ci"),
        Condition(
            "shown_by_none",
            ("origin", "incidents"),
            lambda body: body.origin is not ProblemOrigin.incident or body.incidents,
            faulty="incidents",
        ),
        all_members_or_none("both_of_priority", "impact", "urgency"),
    )


class InvestigateProblem(Payload):
    """The team and the person who investigate the problem."""

    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] = Field(
        description="Team that investigates: its key or id."
    )
    assignee: Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.given)] = (
        Field(description="Member of the team who leads the investigation: a person's id, or `me`.")
    )


class IdentifyCauseProblem(Payload, of=Problem):
    """The cause of the problem, the technique that found it, and the evidence."""

    technique: Technique
    cause: Finding
    cause_category: CauseCategory
    evidence: Finding


class WorkaroundFields(Payload, of=Problem):
    """The symptoms of a known error, and its workaround."""

    symptoms: Annotated[Paragraph, StaffOnly()]
    workaround: Annotated[Paragraph, StaffOnly()]
    workaround_visibility: Annotated[Visibility, StaffOnly()] = Visibility.internal


class DocumentWorkaroundProblem(WorkaroundFields):
    """The symptoms of the known error, and its workaround."""

    language: Language | None = Field(
        default=None,
        description="Language of the article that is drafted from the workaround; if left out, Chinese "
        "if the text has Chinese characters, and English otherwise.",
    )


class ResolveProblem(Payload, of=Problem):
    """The measures that prevent a recurrence of the problem, and the end of a fixing change in another
    tool.
    """

    prevention: FreeText
    fix_outcome: FreeText | None = Field(
        default=None,
        description="Outcome of the fixing change, and what shows it; required if the change is in another "
        "tool.",
        examples=["It went in on Sunday; its ticket is closed as successful."],
    )
    fix_succeeded: bool | None = Field(
        default=None,
        strict=True,
        description="True if the fixing change was successful; required if the change is in another tool. "
        "The problem is resolved only by a successful change.",
    )
    fix_ended_at: Instant | None = Field(
        default=None,
        description="Time at which the fixing change ended; required if the change is in another tool.",
    )


class AcceptRiskProblem(Payload):
    """The reason for leaving the problem unfixed, and the end of the risk acceptance."""

    reason: FreeText = Field(description="Reason for leaving the problem unfixed.")
    until_at: WithinYear = Field(
        description="End of the risk acceptance, at which the problem is flagged and its owner notified."
    )


class LapseRiskProblem(Payload):
    """The person to notify that the risk acceptance has lapsed."""

    owner: (
        Annotated[Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.risk_lapsed)]
        | None
    ) = Field(default=None, description="Person who accepted the risk: an id.")


class CloseProblem(Payload, of=Problem):
    """The lessons of the problem."""

    lessons: FreeText


class ReopenProblem(Payload):
    """The incident that shows that the problem has recurred."""

    incident: Annotated[Reference, ForeignRef("incident")] | None = Field(
        default=None,
        description="Incident that shows the recurrence: its id or number. It is linked to the problem. "
        "May be left out if the risk was accepted for a time and that time is over.",
    )
    reason: FreeText | None = Field(default=None, description="Reason for reopening, if it is known.")


class EditProblem(Patch, WorkaroundFields, ProblemFields):
    """The fields of the problem to change."""

    REQUESTER_FIELDS = frozenset({"title", "description"})


CandidateIncidents = Annotated[
    tuple[Annotated[Reference, ForeignRef("incident")], ...],
    Field(min_length=1, max_length=LONGEST_LIST),
    BoundedList,
]


class DetectProblemCandidate(Payload, of=ProblemCandidate):
    """The service, configuration item or category whose incidents recur."""

    dimension: CandidateDimension
    value: RecordKey
    since_at: Instant


class DetectAgainProblemCandidate(Payload, of=ProblemCandidate):
    """The time from which new recurrences are counted."""

    since_at: Instant


class AcceptProblemCandidate(ProblemScope):
    """The problem to raise for the recurring incidents."""

    title: Title = Field(description="Problem in one line, without names of persons, as lists show it.")
    description: FreeText = Field(description="Description of the problem, as far as it is known.")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None,
        description="Key of the service; for incidents of one category, either this or `ci` is required.",
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None,
        description="Key of the configuration item; for incidents of one category, either this or "
        "`service` is required.",
    )
    incidents: CandidateIncidents | None = Field(
        default=None,
        description="Incidents that show the problem; if left out, the 50 newest that count now.",
    )


class DeclineProblemCandidate(Reason):
    """The reason for not raising a problem."""

    process_fault: bool = Field(
        default=False,
        strict=True,
        description="True if the process causes the incidents, and not a fault; a rule then suggests "
        "an improvement of the process.",
    )


class BeginFixProblem(Payload):
    """The change that fixes the problem, or the reason why no change is needed."""

    model_config = example_includes("fixing_change")
    fixing_change: OutsideNumber | None = Field(
        default=None,
        description="Change that fixes the problem: its number, which links the two, or its name in "
        "another tool.",
    )
    no_change_reason: FreeText | None = Field(
        default=None, description="Reason why no change is needed, if no change is named."
    )
    early_fix_reason: FreeText | None = Field(
        default=None,
        description="Reason why an emergency change removes the cause, although it ended before the cause "
        "was identified; required for such a change, and only allowed for it.",
    )

    CONDITIONS = (
        exactly_one_member("change_or_reason", "fixing_change", "no_change_reason"),
        member_only_with("early_fix_without_change", "early_fix_reason", "fixing_change"),
    )


class ChangeFixProblem(BeginFixProblem):
    """Another change that fixes the problem, or the reason why no change is needed, and the reason for the
    switch.
    """

    reason: FreeText = Field(
        description="Reason for the switch.", examples=["The first change was backed out."]
    )


class NoteFixingChangeFailedProblem(Payload):
    """The change that was to fix the problem and was not made, or was undone."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="Change that failed: its id or number.", examples=["CHG-2026-000001"]
    )
