"""Each reference to a record with a number is judged by a check of its action, or is no evidence for a reason
that stands here. A new reference is in no table until somebody has decided that.
"""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from app.common.records import ANY_RECORD, TICKET, ForeignRef
from app.common.state_fields import EvidenceRef
from app.governance.corrective_actions.lifecycle import source_does_not_fit
from app.governance.maintenance_plans.lifecycle import not_delivered
from app.kernel.actions.payloads import marks
from app.kernel.actions.refusals import WrongValue
from app.processes.trainings.checks import improvement_does_not_fit
from app.registry import LIFECYCLES

#: The check, or what is prepared, that refuses a record which does not count.
JUDGED_BY = {
    "AddAgendaItemMeeting/about": "cannot_add_agenda_item",
    "AmendSla/change": "wrong_change",
    "ApplyProcessChange/origin": "origin_leads_nowhere",
    "AskExceptionFreeze/change": "exception_question",
    "AwardRecognition/scorecard": "result_invalid",
    "ChangePlanRelease/changes": "changes_do_not_fit",
    "ConcludeImprovementAssessment/meeting": "meeting_not_held",
    "ConfirmCauseChange/incident": "cannot_be_its_cause",
    "ConfirmCauseDeployment/incident": "caused_by_another",
    "DeclineImprovementSuggestion/assessment": "assessment_decides",
    "DraftArticle/case": "case_not_resolved",
    "DraftChange/request": "draft_source",
    "DraftSla/rests_on": "invalid_terms",
    "HoldIncident/change": "cannot_wait_for_change",
    "HoldRequest/change": "cannot_wait_for_change",
    "MarkDuplicateIncident/original": "original_was_cancelled",
    "OpenImprovementAssessment/plan": "plan_not_named",
    "PilotProcessDefinition/improvement": "of_another_improvement",
    "PlanCorrectiveAction/source": "source_does_not_fit",
    "PlanMaintenancePlan/request": "not_delivered",
    "PlanRelease/changes": "changes_do_not_fit",
    "PlanSurvey/compare_with": "comparison_invalid",
    "PlanTraining/improvement": "improvement_does_not_fit",
    "ProposeImprovement/plan": "proposal_does_not_fit",
    "PublishDocument/replaces": "publication_invalid",
    "PublishProcessChange/definition": "definition_does_not_fit",
    "RaiseFinding/audit": "finding_invalid",
    "RaiseProblem/incidents": "incident_shows_nothing",
    "RecordRequirementSla/replaces": "invalid_requirement",
    "RegulariseCi/change": "change_does_not_regularise",
    "ReopenProblem/incident": "incident_shows_nothing",
    "RetireProcessDefinition/process_change": "retirement_not_approved",
    "ReviewChange/caused_incidents": "review_contradicts_the_log",
    "RollOutImprovement/release": "release_does_not_fit",
    "SelectImprovement/suggestions": "selection_of_suggestions",
    "SetQualityTarget/parent": "does_not_fit",
    "WithdrawCauseDeployment/incident": "confirmed_cause",
}
#: References by which nothing is shown or decided.
NO_EVIDENCE = {
    "AcceptProblemCandidate/incidents": "they are those that the candidate counts",
    "CallMeeting/follows": "the meeting before it in a series",
    "DraftProcessDefinition/process_changes": "a draft; publishing it judges them",
    "EditProcessDefinition/process_changes": "a draft; publishing it judges them",
    "DraftSla/copy_of": "the source of the text",
    "EditImprovementSuggestion/plan": "the subject of the suggestion",
    "IdentifyRisk/changes": "what the risk is about",
    "IdentifyRisk/improvements": "what the risk is about",
    "LinkTicket/other": "a link of people",
    "MaintainTextSla/rests_on": "corrected in a draft; its signature judges it",
    "OfferImprovementSuggestion/plan": "the subject of the suggestion",
    "ReportDeployment/changes": "it has happened, and what was not permitted is recorded",
    "ReportDeployment/release": "it has happened, and what was not permitted is recorded",
    "ScoreImprovementAssessment/suggestion": "the row that is scored",
    "UseArticle/case": "the ticket that the article helped",
    "UseArticleTicket/article": "the article that helped",
    "ComplainFromAnswer/ticket": "the ticket of the answer",
    "MergeImprovementSuggestion/into": "the suggestion that goes on",
    "AskScorecardRating/scorecard": "only a rule says it",
    "SupersedeProcessDefinition/by": "only a rule says it",
    "SupersedeSla/replaced_by": "only a rule says it",
    "NoteGapSla/beneath": "only a rule says it",
    "NoteOverlapChange/change": "only a rule says it",
    "NoteChangeEndedRequest/change": "only a rule says it",
    "NoteFixingChangeFailedProblem/change": "only a rule says it",
    "PromiseService/agreement": "only a rule says it",
    "TakeOverImprovementSuggestion/merged": "only a rule says it",
    "SendNotice/ticket": "only a rule says it",
    "CollectSurveyResult/survey": "the survey that collects it",
    "RespondSurveyResponse/survey": "the survey that is answered",
    "OpenMaintenance/plan": "the plan of the round",
    "RestateRisk/matrix": "the matrix in force",
}
#: References of quality managers that no check judges yet.
NOT_JUDGED_YET = {
    "DeferImprovementSuggestion/assessment",
    "SelectImprovement/assessment",
    "SelectImprovementSuggestion/assessment",
    "SelectImprovementSuggestion/improvement",
}


def test_each_reference_to_a_record_with_a_number_is_judged_or_is_no_evidence() -> None:
    numbered = {lifecycle.kind for lifecycle in LIFECYCLES if lifecycle.code} | {"document"}
    named = set()
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            checks = {
                getattr(check, "__name__", "")
                for check in (*row.checks.unless, *row.checks.prepare, *row.checks.wrong)
            }
            for field, mark in marks(row.body, ForeignRef).items():
                if mark.kind not in {*numbered, ANY_RECORD, TICKET} or isinstance(mark, EvidenceRef):
                    continue
                name = f"{row.body.__name__}/{field}"
                named.add(name)
                assert name in {*NO_EVIDENCE, *NOT_JUDGED_YET} or JUDGED_BY.get(name) in checks, (
                    name,
                    sorted(checks),
                )
    assert named == {*JUDGED_BY, *NO_EVIDENCE, *NOT_JUDGED_YET}


@pytest.mark.parametrize(
    ("check", "body", "named", "code"),
    [
        (source_does_not_fit, {"occasion": "finding"}, {"KIND": "team"}, "source_of_other_kind"),
        (source_does_not_fit, {"occasion": "finding"}, {"KIND": "finding"}, None),
        (
            source_does_not_fit,
            {"occasion": "finding"},
            {"KIND": "finding", "state": "withdrawn"},
            "record_ended",
        ),
        (
            source_does_not_fit,
            {"occasion": "review"},
            {"KIND": "audit", "process": "problem"},
            "origin_of_other_process",
        ),
        (source_does_not_fit, {"occasion": "review"}, {"KIND": "meeting"}, None),
        (not_delivered, {}, {"delivered_at": None}, "request_not_delivered"),
        (not_delivered, {}, {"service": "print"}, "request_of_other_service"),
        (not_delivered, {}, {"service": "mail"}, None),
        (improvement_does_not_fit, {}, {"process": "problem"}, "origin_of_other_process"),
        (improvement_does_not_fit, {}, {"state": "reverted"}, "record_ended"),
        (improvement_does_not_fit, {}, {}, None),
    ],
)
async def test_a_record_of_another_matter_or_without_effect_is_refused(
    check: Any, body: dict[str, Any], named: dict[str, Any], code: str | None
) -> None:
    usual = {"KIND": "request", "process": "incident", "service": "mail", "delivered_at": 1, "state": "open"}
    record = SimpleNamespace(**{**usual, "number": "REC-1", "display_name": "REC-1", **named})
    ctx = SimpleNamespace(
        ref=lambda *_: record,
        required_ref=lambda *_: record,
        command=SimpleNamespace(follows=False),
        caller=SimpleNamespace(is_machine=False),
    )
    payload = SimpleNamespace(**{"process": "incidents", "service": "mail", **body})
    with nullcontext() if code is None else pytest.raises(WrongValue) as refused:
        await check(None, None, payload, ctx)
    assert code == getattr(getattr(refused, "value", None), "because", None)
