"""Rows by which somebody judges what others have made, and others that only sound like it."""

from __future__ import annotations

from typing import Any

from app.kernel.actions.lifecycle import Action, Lifecycle
from tests.every_action.documents import STATES
from tests.every_action.world import OF_PEOPLE, ROWS, of_decisions

#: What rows are called by that approve, judge, sign, review or examine, or do the contrary.
WORDS = frozenset(
    """accept acceptance approve charter classify confirm decline evaluate examine exception fix grant hand
    judgement license licence pass publish quality refuse reject return review revision score select send sign
    standardise visibility""".split()  # noqa: SIM905  # a list of them would be a page
)
#: Those of one person each, who judges alone: never whoever has made what is judged.
JUDGED_ALONE = frozenset(
    {
        "process_definition.publish",
        *("article.publish", "article.change_visibility", "article.accept_revision"),
        *("change.review", "change.review_again", "change_template.approve", "release.pass_gate"),
        *("improvement.evaluate", "improvement.hand_over"),
        *("improvement_assessment.score", "scorecard_edition.confirm"),
        *("training.examine", "training.license"),
        *("request.review_solution", "request.check_quality", "request.record_acceptance"),
    }
)
#: Both parties say so, and never one person for both.
BOTH_PARTIES = frozenset({"sla.sign", "sla.renew", "sla.terminate", "sla.amend"})
#: The others, with what keeps them from being a judgement, or who answers for it.
NO_JUDGEMENT = {
    **{
        f"{kind}.confirm": "a lost key has suspended what is their own; they say that it was theirs"
        for kind in ("absence", "absence_calendar", "deputy")
    },
    "audit.confirm_summary": "it is written then; the head of the team countersigns it",
    "corrective_action.hand_over": "another owner answers for it from then on",
    "corrective_action.return": "what is returned is done again",
    "document.confirm": "what others approved still holds: only its next review is set",
    "document.grant_access": "its author, or a quality manager, lets somebody read it for a time",
    "document.publish": "what the reviewers of its tier have approved",
    "document.refuse_access": "nobody gains what is asked for",
    "document.return": "a paper copy is back",
    **{f"{kind}.grant_document_access": "it lets somebody read it for a time" for kind in STATES},
    **{f"{kind}.refuse_document_access": "nobody gains what is asked for" for kind in STATES},
    **{f"{kind}.return_document": "a paper copy is back" for kind in STATES},
    "process_change.publish": "what the heads of the teams have decided",
    "process_change.review": "it says how many teams it is for; their heads decide",
    "process_definition.send_back": "what is sent back is not published",
    "quality_target.accept": "whoever answers for it says so",
    "quality_target.return": "whoever answers for it says why not",
    "risk.hand_over": "another owner answers for it from then on",
    "scorecard.confirm_outcome": "whose card it is says so, after the talk",
    "scorecard.confirm_year": "whose card it is says so, after the judgement",
    "survey.publish": "its figures are computed",
    "article.confirm": "what another has published still holds: only its next review is set",
    "article.decline_revision": "what is declined is not published",
    "article.propose_revision": "another accepts it",
    "article.send_back": "what is sent back is not published",
    "article.withdraw_revision": "of one's own",
    "change.confirm_cause": "it says what has been found",
    "deployment.confirm_cause": "it says what has been found",
    "finding.return": "what is returned is corrected again",
    "freeze.ask_exception": "it asks",
    "improvement.grant_freeze_exception": "another person than who grants it uses it (separation of duties)",
    "process_definition.grant_freeze_exception": "another person than who grants it publishes the edition",
    "sla.refuse_consent": "what is refused does not come about",
    **{
        f"improvement.{asking}": "it asks the committee"
        for asking in ("classify", "charter", "approve_plan", "return_plan", "change_people")
    },
    "improvement.ask_hand_over": "it asks",
    "improvement.ask_judgement": "it asks",
    "improvement.fix": "the owner of the process does the last step; its targets are measured",
    "improvement.select": "the committee decides what becomes of it",
    "improvement.standardise": "what was judged as reached, or taken over, by others",
    "improvement_plan.review": "its progress is computed; the meeting stands in it",
    "improvement_suggestion.decline": "what is declined is told to whoever offered it, and offered again",
    "improvement_suggestion.select": "the committee decides what becomes of it",
    "incident.confirm_effect": "only staff confirm, and only what a user who is not staff has reported",
    "incident.review": "it looks back, for all who read it",
    "meeting.sign": "whoever presided says that it was so; its decisions have votes",
    "person.grant_role": "an administrator makes no work of their own by it",
    "problem.accept_risk": "the owner of the process answers for it, for a time",
    "problem.begin_fix": "the change is approved",
    "problem.change_fix": "the change is approved",
    "problem_candidate.accept": "it becomes a problem, which is worked on",
    "problem_candidate.decline": "it is told, and found again",
    "request.agree_to_requirements": "the requester, whose they are, says so",
    "request.return_requirements": "nobody gains what is returned",
    "request.confirm_requirements": "the requester, whose they are, has said them",
    "request.reject": "nobody gains what they ask for",
    "request.submit_for_acceptance": "it asks",
    "sla.review": "it begins a review with both parties",
    "sla.ask_for_review": "it asks",
    "sla.submit_for_review": "it asks",
    "training.revoke_licence": "it takes, and gives nothing",
}


def named(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> str:
    """How the row is called here."""
    return f"{lifecycle.kind}.{row.name}"


def judging_rows() -> list[tuple[Lifecycle[Any], Action[Any, Any]]]:
    """The rows that sound like a judgement, but for those of votes, of complaints and of rules."""
    return [
        (lifecycle, row)
        for lifecycle, row in OF_PEOPLE
        if not WORDS.isdisjoint(row.name.split("_")) and not of_decisions(row)
    ]


ALONE = [(lifecycle, row) for lifecycle, row in ROWS if named(lifecycle, row) in JUDGED_ALONE]
