"""Where marked words may stand when everybody is erased, each with its reason.

A word has come in as one thing. What may stay of it in one place is no secret in another.
"""

from __future__ import annotations

from collections.abc import Collection

from tests.canaries.dump import Found
from tests.canaries.marks import Marks

#: Each reason with the places that it is for. `*.title` is that field of whatever has it.
REASONS: dict[str, tuple[str, ...]] = {
    "lists and searches show titles, and forms say so; `erase` names those with the person's name": (
        *("*.title", "*.title_en", "*.title_zh"),
        *("fold.decision.question", "fold.agenda_item.topic", "fold.article.other_title"),
        "fold.article_revision.other_title",
    ),
    "what the organisation calls its teams, services, items and rules, and writes of them for everybody": (
        *("*.name_en", "*.name_zh", "*.label_en", "*.label_zh", "*.description_en", "*.description_zh"),
        *("fold.team.name", "fold.group.name", "fold.assignment_rule.name", "fold.escalation_rule.name"),
        *("fold.alert_rule.name", "fold.alert_rule.matchers", "fold.alert_rule.group_by"),
        "fold.approval_rule.name",
        *("fold.ci.name", "fold.ci.attributes", "fold.baseline.name", "fold.verification.name"),
        *("fold.discovery.source", "fold.discovery.columns", "log.discovery.source", "log.discovery.columns"),
        *("fold.discovery_difference.identity", "fold.discovery_difference.found_item"),
        *("fold.discovery_difference.here", "fold.discovery_difference.there", "log.ci.found"),
        *("fold.calendar.name", "fold.calendar_version.holidays", "fold.checklist.items"),
        *("fold.text_block.text_en", "fold.text_block.text_zh", "fold.group_mapping.group_name"),
        *("fold.directory_group.name", "fold.directory_group.external_id"),
        *("fold.custom_field.key", "fold.custom_field.choices", "fold.catalogue_item.scope"),
        *("fold.catalogue_item.limits", "fold.catalogue_item.delivery_standard"),
        *("fold.catalogue_item.checklist", "fold.release_stage_set.stages"),
        *("fold.risk_questionnaire.questions", "fold.change_assessment.risk_answers", "fold.training.skills"),
        *("fold.training_participant.missing_skills", "fold.pilot_readiness.standards"),
        *("fold.improvement_rollout.rollout_departments", "fold.sla.business_process"),
        "fold.quality_check.checkpoint",
        *("fold.document.subclass", "fold.document.template", "fold.document_entry.subclass"),
        "fold.document_loan.place",
        *("fold.survey_question.key", "fold.survey_question.text", "fold.survey_question.text_zh"),
        *("fold.survey_question.choices", "fold.survey_question.choices_zh"),
        *("fold.maintenance_plan.items", "fold.maintenance_plan.limits"),
        *("fold.process_definition.begins_with", "fold.process_definition.ends_with"),
        *(
            "fold.process_definition.raci",
            "fold.process_definition.inputs",
            "fold.process_definition.outputs",
        ),
        *("fold.process_definition.customers", "fold.process_definition.resources"),
        *("fold.process_definition.templates", "fold.process_definition.checklists"),
        "fold.process_definition.external_numbers",
    ),
    "a unit of the organisation, as a team is: persons are filtered by it, and it names none": (
        *("fold.person.department", "fold.process_definition.department"),
    ),
    "numbers and names of documents, changes and runs elsewhere": (
        *(
            "fold.kpi_rebase.change",
            "fold.document.external_number",
            "fold.document_entry.external_number",
            "fold.kpi_signal.cause",
            "fold.verification_item.change",
            "fold.discovery_difference.change",
            "log.discovery.change",
            "log.ci.change",
        ),
        *(
            "fold.problem.fixing_change",
            "fold.sla_consent.document",
            "fold.improvement_outcome.document_numbers",
        ),
        *("fold.improvement_plan_point.refers_to", "fold.kpi_effect.change"),
        *(
            "fold.release_stage.external_numbers",
            "fold.training.material_number",
            "fold.deployment.run",
        ),
        *("fold.training.external_number", "log.training.external_number"),
        *("fold.deployment.revisions", "log.release.revisions", "log.request.manual"),
        *("fold.external_reference.number", "log.service.number", "log.incident.number"),
        *("fold.finding.evidence", "log.finding.evidence"),
        *("fold.self_check_entry.about", "fold.process_definition.refers_to"),
        *("log.ci.change", "log.improvement.numbers", "fold.suggestion_evidence.period"),
    ),
    "what is published to everybody whom it concerns; the form says: name no persons here": (
        *("fold.article.symptoms", "fold.article.answer", "fold.article.other_symptoms"),
        *("fold.article.other_answer", "fold.article_revision.answer", "fold.problem.symptoms"),
        *("fold.article_revision.symptoms", "fold.article_revision.other_symptoms"),
        "fold.article_revision.other_answer",
        *("fold.problem.workaround", "fold.change_template.description", "fold.change_template.plan"),
        *("fold.change_template.test_plan", "fold.change_template.back_out_plan", "fold.freeze.reason"),
        *("fold.sla.text", "fold.sla_reasons.gap_reason", "fold.meeting.place", "fold.verification.summary"),
        *("fold.suggestion_evidence.text", "fold.verification_item.note"),
        *("fold.discovery.summary", "fold.discovery_difference.reason"),
        *("fold.process_definition.purpose", "fold.process_definition.activities"),
        *("fold.process_definition.decision_points", "fold.process_definition.control_points"),
        *("fold.process_definition.interfaces", "fold.process_definition.terms"),
    ),
    "a custom field's text is a line like a title: lists show it (decision 0026)": ("*.custom",),
    "what a browser calls itself, by chance": (
        *("log.article.session", "kpi.visit_event.session", "kpi.article_visit.session"),
    ),
    "how a tool calls its states: names of what is no person": ("log.incident.status",),
    "a code of ours and the name of a stream: why a tool has refused what was written of which record": (
        *("log.subscription.code", "log.subscription.record"),
    ),
}
PERMITTED = {place: reason for reason, places in REASONS.items() for place in places}
#: Words that came in at some places may stand where nothing else may.
OF_NOBODY = {
    # It names nobody, and is removed after thirty days.
    "plumbing.webhook_delivery.sealed": ("alertmanager", "grafana"),
}


def not_permitted(stored: Collection[Found], marks: Marks) -> list[str]:
    """Where marked words are that nothing permits, and as what one of them came in."""
    free = {place_of_word.word for place_of_word in stored if _is_permitted(place_of_word.place)}
    left: dict[str, str] = {}
    for place_of_word in sorted(stored):
        came_in = marks.places.get(place_of_word.word, place_of_word.word)
        if place_of_word.word not in free and not came_in.startswith(
            OF_NOBODY.get(place_of_word.place, ("\0",))
        ):
            left.setdefault(place_of_word.place, came_in)
    return [f"{place}: what came in as {came_in}" for place, came_in in left.items()]


def _is_permitted(place: str) -> bool:
    return place in PERMITTED or f"*.{place.rpartition('.')[2]}" in PERMITTED
