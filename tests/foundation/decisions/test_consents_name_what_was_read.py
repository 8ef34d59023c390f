"""A consent to a text or to figures names what was read, if these can be written again before it."""

from __future__ import annotations

import re
from typing import Any

from app.kernel.actions.lifecycle import Action
from app.registry import LIFECYCLES

CONSENTS = re.compile("^(agree|accept|sign|confirm|countersign|acknowledge|hand_over)")
#: Fields of a payload that name what was read.
HANDED_OVER = "hand_over_duties"
NAMED = frozenset({"edition", "text_edition", "revision", "document", "version"})
#: Actions of such names that consent to nothing which could be written again, by why not.
NO_CONSENT = {
    "it is written once": """
        risk_matrix.agree scorecard_edition.confirm audit.confirm_summary audit.countersign""",
    "the record's own version is voted on, or shown as a document": "document.countersign document.confirm",
    "the caller writes it": """
        request.confirm_requirements problem.accept_risk problem_candidate.accept article.confirm""",
    "a fact or a person is confirmed, no text": """
        incident.acknowledge incident.confirm_effect deployment.confirm_cause change.confirm_cause
        absence.confirm absence_calendar.confirm deputy.confirm sla.acknowledge
        corrective_action.hand_over risk.hand_over""",
}


def names_what_was_read(action: Action[Any, Any]) -> bool:
    """Whether the payload of the consent, or its check, asks what was read."""
    checks = {check.__name__ for check in action.checks.wrong}
    return bool(NAMED & set(action.body.model_fields)) or "proposal_was_rewritten" in checks


def test_each_consent_names_the_edition_that_was_read() -> None:
    excused = {name for names in NO_CONSENT.values() for name in names.split()}
    unnamed = set()
    for lifecycle in LIFECYCLES:
        for action in lifecycle.rows:
            is_consent = CONSENTS.search(action.name) and action.name != HANDED_OVER
            if is_consent and not action.opens:
                name = f"{lifecycle.kind}.{action.name}"
                unnamed |= set() if names_what_was_read(action) else {name}
    assert sorted(unnamed - excused) == []
    assert sorted(excused - unnamed) == [], "they need no excuse"
