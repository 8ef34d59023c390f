"""What decisions are about is named by fields and children that the records have."""

from __future__ import annotations

import pytest

from app.foundation.decisions.preparation import Matter
from app.processes.changes.approval import APPROVAL, EMERGENCY
from app.processes.improvement_plans.preparation import PLAN
from app.processes.improvements.preparation import MATTER
from app.registry import LIFECYCLES_BY_KIND

MATTERS = [("change", APPROVAL), ("change", EMERGENCY), ("improvement", MATTER), ("improvement_plan", PLAN)]


@pytest.mark.parametrize(("kind", "matter"), MATTERS)
def test_what_is_decided_about_is_made_of_what_the_record_has(kind: str, matter: Matter) -> None:
    lifecycle = LIFECYCLES_BY_KIND[kind]
    assert set(matter.fields) - set(lifecycle.record.model_fields) == set()
    assert set(matter.children) - {one.KIND for one in lifecycle.children} == set()
