"""Codes of sentences whose beginning and end are notified, and the reasons why others are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.common.people import Role


@dataclass(frozen=True, slots=True)
class AlertedCode:
    """A code whose sentences raise alerts.

    `of_figures`: the sentence is about figures that a worker has judged. `family` is shared by codes that
    follow each other on one subject: the end of one sends no notice while another stands. People with the
    role `told_already` have another notice of the same.
    """

    of_figures: bool = False
    family: str | None = None
    told_already: Role | None = None


ALERTED: Mapping[str, AlertedCode] = {
    "major_incident": AlertedCode(),
    "service_down": AlertedCode(),
    "service_budget": AlertedCode(of_figures=True, family="budget"),
    "service_budget_spent": AlertedCode(of_figures=True, family="budget"),
    "target_missed": AlertedCode(of_figures=True, family="target"),
    "target_out_of_reach": AlertedCode(of_figures=True, family="target"),
    # Quality managers are notified of a signal for the worse (`kpi_changed`), but the owner of the KPI is
    # not.
    "kpi_worse": AlertedCode(told_already=Role.quality_manager),
    "backlog_old": AlertedCode(of_figures=True),
    "deliveries_failed": AlertedCode(),
    "mails_unsent": AlertedCode(),
    "quality_unassessed": AlertedCode(),
    "role_unheld": AlertedCode(),
    "post_unheld": AlertedCode(),
    "template_to_renew": AlertedCode(),
}
#: Reason why sentences of other codes, of severity `now` to `stuck`, send no alert: most have a notice of
#: their own to the same people.
NOT_ALERTED: Mapping[str, str] = {
    "incident_unacknowledged": "the person on call is notified, and reminded every five minutes (`reminded`)",
    "clocks_due": "the assignee is notified of each clock (`target_close`, `target_missed`)",
    "agreement_missed": "both parties, and our teams' leads, are sent the report (`report_issued`)",
    "agreement_review_overdue": "both parties are notified (`agreement_review_overdue`)",
    "source_silent": "the owner of the source is notified (`fell_silent`)",
    "change_unreviewed": "the change managers, who review it, are notified (`to_review_change`)",
    "judgement_overdue": "quality managers, who ask the committee again, are notified (`pilot_not_judged`)",
    "sitting_overdue": "the person and the project manager are notified (`examination_overdue`)",
    "rollout_overdue": "the owner of the step is notified (`rollout_step_overdue`)",
    "report_overdue": "the person who owes the report is notified (`progress_report_overdue`)",
    "unknown_environment": "a name to correct is no emergency; the page and the API list it",
    "evidence_withdrawn": "the withdrawal of a document is no emergency; the page and the API list it",
    "benefit_faded": "followers of the improvement are notified (`benefit_faded`)",
}
#: Role that answers for the cases of each kind and is notified if the sentence's subject is assigned to no
#: person.
ANSWERING: Mapping[str | None, Role] = {
    "incident": Role.incident_manager,
    "request": Role.process_owner,
    "problem": Role.problem_manager,
    "change": Role.change_manager,
    "webhook_source": Role.admin,
    None: Role.admin,
}
