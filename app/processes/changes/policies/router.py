"""Routes of templates, `/v1/change_templates`, of questions about risks, `/v1/risk_questionnaires`, and of
freezes, `/v1/freezes`.
"""

from __future__ import annotations

from dataclasses import asdict

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.records.reads import mount_reads
from app.api.requests.accept import language_for
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.kernel.actions.actor_policy import staff
from app.processes.changes.planning.lookups import QUESTIONNAIRE
from app.processes.changes.policies import freezes as freeze_lifecycle
from app.processes.changes.policies import questionnaires, templates
from app.processes.changes.policies.freeze_exceptions import EXCEPTION, PLANNING
from app.processes.changes.policies.queries import (
    EXCEPTION_ROWS,
    FREEZES,
    RISK_QUESTIONNAIRES,
    TEMPLATES,
    ChangeTemplateOut,
    ChangeTemplateRenderer,
    CurrentRiskQuestionnaire,
    FreezeOut,
    FreezeRenderer,
    RiskQuestionnaireOut,
)
from app.ticketing.routes.children import mount_children

change_templates = Router(prefix="/v1/change_templates", tags=["changes"], route_class=DirectRoute)
mount_reads(change_templates, TEMPLATES)
mount_actions(change_templates, templates.LIFECYCLE, ChangeTemplateOut, renderer=ChangeTemplateRenderer)
mount_edit(change_templates, templates.LIFECYCLE, ChangeTemplateOut, renderer=ChangeTemplateRenderer)
mount_children(change_templates, templates.LIFECYCLE, ChangeTemplateOut)
mount_approval_preview(change_templates, TEMPLATES, (templates.TEMPLATE,))

risk_questionnaires = Router(prefix="/v1/risk_questionnaires", tags=["changes"], route_class=DirectRoute)


@risk_questionnaires.endpoint("/current", "Get the current risk questionnaire", CurrentRiskQuestionnaire)
async def get_current_risk_questionnaire(request: Request, ledger: RequestLedger) -> Response:
    """Return the questions that are asked when a change is assessed. For staff."""
    if not caller_of(request).is_staff:
        raise ledger.forbidden(staff, language_for(request))
    questionnaire = questionnaires.questionnaire_of(await ledger.db.row(QUESTIONNAIRE))
    return Response(to_json(asdict(questionnaire)), headers=VARY, media_type="application/json")


mount_reads(risk_questionnaires, RISK_QUESTIONNAIRES)
mount_actions(risk_questionnaires, questionnaires.LIFECYCLE, RiskQuestionnaireOut)

freezes = Router(prefix="/v1/freezes", tags=["changes"], route_class=DirectRoute)
mount_reads(freezes, FREEZES)
mount_actions(freezes, freeze_lifecycle.LIFECYCLE, FreezeOut, renderer=FreezeRenderer)
mount_edit(freezes, freeze_lifecycle.LIFECYCLE, FreezeOut, renderer=FreezeRenderer)
mount_children(freezes, freeze_lifecycle.LIFECYCLE, FreezeOut, own=(EXCEPTION_ROWS,))
mount_approval_preview(freezes, FREEZES, (EXCEPTION,), related=PLANNING)


ROUTES = Routes(
    (
        change_templates,
        risk_questionnaires,
        freezes,
    ),
    (
        TEMPLATES,
        RISK_QUESTIONNAIRES,
        FREEZES,
    ),
)
