"""The demo's year of governance: its registers one after another, by the same commands that users send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.demo.programme import Programme
from app.demo.scripts.governance.audit_scripts import make_audits
from app.demo.scripts.governance.correction_scripts import make_corrections
from app.demo.scripts.governance.definition_scripts import make_definitions
from app.demo.scripts.governance.document_scripts import make_documents
from app.demo.scripts.governance.finding_scripts import make_findings
from app.demo.scripts.governance.lead_scripts import name_leads
from app.demo.scripts.governance.maintenance_scripts import make_maintenance
from app.demo.scripts.governance.recognition_scripts import make_recognitions
from app.demo.scripts.governance.risk_scripts import make_risks
from app.demo.scripts.governance.scorecard_scripts import make_scorecards
from app.demo.scripts.governance.survey_scripts import make_surveys
from app.demo.scripts.governance.target_scripts import make_targets
from app.demo.scripts.governance.waiting_scripts import (
    complete_follow_ups,
    deactivate_leaver,
    make_questions,
)
from app.demo.scripts.governance.waiting_work_scripts import make_waiting_work
from app.kernel.ledger import Ledger


async def make_governance(
    ledger: Ledger, persons: dict[str, UUID], follow: Callable[[], Awaitable[None]]
) -> None:
    """Play what is missing of the year of governance. `follow` brings the facts up to date."""
    programme = await Programme.for_organisation(ledger, persons, follow)
    await name_leads(programme)
    await make_definitions(programme)
    risks = await make_risks(programme)
    findings = await make_findings(programme, await make_audits(programme))
    await make_corrections(programme, risks | findings)
    await make_surveys(programme)
    for make in (make_documents, make_maintenance, make_targets, make_recognitions, make_scorecards):
        await make(programme)
    await make_questions(programme)
    await make_waiting_work(programme)
    await complete_follow_ups(programme)
    await deactivate_leaver(programme)
