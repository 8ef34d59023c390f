"""Why a delivery failed is said in a sentence, in both languages."""

from __future__ import annotations

import pytest

from app.i18n import LANGUAGES
from app.webhooks.intake.views import FAILURES, reason_of

#: What a mapping can fail by, and refusals of this system's own that a delivery may meet.
OF_MAPPINGS = {
    "unmapped",
    "untold",
    "wrong_type",
    "not_a_time",
    "unknown_status",
    "too_much",
    "expression_failed",
}
REFUSALS = {"forbidden", "not_found"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_failure_has_a_sentence(language: str) -> None:
    for code in FAILURES | OF_MAPPINGS | REFUSALS:
        assert reason_of(code, language) != code, code
