"""Which operations are about one record, about many, or about none, as their addresses say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.kernel.actions.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES
from tests.contract.answers import document

BY_PLURAL = {lifecycle.plural: lifecycle for lifecycle in LIFECYCLES}
ADDRESS = re.compile(r"/v1/(?P<plural>[a-z_]+)(?P<one>/\{id\})?(?P<below>(/[a-z_-]+)*)")

#: What everybody may ask for without a key.
PUBLIC = {
    "get_liveness",
    "get_readiness",
    "list_problem_kinds",
    "get_problem_kind",
}
#: What is said of records that everybody sees, to staff only.
FOR_STAFF = {"get_team_on_call", "get_team_rota"}
#: What only those have whom the record asks, and nobody else who sees it: `governance/surveys` tests them.
FOR_PARTICIPANTS = {"get_survey_link"}
#: What must be given in the address.
_DAY = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
QUERIES = {
    "get_team_rota": _DAY,
    "list_calendar_spans": _DAY,
    "get_calendar_between": _DAY,
    "get_calendar_due": {"from": "2026-11-20T00:00:00Z", "seconds": "3600"},
    "get_sla_what_if": {**_DAY, "metric": "resolution"},
    "get_sla_report_preview": {"period": "2020-03"},
}
SUBSCRIPTIONS_MANAGED = (
    "subscriptions/test_resending.py test_who_may_not_manage_a_subscription_has_nothing_sent"
)
#: Of what is about no record of ours: the test that says who may, as file and name.
TESTED = {
    **dict.fromkeys(
        ("get_process_map", "list_lifecycles", "get_lifecycle", "list_unmatched_process_names"),
        "governance/process_definitions/test_map.py "
        "test_lifecycles_are_for_everybody_the_map_and_unmatched_names_for_staff",
    ),
    **dict.fromkeys(
        ("get_risk_heat_map", "get_risk_report"),
        "governance/risks/test_report.py test_the_report_and_the_map_are_for_staff",
    ),
    "list_contributions": "governance/recognitions/test_contributions.py "
    "test_everybody_sees_their_own_leads_their_teams_and_quality_all",
    "list_requestable_documents": "governance/documents/test_access.py "
    "test_staff_are_listed_what_they_may_not_read_and_never_its_content",
    "get_document_register": "governance/documents/test_readers.py "
    "test_no_role_alone_shows_a_restricted_document",
    "get_document_attachment_content": "governance/documents/test_readers.py "
    "test_every_file_given_is_an_event_that_moves_no_version",
    "get_sla_report": "service_reports/test_story.py "
    "test_the_customer_sees_the_report_and_nothing_that_is_for_staff",
    "list_approval_rules_in_force": "processes/changes/test_who_approves.py "
    "test_staff_read_the_rules_in_force_and_nobody_else",
    "answer_survey": "governance/surveys/test_anonymous.py "
    "test_whoever_has_the_token_answers_once_and_nobody_without_one",
    "list_training_gaps": "processes/trainings/test_gaps.py test_staff_ask_for_gaps_and_nobody_else",
    "try_assignment_rules": "foundation/assignment/test_assignment_rules.py "
    "test_staff_try_the_rules_and_nobody_else",
    "compare_cis": "foundation/cis/test_compare.py "
    "test_staff_compare_all_items_an_owner_their_own_and_others_none",
    "ask_import": "exchange/test_import_jobs.py test_administrators_import_and_nobody_else",
    "get_import": "exchange/test_import_jobs.py test_administrators_import_and_nobody_else",
    "list_imports": "exchange/test_import_jobs.py test_administrators_import_and_nobody_else",
    "list_import_refused": "exchange/test_import_jobs.py test_administrators_import_and_nobody_else",
    **dict.fromkeys(
        ("put_attention_aside", "take_attention_up"),
        "attention/test_now.py test_a_sentence_is_put_aside_until_a_date_for_oneself_alone",
    ),
    **dict.fromkeys(
        ("list_my_summaries", "get_my_summary", "save_my_summary", "remove_my_summary"),
        "summaries/test_summaries.py test_a_summary_is_of_whoever_saved_it_alone",
    ),
    "get_installation_settings": "desk/test_settings_pages.py test_settings_are_for_administrators_alone",
    "send_test_mail": "desk/test_settings_pages.py test_settings_are_for_administrators_alone",
    "list_unsent_mails": "attention/test_mails.py test_unsent_mails_are_listed_for_administrators_alone",
    "get_attention": "attention/test_now.py test_others_see_neither_the_sentence_nor_its_count",
    "list_service_status": "service_status/test_service_status.py "
    "test_an_incident_is_named_to_those_who_may_see_it_and_nothing_of_it_to_others",
    "end_session": "api/test_sessions.py test_a_session_that_is_ended_is_over_in_every_process",
    "get_incident_attachment_content": "ticketing/test_attachments.py "
    "test_a_file_is_there_for_whom_the_ticket_is_and_an_internal_one_for_staff",
    "get_article_attachment_content": "processes/articles/test_articles.py "
    "test_a_file_of_an_article_is_for_its_readers_and_an_internal_one_for_staff",
    "get_request_attachment_content": "ticketing/test_attachments.py "
    "test_a_file_is_there_for_whom_the_ticket_is_and_an_internal_one_for_staff",
    "get_problem_attachment_content": "processes/problems/test_story.py "
    "test_a_file_of_a_problem_is_there_for_whom_the_problem_is",
    "get_change_attachment_content": "processes/changes/test_story.py "
    "test_a_file_of_a_change_is_there_for_whom_the_change_is",
    "get_release_attachment_content": "processes/releases/test_story.py "
    "test_a_file_of_a_release_is_there_for_whom_the_release_is",
    "get_improvement_attachment_content": "processes/improvements/test_minor.py "
    "test_a_file_of_an_improvement_is_there_for_whom_the_improvement_is",
    "get_meeting_attachment_content": "meetings/test_meetings.py "
    "test_a_file_of_a_meeting_is_there_for_whom_the_meeting_is",
    "get_improvement_document": "processes/improvements/test_documents.py "
    "test_a_document_is_there_for_whom_the_improvement_is",
    "get_improvement_plan_document": "processes/improvement_plans/test_documents.py "
    "test_a_document_is_there_for_whom_the_plan_is",
    "get_request_document": "stories/test_requests.py "
    "test_a_project_is_analysed_designed_twice_accepted_at_the_third_time_and_taught",
    "get_meeting_document": "meetings/test_meetings.py test_from_the_call_to_signed_minutes",
    "get_training_document": "processes/trainings/test_documents.py "
    "test_the_record_of_a_training_prints_with_attendance_and_marks",
    "get_sla_document": "service_levels/agreements/test_pages.py "
    "test_a_customer_prints_the_price_but_neither_the_cost_nor_the_specification",
    "get_sla_attachment_content": "service_levels/agreements/test_story.py "
    "test_who_has_no_account_signs_elsewhere_and_the_manager_records_the_document",
    "get_meeting_invitation": "meetings/test_meetings.py "
    "test_who_is_not_invited_does_not_see_it_and_who_need_not_come_sees_it_no_more",
    "get_deployment_permission": "processes/releases/test_going_out.py "
    "test_a_pipeline_asks_first_and_is_told_what_keeps_it",
    "list_change_conflicts": "processes/changes/test_booking.py test_staff_ask_for_conflicts_and_nobody_else",
    "list_change_schedule": "processes/changes/test_schedule.py "
    "test_customers_are_told_in_words_what_touches_their_services_and_nothing_else",
    "get_change_calendar": "processes/changes/test_calendar.py "
    "test_nobody_sees_a_change_that_lists_do_not_show_them",
    "get_change_calendar_drawing": "processes/changes/test_calendar.py "
    "test_the_drawing_shows_the_week_of_a_day_and_nothing_that_it_is_not_told",
    "get_current_risk_questionnaire": "processes/changes/test_questionnaires.py "
    "test_a_questionnaire_is_in_force_once_a_second_person_agrees",
    "get_kpi": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "get_kpi_behaviour": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "list_kpi_behaviours": "api/test_kpi_behaviours.py "
    "test_nobody_gets_the_behaviour_of_a_kpi_that_they_may_not_see",
    "list_kpi_definitions": "api/test_kpi_behaviours.py "
    "test_nobody_gets_the_behaviour_of_a_kpi_that_they_may_not_see",
    "get_kpi_forecast": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "get_kpi_chart": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "get_kpi_smallest_effect": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "get_kpi_influence": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "measure_effect_of_kpi": "api/test_effects.py "
    "test_who_may_not_see_the_kpi_or_does_not_judge_measures_nothing",
    "get_kpi_effect_chart": "api/test_effects.py "
    "test_who_may_not_see_the_kpi_or_does_not_judge_measures_nothing",
    "list_kpi_periods": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "set_kpi_target": "api/test_kpi_targets.py test_the_quality_manager_sets_targets_and_nobody_else",
    "list_events": "api/test_feed.py test_each_reader_gets_what_the_events_of_their_records_give_and_no_more",
    "get_event_proof": "sealing/test_routes.py test_everybody_has_the_proof_of_exactly_what_they_see",
    **dict.fromkeys(
        ("list_seals", "get_seal", "get_seal_consistency", "get_proof_checker"),
        "sealing/test_routes.py test_younger_events_wait_for_the_next_head_and_heads_go_on_from_one_another",
    ),
    "stream_events": "api/test_live.py test_each_listener_is_sent_the_events_of_the_feed_once_and_in_order",
    "make_stream_ticket": "api/test_stream_tickets.py test_a_ticket_opens_one_stream_of_whoever_made_it",
    "get_me": "api/test_me.py test_everybody_is_told_who_they_are_and_nobody_else_is",
    "list_openings": "api/test_names.py test_what_is_not_among_the_openings_is_refused",
    "search_records": "api/test_names.py test_nobody_finds_in_any_kind_what_they_may_not_read",
    "look_up_records": "api/test_names.py "
    "test_persons_are_looked_up_by_the_beginning_of_a_name_by_those_who_see_them",
    "get_record_names": "api/test_names.py "
    "test_records_are_named_by_id_number_and_key_and_hidden_ones_as_if_there_were_none",
    "get_my_preferences": "notifications/test_preferences.py "
    "test_everybody_says_for_themselves_what_they_want",
    "set_my_preferences": "notifications/test_preferences.py "
    "test_everybody_says_for_themselves_what_they_want",
    "get_present_priority_matrix": "ticketing/test_priority.py test_whoever_has_a_key_reads_the_matrix",
    "set_priority_matrix": "foundation/test_priority_matrix.py "
    "test_administrators_set_the_matrix_and_nobody_else",
    "list_conflicting_changes": "processes/changes/test_questions.py "
    "test_conflicts_are_hidden_with_the_changes_that_have_them",
    "list_due_cases": "service_levels/clocks/test_due.py test_cases_due_are_listed_to_whoever_sees_them",
    "list_clocks_in_danger": "service_levels/clocks/test_danger.py "
    "test_only_staff_see_clocks_in_danger_and_only_of_their_cases",
    "list_decisions": "ticketing/test_listed_decisions.py test_decisions_on_hidden_records_are_hidden",
    "list_complaints": "ticketing/test_complaints.py "
    "test_only_staff_of_a_ticket_see_its_complaints_in_the_list",
    "get_my_work": "api/test_work.py test_everybody_is_shown_their_own_work_and_that_of_their_queues_only",
    "get_meta": "every_route/test_every_route.py test_whoever_has_a_key_is_told_what_this_is",
    "count_lists": "api/test_list_counts.py "
    "test_several_lists_are_counted_in_one_statement_as_the_caller_sees_them",
    "get_list_columns": "api/test_list_counts.py "
    "test_columns_are_kept_for_each_person_and_refused_if_they_are_none",
    "set_list_columns": "api/test_list_counts.py "
    "test_columns_are_kept_for_each_person_and_refused_if_they_are_none",
    "get_view": "api/test_views.py test_a_view_is_for_whoever_owns_it_and_the_team_that_it_is_shared_with",
    "list_views": "api/test_views.py test_a_view_is_for_whoever_owns_it_and_the_team_that_it_is_shared_with",
    "remove_view": "api/test_views.py test_a_view_is_for_whoever_owns_it_and_the_team_that_it_is_shared_with",
    "save_view": "api/test_views.py test_a_view_is_for_whoever_owns_it_and_the_team_that_it_is_shared_with",
    "get_conformance": "conformance/test_answers.py test_only_who_sees_every_case_may_ask",
    "list_conformance_variants": "conformance/test_answers.py test_only_who_sees_every_case_may_ask",
    "get_conformance_graph": "conformance/test_answers.py test_only_who_sees_every_case_may_ask",
    "list_conformance_cases": "conformance/test_answers.py test_only_who_sees_every_case_may_ask",
    "list_kpi_cases": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "list_kpis": "api/test_kpis.py test_whoever_sees_every_incident_may_ask_and_nobody_else",
    "put_upload": "ticketing/test_attachments.py test_who_only_reads_sends_no_files",
    "open_session": "api/test_sessions.py test_a_cookie_stands_for_the_key_with_its_roles_and_under_its_name",
    "check_catalogue_item_answers": "foundation/services/test_catalogue.py "
    "test_answers_can_be_checked_by_whoever_sees_the_item_and_nothing_is_written",
    "ask_bulk_job": "exchange/test_bulk_jobs.py test_a_job_is_for_whoever_asked_for_it",
    "get_bulk_job": "exchange/test_bulk_jobs.py test_a_job_is_for_whoever_asked_for_it",
    "list_bulk_jobs": "exchange/test_bulk_jobs.py test_a_job_is_for_whoever_asked_for_it",
    "list_bulk_job_results": "exchange/test_bulk_jobs.py test_a_job_is_for_whoever_asked_for_it",
    "import_absences": "foundation/absences/test_importing.py "
    "test_a_file_is_compared_with_what_was_imported_before",
    "test_subscription": SUBSCRIPTIONS_MANAGED,
    "preview_subscription": SUBSCRIPTIONS_MANAGED,
    "resend_subscription_attempt": SUBSCRIPTIONS_MANAGED,
    "resend_failed_of_subscription": SUBSCRIPTIONS_MANAGED,
    "resend_events_of_subscription": SUBSCRIPTIONS_MANAGED,
    "receive_webhook": "webhooks/test_receiving.py test_what_is_not_verified_is_refused_and_only_counted",
    "get_webhook_delivery": "webhooks/test_sources.py test_administrators_set_up_sources_and_nobody_else",
    "list_webhook_adapters": "webhooks/test_sources.py test_administrators_set_up_sources_and_nobody_else",
    "preview_webhook": "webhooks/test_sources.py test_administrators_set_up_sources_and_nobody_else",
    "replay_failed_webhook_deliveries": "webhooks/test_sources.py "
    "test_administrators_set_up_sources_and_nobody_else",
    "replay_webhook_delivery": "webhooks/test_sources.py test_administrators_set_up_sources_and_nobody_else",
    "send_webhook_sample": "webhooks/test_sources.py test_administrators_set_up_sources_and_nobody_else",
    "try_webhook_mapping": "webhooks/test_sources.py test_administrators_set_up_sources_and_nobody_else",
    "list_quiet_alerts": "processes/incidents/test_quiet_windows.py "
    "test_only_staff_see_what_was_heard_in_quiet_windows",
    "send_alert": "processes/incidents/test_alerts.py test_people_send_no_alerts",
}
TESTED |= {
    f"bulk_{lifecycle.plural}": "api/test_bulk.py "
    "test_each_item_is_allowed_and_refused_as_it_would_be_by_itself"
    for lifecycle in LIFECYCLES
    if lifecycle.is_ticket
}


@dataclass(frozen=True)
class Route:
    """One operation. `lifecycle` is that of the record or the records that it is about; `row` the action that
    it carries out.
    """

    name: str
    method: str
    path: str
    lifecycle: Lifecycle[Any] | None = None
    row: Action[Any, Any] | None = None
    of_one: bool = False

    @property
    def walked(self) -> bool:
        """Whether the walk knows what to send: an action of a table, or nothing at all."""
        if self.lifecycle is None:
            return False
        return self.row is not None or self.method == "GET"


def routes() -> list[Route]:
    """Every operation of the contract."""
    return [
        _route(operation, method.upper(), path)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def _route(operation: dict[str, Any], method: str, path: str) -> Route:
    name = operation["operationId"]
    match = ADDRESS.fullmatch(path)
    lifecycle = BY_PLURAL.get(match["plural"]) if match else None
    if match is None or lifecycle is None or (match["below"] and not match["one"]):
        return Route(name, method, path)
    row = lifecycle.by_name.get(name.removesuffix(f"_{lifecycle.kind}")) if method != "GET" else None
    return Route(name, method, path, lifecycle, row, bool(match["one"]))


def unwalked() -> list[str]:
    """The operations of which no test says who may."""
    return sorted(
        route.name
        for route in routes()
        if not route.walked and route.name not in PUBLIC and route.name not in TESTED
    )
