"""The face of service level plans: a revision begins with the entries of the plan."""

from __future__ import annotations

from app.common.faces import FormFace, RecordFace

FACE = RecordFace(
    forms={
        "revise": FormFace(
            first=("entries",),
            filled_from="",
            filled_rows={"entries": {"negotiator": "person", "series": "series_id"}},
        )
    }
)
