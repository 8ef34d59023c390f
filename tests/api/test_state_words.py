"""The state of a record in words, while a second person has yet to agree to it."""

from __future__ import annotations

from app.api.state_words import AWAITS_AGREEMENT, state_label
from app.common.notices import NoticeType
from app.registry import LIFECYCLES

#: The state that each setting has only once a second person agrees, by its kind.
GOVERNED = {
    (lifecycle.kind, state): lifecycle
    for lifecycle in LIFECYCLES
    if AWAITS_AGREEMENT in lifecycle.record.model_fields
    for row in lifecycle.rows
    if not row.stays and any(rule.step is NoticeType.setting_to_agree for rule in row.consequences.notifies)
    for state in row.leads_to
}


def test_a_state_that_holds_by_agreement_is_not_named_before_it() -> None:
    assert len(GOVERNED) >= 5
    for (kind, state), lifecycle in GOVERNED.items():
        for language in ("en", "zh"):
            words = state_label(lifecycle, {"state": state.value, AWAITS_AGREEMENT: True}, language)
            assert state.label(language) not in words, (kind, state)
            agreed = state_label(lifecycle, {"state": state.value, AWAITS_AGREEMENT: None}, language)
            assert agreed == state.label(language)
