"""The face of audits: what auditors need on their pages."""

from __future__ import annotations

from app.common.faces import FormFace, RecordFace

FACE = RecordFace(
    essentials=("process", "team", "month", "head"),
    primary={
        "open": ("submit_self_check",),
        "submitted": ("confirm_summary",),
        "confirmed": ("countersign",),
        "countersigned": ("conclude",),
    },
    forms={"open": FormFace(first=("process", "team", "month", "head"))},
)
