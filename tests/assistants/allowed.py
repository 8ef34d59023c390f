"""What assistants may do with the rights of their person's key: everything else of persons is in person."""

from __future__ import annotations

#: Actions of these names, of whatever kind.
EVERYWHERE = frozenset(
    """
    add_agenda_item add_task answer_complaint apply apply_checklist ask_decision
    ask_exception ask_hand_over ask_judgement assess assign assign_complaint attach
    attach_indicator back_out begin_fix begin_implementation begin_maintenance book_cost break_down
    call call_next cancel change_attributes change_fix change_plan change_requirements check_item
    clear_alert comment compare_again complain complete complete_action complete_rollout_step complete_step
    complete_task confirm_cause confirm_effect confirm_requirements contain correct correct_attendance
    correct_comment correct_report correct_self_check declare declare_major decline decline_revision defer
    deploy detach_indicator discard document_workaround downgrade draft draw drop_agenda_item drop_task
    edit_task end_maintenance end_series end_support escalate explain finish follow fulfil go_live identify
    identify_cause implement improve investigate invite issue_report keep link log_pilot_feedback
    log_pilot_issue log_work maintain_text make_complaint make_suggestion mark_duplicate mark_read
    measure_effects merge merge_complaint minute object offer open pilot post_update
    plan_ahead prioritise propose propose_adjustment propose_requirements propose_revision
    propose_solution raise
    read
    raise_alterations reassess record_finding record_occurrence record_requirement record_training regularise
    reject relate remove_logo
    reopen repeat_alert report report_pilot report_progress request_approval return_requirements
    report_alteration
    request_emergency_approval request_go reschedule resolve resubmit reverse_cost reverse_work
    roll_back roll_out schedule select send_back set set_logo settle_difference show skip_rollout_order
    solve_pilot_issue start start_pilot state_breach_cause submit submit_for_acceptance
    submit_for_review submit_self_check supersede tag take take_names take_over take_up tick
    unfollow uninvite unlink unrelate untag use use_article view withdraw_attachment
    withdraw_cause
    withdraw_comment withdraw_decision withdraw_revision
    """.split()  # noqa: SIM905  # a list of them would be a page
)
#: Actions of these names, of these kinds only: of others they judge, or are about rights.
IN_SOME_KINDS = {
    "appoint": ("release",),
    "accept": ("problem_candidate",),
    "acknowledge": ("incident",),
    "add": (
        "alert_rule",
        "assignment_rule",
        "branding",
        "calendar",
        "category",
        "checklist",
        "custom_field",
        "escalation_rule",
        "hourly_rate",
        "kpi_budget",
        "kpi_rebase",
        "kpi_target",
        "priority_matrix",
        "release_stage_set",
        "risk_matrix",
        "risk_questionnaire",
        "shift",
        "text_block",
    ),
    "agree": ("stand_in",),
    "close": ("incident", "problem", "release", "request", "survey"),
    "conclude": ("discovery", "verification"),
    "confirm": ("article",),
    "edit": (
        "alert_rule",
        "article",
        "assignment_rule",
        "calendar",
        "catalogue_item",
        "category",
        "change",
        "change_template",
        "checklist",
        "ci",
        "custom_field",
        "escalation_rule",
        "freeze",
        "improvement",
        "improvement_suggestion",
        "incident",
        "maintenance_plan",
        "meeting",
        "problem",
        "process_definition",
        "release",
        "request",
        "service",
        "text_block",
    ),
    "end": ("alert_rule", "assignment_rule", "deployment", "escalation_rule", "shift"),
    "hand_over": ("corrective_action", "risk"),
    "hold": ("incident", "meeting", "request", "training"),
    "measure": ("kpi_effect",),
    "move": ("corrective_action", "freeze", "meeting"),
    "plan": (
        "ci",
        "corrective_action",
        "improvement",
        "maintenance_plan",
        "release",
        "survey",
        "training",
    ),
    "publish": ("process_change", "survey"),
    "record": ("discovery",),
    "reinstate": ("calendar", "category", "custom_field", "text_block"),
    "resume": ("incident", "request"),
    "retire": (
        "article",
        "calendar",
        "category",
        "change_template",
        "checklist",
        "ci",
        "custom_field",
        "maintenance_plan",
        "process_definition",
        "release_stage_set",
        "service",
        "text_block",
    ),
    "return": ("quality_target",),
    "review": ("improvement_plan", "incident", "sla"),
    "revise": (
        "branding",
        "calendar",
        "document",
        "improvement_plan",
        "kpi_budget",
        "kpi_target",
        "priority_matrix",
        "quality_target",
        "release_stage_set",
        "risk_questionnaire",
        "service_level_plan",
    ),
    "withdraw": (
        "catalogue_item",
        "freeze",
        "hourly_rate",
        "kpi_budget",
        "kpi_rebase",
        "kpi_target",
        "quality_target",
    ),
}
