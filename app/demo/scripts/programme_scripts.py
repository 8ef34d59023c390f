"""The demo's improvement programme around its improvements: the annual plan, suggestions, the assessments of
two months, and trainings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.improvement import AssessmentCriterion
from app.demo.data import improvement_data as data
from app.demo.data import waiting_improvement_data as waiting_data
from app.demo.data.improvement_data import PilotTemplate, SuggestionTemplate
from app.demo.data.organisation import COMMITTEE_MEMBERS, HEAD_OF_IT
from app.demo.lookups import further_suggestions
from app.demo.programme import Programme, ProgrammeScript, question
from app.foundation.licences.records import ExaminationTopic
from app.kernel.actions.payloads import EmptyPayload
from app.kpis.baselines.freezing import freeze_baselines
from app.log.canonical import instant
from app.meetings.payloads import AddAgendaItemMeeting, CallMeeting, HoldMeeting, MinuteMeeting
from app.meetings.records import MeetingKind
from app.processes.improvement_assessments.payloads import (
    ConcludeImprovementAssessment,
    OpenImprovementAssessment,
    ScoreImprovementAssessment,
)
from app.processes.improvement_plans.closing import CloseImprovementPlan
from app.processes.improvement_plans.contents import DraftImprovementPlan, planned_target
from app.processes.improvement_plans.dates import start_of_year
from app.processes.improvement_plans.following import (
    NoteAssessmentImprovementPlan,
    ReviewImprovementPlan,
)
from app.processes.improvement_plans.progress import compute_progress, load_targets
from app.processes.improvement_plans.submission import SubmitImprovementPlan
from app.processes.improvement_suggestions.payloads import (
    MergeImprovementSuggestion,
    OfferImprovementSuggestion,
)
from app.processes.trainings.payloads import ExamineTraining, HoldTraining, LicenseTraining, PlanTraining

DAY = timedelta(days=1)
#: The plan is drafted so long before its year, if the history reaches back so far.
DRAFTED_BEFORE, EARLIEST_DAYS, BASELINE_DAYS = 13 * DAY, 340, 25
#: The days before the end of the history on which the plan is reviewed.
REVIEWED_BEFORE = 2
BEGINNER = "begin_improvement_plans"
#: The rule under which the demo notes that last year's months were assessed.
NOTER = "demo"
#: The same of the last review of last year's plan, and the days before the end on which it is to be closed.
LAST_REVIEWED_BEFORE, CLOSING_ASKED = 3.0, 1.7
#: The member of the committee who comes to the reviews of the plan.
MEMBER = COMMITTEE_MEMBERS[0]
GOOD_MARK, BAD_MARK = 88, 52

#: Days before the end on which next year's plan was drafted and submitted.
NEXT_DRAFTED, NEXT_SUBMITTED = 9.0, 1.4


@dataclass(frozen=True)
class PilotTrainings:
    """The trainings before a pilot."""

    key_users: UUID
    executors: UUID


@dataclass
class ProgrammeRecords:
    """The records that improvements are linked with, by the improvements' names."""

    plan_script: ProgrammeScript
    suggestions: dict[str, UUID] = field(default_factory=dict)
    trainings: dict[str, PilotTrainings] = field(default_factory=dict)

    @property
    def plan(self) -> UUID:
        """The plan of the year."""
        return self.plan_script.record_id


async def make_programme(programme: Programme) -> ProgrammeRecords:
    """Play what comes before the improvements: the plan, their suggestions, and trainings."""
    records = ProgrammeRecords(plan_script=await _begin_plan(programme))
    proposers = data.PROPOSERS | waiting_data.PROPOSERS
    for template in (*data.IMPROVEMENTS, *waiting_data.IMPROVEMENTS):
        suggestion = SuggestionTemplate(
            template.name,
            proposers[template.name],
            template.title,
            template.aspect,
            template.source,
            template.description,
            template.why,
            "incident",
        )
        records.suggestions[template.name] = await _offer(
            programme, suggestion, programme.before_end(template.selected + 5)
        )
    for name, pilot in (
        (data.ROLLED_OUT, data.PILOT_OF_NETWORK),
        (data.PILOTED, data.PILOT_OF_WORKPLACE),
        (waiting_data.JUDGED, waiting_data.PILOT_OF_PLATFORM),
    ):
        records.trainings[name] = await _train(programme, name, pilot)
    return records


async def _begin_plan(programme: Programme) -> ProgrammeScript:
    """Have this year's plan drafted, approved by the committee, and begun."""
    ledger = programme.maker.ledger
    zone = ZoneInfo(ledger.settings.time_zone)
    year = programme.end.astimezone(zone).year
    drafted = max(start_of_year(year, zone) - DRAFTED_BEFORE, programme.before_end(EARLIEST_DAYS))
    return await _begin_plan_of_year(programme, "plan", year, drafted)


async def _begin_plan_of_year(
    programme: Programme, name: str, year: int, drafted: datetime
) -> ProgrammeScript:
    zone = ZoneInfo(programme.maker.ledger.settings.time_zone)
    script = await _submit_plan(programme, name, year, drafted, drafted + 3 * DAY)
    await script.vote(drafted + 6 * DAY)
    begun = max(start_of_year(year, zone), drafted + 7 * DAY)
    await script.rule(begun, BEGINNER, "begin", EmptyPayload())
    return script


async def ask_to_close_last_plan(programme: Programme) -> None:
    """Have the committee asked to close last year's plan, after its last month and a last review."""
    ledger = programme.maker.ledger
    zone = ZoneInfo(ledger.settings.time_zone)
    year = programme.end.astimezone(zone).year - 1
    drafted = start_of_year(year, zone) - DRAFTED_BEFORE
    script = await _begin_plan_of_year(programme, "last-plan", year, drafted)
    noted_at = start_of_year(year + 1, zone) - DRAFTED_BEFORE
    noted = NoteAssessmentImprovementPlan(month=f"{year}-12")
    await script.rule(noted_at, NOTER, "note_assessment", noted)
    await review_plan(programme, script, LAST_REVIEWED_BEFORE, data.LAST_REVIEW_REPORT)
    closed_at = programme.before_end(CLOSING_ASKED)

    async def progress() -> tuple[object, ...]:
        return (await compute_progress(ledger, await script.current_record(), script.script.now),)

    fields = question(f"{year} 年计划是否关闭？Shall the plan of {year} be closed?", closed_at)
    body = CloseImprovementPlan.model_validate(fields | {"lessons": data.LESSONS_OF_LAST_PLAN})
    await script.act(closed_at, programme.quality, "close", body, prepare=progress)


async def _submit_plan(
    programme: Programme, name: str, year: int, drafted: datetime, submitted_at: datetime
) -> ProgrammeScript:
    """Have the plan of the year drafted and put to the committee."""
    script = ProgrammeScript(programme, "improvement_plan", name)
    ledger = programme.maker.ledger
    before = {"from": instant(drafted - BASELINE_DAYS * DAY), "to": instant(drafted)}
    draft = DraftImprovementPlan.model_validate(
        {
            "title": f"{year} 年流程改进计划 Improvement in {year}",
            "year": year,
            "co_authors": [programme.person(HEAD_OF_IT)],
            **data.PLAN_TEXTS,
            "targets": [
                {
                    "name": name,
                    "title": title,
                    "kpi": kpi,
                    "before": before,
                    "scope": dict(scope),
                    "goal": goal,
                    "due_on": f"{year}-12-31",
                    "business_goal": business_goal,
                }
                for name, title, kpi, scope, goal, business_goal in data.PLAN_TARGETS
            ],
            "points": [{"title": title, "refers_to": reference} for title, reference in data.PLAN_POINTS],
            "steps": [
                {"title": title, "owner": programme.person(owner), "due_on": f"{year}-{day}"}
                for title, owner, day in data.PLAN_STEPS
            ],
            "weights": {"benefit": 3, "plan_fit": 2, "urgency": 2},
        }
    )
    await script.act(drafted, programme.quality, "draft", draft)

    async def frozen() -> tuple[object, ...]:
        targets = [
            planned_target(target) for target in await load_targets(ledger, await script.current_record())
        ]
        return (await freeze_baselines(ledger, targets, script.script.now),)

    submitted = SubmitImprovementPlan.model_validate(
        question(f"{year} 年计划？Is this our plan?", submitted_at)
    )
    await script.act(submitted_at, programme.quality, "submit", submitted, prepare=frozen)
    return script


async def submit_next_plan(programme: Programme) -> None:
    """Have next year's plan put to the committee, whose votes are awaited."""
    zone = ZoneInfo(programme.maker.ledger.settings.time_zone)
    year = programme.end.astimezone(zone).year + 1
    await _submit_plan(
        programme, "next-plan", year, programme.before_end(NEXT_DRAFTED), programme.before_end(NEXT_SUBMITTED)
    )


async def review_plan(
    programme: Programme,
    script: ProgrammeScript,
    days_ago: float = REVIEWED_BEFORE,
    report: str = data.REVIEW_REPORT,
) -> None:
    """Have the plan reviewed at a meeting, by the progress of its targets and the improvements' effects."""
    reviewed_at = programme.before_end(days_ago)
    if (await script.current_record()).begun_at >= reviewed_at:
        return
    meeting = ProgrammeScript(programme, "meeting", f"{script.name}-review")
    called = CallMeeting(
        title="年度计划评审 Review of the annual plan",
        meeting_kind=MeetingKind.plan_review,
        starts_at=reviewed_at - timedelta(hours=3),
        ends_at=reviewed_at - timedelta(hours=2),
        chair=programme.person(HEAD_OF_IT),
        persons=(programme.person(MEMBER),),
    )
    await meeting.act(reviewed_at - timedelta(hours=20), programme.quality, "call", called)
    topic = AddAgendaItemMeeting(topic="年度计划 The plan", about=f"improvement_plan/{script.record_id}")
    await meeting.act(reviewed_at - timedelta(hours=19), programme.quality, "add_agenda_item", topic)
    attended = (str(programme.quality.person_id), programme.person(HEAD_OF_IT), programme.person(MEMBER))
    held = HoldMeeting(attended=attended)
    await meeting.act(reviewed_at - timedelta(hours=1), programme.quality, "hold", held)
    minutes = MinuteMeeting(minutes="计划评审通过。We reviewed the plan.")
    await meeting.act(reviewed_at - timedelta(minutes=50), programme.quality, "minute", minutes)
    signed_at = reviewed_at - timedelta(minutes=40)
    await meeting.act(signed_at, programme.callers[HEAD_OF_IT], "sign", EmptyPayload())
    ledger = programme.maker.ledger

    async def progress() -> tuple[object, ...]:
        return (await compute_progress(ledger, await script.current_record(), script.script.now),)

    body = ReviewImprovementPlan(meeting=str(meeting.record_id), report=report)
    await script.act(reviewed_at, programme.quality, "review", body, prepare=progress)


async def _offer(programme: Programme, suggestion: SuggestionTemplate, offered_at: datetime) -> UUID:
    script = ProgrammeScript(programme, "improvement_suggestion", suggestion.name)
    body = OfferImprovementSuggestion.model_validate(
        {
            "title": suggestion.title,
            "scope": "department" if suggestion.process is None else "process",
            "process": suggestion.process,
            "aspect": suggestion.aspect,
            "source": suggestion.source,
            "what": suggestion.description,
            "why": suggestion.why,
        }
    )
    await script.act(offered_at, programme.callers[suggestion.by], "offer", body)
    return script.record_id


async def _train(programme: Programme, name: str, pilot: PilotTemplate) -> PilotTrainings:
    """Have the key users trained, and then the executors, who are examined and get licences."""
    return PilotTrainings(
        await _hold_training(programme, f"{name}-key-users", "key_user", pilot.trained, pilot.begins + 6),
        await _hold_training(
            programme,
            f"{name}-executors",
            "executor",
            (*pilot.trained, data.SECOND_SITTING),
            pilot.begins + 4,
        ),
    )


async def _hold_training(
    programme: Programme, name: str, kind: str, trained: Sequence[str], held: float
) -> UUID:
    script, before_end = ProgrammeScript(programme, "training", name), programme.before_end
    persons = [programme.person(trainee) for trainee in trained]
    audience = {"key_user": "关键用户 Key users", "executor": "执行人 Executors"}[kind]
    plan = PlanTraining.model_validate(
        {
            "title": f"新的处理方法 The new way: {audience}",
            "year": before_end(held).year,
            "kind": kind,
            "method": "classroom" if kind == "key_user" else "on_the_job",
            "process": "incident",
            "skills": ["diagnosis"],
            "material": "内网培训资料。The slides on the intranet.",
            "persons": persons,
            "everybody": True,
            "planned_at": instant(before_end(held)),
        }
    )
    quality = programme.quality
    await script.act(before_end(held + 4), quality, "plan", plan)
    hold = HoldTraining(attended=tuple(persons), contents="新旧方法对比与练习。Old and new, and practice.")
    await script.act(before_end(held), quality, "hold", hold)
    if kind == "executor":
        await script.act(before_end(held - 1), quality, "examine", _sitting(persons, failed=persons[-1:]))
        await script.act(before_end(held - 1.5), quality, "examine", _sitting(persons[-1:]))
        await script.act(before_end(held - 2), quality, "license", LicenseTraining())
    return script.record_id


def _sitting(persons: Sequence[str], failed: Sequence[str] = ()) -> ExamineTraining:
    return ExamineTraining.model_validate(
        {
            "closed_book": True,
            "results": [
                {
                    "person": person,
                    "marks": dict.fromkeys(ExaminationTopic, BAD_MARK if person in failed else GOOD_MARK),
                }
                for person in persons
            ],
        }
    )


async def make_assessments(programme: Programme, records: ProgrammeRecords) -> None:
    """Play the assessment of the last month, which is concluded, and that of this month, which is open."""
    zone = ZoneInfo(programme.maker.ledger.settings.time_zone)
    this = programme.end.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = (this - DAY).replace(day=1)
    begin = this.astimezone(UTC)
    offered = {
        suggestion.name: await _offer(programme, suggestion, begin - (21 - n) * DAY)
        for n, suggestion in enumerate(
            (
                data.SELECTED_SUGGESTION,
                data.DECLINED_SUGGESTION,
                data.DEFERRED_SUGGESTION,
                data.MERGED_SUGGESTION,
            )
        )
    }
    merged = ProgrammeScript(
        programme, "improvement_suggestion", "merging", offered[data.MERGED_SUGGESTION.name]
    )
    into = MergeImprovementSuggestion(into=str(offered[data.SELECTED_SUGGESTION.name]))
    await merged.act(begin - 16 * DAY, programme.quality, "merge", into)
    judged = (data.SELECTED_SUGGESTION, data.DECLINED_SUGGESTION, data.DEFERRED_SUGGESTION)
    script = await _assess(programme, f"{last:%Y-%m}", records, begin - 14 * DAY)
    await _score(programme, script, judged, offered, begin - 10 * DAY)
    meeting = await _meet(programme, script, begin - 5 * DAY)
    verdicts = _verdicts(programme, judged, offered)
    # Rules suggest improvements, too, also at the end of a month.
    further = await further_suggestions(programme.maker.ledger.db, script.record_id, offered.values())
    verdicts += [_deferred(programme, other) for other in further]
    body = ConcludeImprovementAssessment.model_validate({"meeting": str(meeting), "verdicts": verdicts})
    await script.act(begin - 4 * DAY, programme.quality, "conclude", body)
    for n, suggestion in enumerate(data.OPEN_SUGGESTIONS):
        offered[suggestion.name] = await _offer(
            programme, suggestion, begin - (3 * DAY - n * timedelta(hours=9))
        )
    opened = max(begin, min(begin + 2 * DAY, programme.end - timedelta(hours=6)))
    script = await _assess(programme, f"{this:%Y-%m}", records, opened)
    scored = min(opened + timedelta(hours=2), programme.end)
    await _score(programme, script, data.OPEN_SUGGESTIONS, offered, scored)


async def _assess(
    programme: Programme, month: str, records: ProgrammeRecords, opened_at: datetime
) -> ProgrammeScript:
    script = ProgrammeScript(programme, "improvement_assessment", month)
    assessors = tuple(map(programme.person, data.ASSESSORS))
    body = OpenImprovementAssessment(month=month, assessors=assessors, plan=str(records.plan))
    await script.act(opened_at, programme.quality, "open", body)
    return script


async def _score(
    programme: Programme,
    script: ProgrammeScript,
    suggestions: Sequence[SuggestionTemplate],
    offered: dict[str, UUID],
    scored_at: datetime,
) -> None:
    for suggestion in suggestions:
        for name, scores in zip(data.ASSESSORS, suggestion.scores, strict=False):
            by_criterion = dict(
                zip((criterion.value for criterion in AssessmentCriterion), scores, strict=True)
            )
            body = ScoreImprovementAssessment.model_validate(
                {"suggestion": str(offered[suggestion.name]), **by_criterion}
            )
            await script.act(scored_at, programme.callers[name], "score", body)


async def _meet(programme: Programme, assessment: ProgrammeScript, starts_at: datetime) -> UUID:
    """Have the assessors meet about the assessment; return the meeting's id."""
    script = ProgrammeScript(programme, "meeting", f"{assessment.name}-assessment")
    assessors = tuple(map(programme.person, data.ASSESSORS))
    called = CallMeeting(
        title=f"{assessment.name} 改进建议评估会 Monthly assessment",
        meeting_kind=MeetingKind.monthly_assessment,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        chair=programme.person(HEAD_OF_IT),
        persons=assessors,
    )
    await script.act(starts_at - timedelta(hours=20), programme.quality, "call", called)
    topic = AddAgendaItemMeeting(
        topic="改进建议 Suggestions", about=f"improvement_assessment/{assessment.record_id}"
    )
    await script.act(starts_at - timedelta(hours=19), programme.quality, "add_agenda_item", topic)
    held = HoldMeeting(attended=(str(programme.quality.person_id), programme.person(HEAD_OF_IT), *assessors))
    await script.act(starts_at + timedelta(hours=1), programme.quality, "hold", held)
    minutes = MinuteMeeting(minutes="逐条评估并达成一致。We judged each suggestion, and agreed.")
    await script.act(starts_at + timedelta(hours=2), programme.quality, "minute", minutes)
    await script.act(starts_at + timedelta(hours=3), programme.callers[HEAD_OF_IT], "sign", EmptyPayload())
    return script.record_id


def _verdicts(
    programme: Programme, judged: Sequence[SuggestionTemplate], offered: dict[str, UUID]
) -> list[dict[str, str]]:
    """Return the verdicts: the first is selected, the second declined, the third deferred."""
    verdicts = [
        {"suggestion": str(offered[suggestion.name]), "verdict": verdict}
        | ({} if suggestion.reason is None else {"reason": suggestion.reason})
        for suggestion, verdict in zip(judged, ("selected", "declined", "deferred"), strict=True)
    ]
    verdicts[-1]["until_at"] = instant(programme.before_end(-40))
    return verdicts


def _deferred(programme: Programme, suggestion: UUID) -> dict[str, str]:
    """Return the verdict that the suggestion waits, as nobody has scored it yet."""
    until = instant(programme.before_end(-40))
    return {
        "suggestion": str(suggestion),
        "verdict": "deferred",
        "reason": data.LATE_SUGGESTION,
        "until_at": until,
    }
