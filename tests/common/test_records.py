"""A record holds its fields and nothing else."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.common.records import empty
from app.foundation.people.records import Team


def test_a_field_is_set_and_one_that_a_record_does_not_have_is_not() -> None:
    team = empty(Team, uuid4())
    team.name = "Network"
    assert team.name == "Network"
    with pytest.raises(AssertionError, match="Team has no field nmae"):
        team.nmae = "Desk"
    assert "nmae" not in team.__dict__
