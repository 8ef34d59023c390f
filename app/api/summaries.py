"""Summaries of operations: verb and object, at most six words, no two alike in the contract (pure).

A summary is derived from the action and the kind, or from the operationId where there is no action.
Exceptions are listed in two tables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

#: Kinds that people call by another name than the code does.
KIND_NOUNS = {
    "bulk_job": "bulk job",
    "ci": "configuration item",
    "key": "API key",
    "kpi": "KPI",
    "kpi_budget": "KPI budget",
    "kpi_effect": "KPI effect",
    "kpi_rebase": "KPI re-basing",
    "kpi_signal": "KPI signal",
    "kpi_target": "KPI target",
    "sla": "agreement",
    "stand_in": "stand-in",
    "works": "work entries",
}
#: Actions whose verb needs another word before its object; `{one}` is the kind with its article.
PHRASES = {
    "accept_risk": "Accept the risk of {one}",
    "apply_checklist": "Apply a checklist to {one}",
    "ask_decision": "Ask for {one} decision",
    "ask_exception": "Ask for {one} exception",
    "ask_rating": "Ask for {one} rating",
    "attach": "Attach a file to {one}",
    "begin_fix": "Begin the fix of {one}",
    "begin_implementation": "Begin the implementation of {one}",
    "begin_maintenance": "Begin maintenance of {one}",
    "book_cost": "Book a cost on {one}",
    "call_next": "Call the next meeting",
    "change_attributes": "Change attributes of {one}",
    "change_fix": "Change the fix of {one}",
    "change_requirements": "Change requirements of {one}",
    "change_visibility": "Change the visibility of {one}",
    "check_quality": "Check the quality of {one}",
    "close_vote": "Close the vote on {one}",
    "comment": "Comment on {one}",
    "complain": "Complain about {one}",
    "confirm_requirements": "Confirm requirements of {one}",
    "correct_attendance": "Correct the attendance of {one}",
    "decide": "Decide {one} as its chair",
    "declare_major": "Declare {one} major",
    "detect_again": "Detect {one} again",
    "document_workaround": "Document a workaround of {one}",
    "end_maintenance": "End maintenance of {one}",
    "fail": "Fail the mail of {one}",
    "fall_overdue": "Mark {one} as overdue",
    "flag_review": "Flag the review of {one}",
    "go_live": "Take {one} live",
    "grant_role": "Grant a role to {one}",
    "identify_cause": "Identify the cause of {one}",
    "invite": "Invite persons to {one}",
    "join": "Add {one} to a team",
    "lapse_risk": "Lapse the risk of {one}",
    "leave": "Remove {one} from a team",
    "link": "Link {one} to another ticket",
    "log_work": "Log work on {one}",
    "maintain_text": "Maintain the text of {one}",
    "mark_duplicate": "Mark {one} as a duplicate",
    "mark_read": "Mark {one} as read",
    "minute": "Write the minutes of {one}",
    "note_change_ended": "Note the change of {one}",
    "note_fixing_change_failed": "Flag {one} with failed change",
    "pass_on_comment": "Pass on {one} comment",
    "promise": "Promise levels of {one}",
    "propose_solution": "Propose a solution for {one}",
    "record_acceptance": "Record the acceptance of {one}",
    "record_requirement": "Record a requirement of {one}",
    "record_training": "Record a training for {one}",
    "release_consequence": "Release a consequence of {one}",
    "remind": "Remind a person of {one}",
    "remind_of_review": "Remind of {one} review",
    "remind_voters": "Remind the voters of {one}",
    "clear_alert": "Clear the alert of {one}",
    "repeat_alert": "Repeat the alert of {one}",
    "report_progress": "Report the progress of {one}",
    "reverse_work": "Reverse work on {one}",
    "review_solution": "Review the solution of {one}",
    "revoke_licence": "Revoke a licence of {one}",
    "revoke_role": "Revoke a role from {one}",
    "send_back": "Send {one} back",
    "set_preferences": "Set the preferences of {one}",
    "submit_for_acceptance": "Submit {one} for acceptance",
    "submit_for_review": "Submit {one} for review",
    "tell_resolved": "Announce {one} as resolved",
    "uninvite": "Uninvite a person from {one}",
    "unlink": "Unlink {one} from another ticket",
    "use_article": "Use an article for {one}",
    "vote": "Vote on {one} decision",
    "warn_of_end": "Warn that {one} ends",
}
#: Operations, by id, of which neither the action nor the id yields a clear summary.
SUMMARY_EXCEPTIONS = {
    "appoint_release": "Appoint a person for a release",
    "appoint_sla": "Appoint a representative of an agreement",
    "approve_plan_improvement": "Approve the plan of an improvement",
    "ask_bulk_job": "Ask for a bulk job",
    "ask_import": "Ask for an import",
    "check_catalogue_item_answers": "Check answers to a form",
    "end_session": "End the session",
    "close_vote_improvement_plan": "Close an improvement plan's vote",
    "decide_improvement_plan": "Decide an improvement plan as chair",
    "flag_review_improvement_plan": "Flag an improvement plan's review",
    "return_plan_improvement": "Return the plan of an improvement",
    "remind_voters_improvement_plan": "Remind an improvement plan's voters",
    "get_calendar_between": "Count seconds between two times",
    "get_calendar_due": "Compute the end of a term",
    "get_current_risk_questionnaire": "Get the current risk questionnaire",
    "get_incident_sla": "Get an incident's service levels",
    "get_liveness": "Check the liveness",
    "get_me": "Get the caller",
    "get_meta": "Describe the installation",
    "get_my_preferences": "Get the caller's preferences",
    "get_my_work": "Get the caller's work",
    "get_present_priority_matrix": "Get the present priority matrix",
    "get_problem_kind": "Get a problem kind",
    "get_problem_sla": "Get a problem's service levels",
    "get_readiness": "Check the readiness",
    "get_request_sla": "Get a request's service levels",
    "get_sla_what_if": "Try other terms of an agreement",
    "get_team_work": "Get the work of a team",
    "get_team_on_call": "Get the persons on call",
    "list_change_schedule": "List the schedule of changes",
    "list_clocks_in_danger": "List clocks in danger by agreement",
    "list_complaints": "List complaints",
    "list_conflicting_changes": "List conflicting changes",
    "list_decisions": "List decisions on all records",
    "list_events": "List events of the log",
    "list_import_refused": "List refused rows of an import",
    "list_service_status": "List the status of services",
    "list_webhook_adapters": "List webhook adapters",
    "list_webhook_deliveries": "List deliveries of a source",
    "measure_effect_of_kpi": "Measure the effect on a KPI",
    "preview_webhook": "Try a delivery without its effects",
    "put_upload": "Upload a file",
    "receive_webhook": "Take a delivery of a tool",
    "replay_failed_webhook_deliveries": "Take failed deliveries once more",
    "replay_webhook_delivery": "Take a delivery once more",
    "send_webhook_sample": "Send a sample to a source",
    "set_my_preferences": "Set the caller's preferences",
    "set_priority_matrix": "Set the priority matrix",
    "sign_meeting": "Sign the minutes of a meeting",
    "license_training": "License participants of a training",
    "list_training_gaps": "List gaps of skills",
    "try_assignment_rules": "Try the assignment rules",
}
# Words that begin with a vowel sound but not with a vowel.
_SPOKEN_AS_A_VOWEL = ("hour",)


def of_action(name: str, kind: str) -> str:
    """Return the summary of the action of that kind: `Resolve an incident`, `Complete a meeting task`."""
    if (operation := f"{name}_{kind}") in SUMMARY_EXCEPTIONS:
        return SUMMARY_EXCEPTIONS[operation]
    one = _with_article(_words(kind))
    if name in PHRASES:
        return PHRASES[name].format(one=one)
    verb, _, what = name.partition("_")
    return f"{verb.capitalize()} {one} {_words(what)}".rstrip()


def of_operation(name: str, kinds: Mapping[str, str]) -> str:
    """Return the summary of an operation without an action, by its id and the plurals of all kinds."""
    if name in SUMMARY_EXCEPTIONS:
        return SUMMARY_EXCEPTIONS[name]
    verb, _, what = name.partition("_")
    if verb == "bulk":
        return f"Act on many {_plural(what, kinds)}"
    if what in kinds.values():
        return f"{verb.capitalize()} {_plural(what, kinds)}"
    return _of_kind(verb, what, _kind_in(what, kinds))


def _of_kind(verb: str, what: str, kind: str) -> str:
    """Return the summary of an operation on one record of the kind, or on something of it."""
    thing = what.removeprefix(kind).removeprefix("_")
    if thing == "attachment_content":
        return f"Download {_with_article(_words(kind))} attachment"
    if not (kind and thing):
        return f"{verb.capitalize()} {_with_article(_words(what))}"
    if verb == "list":
        return f"List {_words(kind)} {_words(thing)}"
    return f"{verb.capitalize()} {_with_article(_words(kind))}'s {_words(thing)}"


def _kind_in(what: str, kinds: Collection[str]) -> str:
    """Return the longest kind that the name begins with; an empty text if there is none."""
    found = [kind for kind in kinds if what == kind or what.startswith(f"{kind}_")]
    return max(found, key=len, default="")


def noun(kind: str) -> str:
    """Return what people call a record of the kind."""
    return _words(kind)


def nouns(kind: str, plural: str) -> str:
    """Return what people call records of the kind, of which the code's plural is `plural`."""
    return f"{KIND_NOUNS[kind]}s" if kind in KIND_NOUNS else _words(plural)


def _plural(plural: str, kinds: Mapping[str, str]) -> str:
    (kind,) = (kind for kind, its in kinds.items() if its == plural)
    return nouns(kind, plural)


def _words(name: str) -> str:
    return KIND_NOUNS.get(name) or name.replace("_", " ")


def _with_article(words: str) -> str:
    vowel = words[0].lower() in "aeiou" or words.startswith(_SPOKEN_AS_A_VOWEL)
    return f"{'an' if vowel else 'a'} {words}"
