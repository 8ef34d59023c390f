"""Routes of escalation rules: `/v1/escalation_rules`."""

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.edit import mount_edit
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.foundation.escalation.escalation_rules import LIFECYCLE
from app.foundation.escalation.queries import ESCALATION_RULES, EscalationRuleOut

router = APIRouter(prefix="/v1/escalation_rules", tags=["assignment_rules"])
mount_reads(router, ESCALATION_RULES)
mount_actions(router, LIFECYCLE, EscalationRuleOut)
mount_edit(router, LIFECYCLE, EscalationRuleOut)


ROUTES = Routes((router,), (ESCALATION_RULES,))
