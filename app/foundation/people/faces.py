"""The face of persons and of teams: what administrators need on their pages."""

from __future__ import annotations

from app.common.faces import FormFace, RecordFace

PERSON_FACE = RecordFace(
    essentials=("teams", "roles", "email", "phone", "department"),
    primary={"active": ("edit",), "inactive": ("activate",)},
    quick=("grant_role", "revoke_role"),
    forms={"add": FormFace(first=("name", "email", "login", "teams", "roles", "time_zone"))},
)
TEAM_FACE = RecordFace(
    essentials=("kind", "lead", "key"),
    primary={"active": ("edit",), "retired": ("reinstate",)},
    forms={"add": FormFace(first=("name", "key", "kind", "lead"))},
)
