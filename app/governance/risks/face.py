"""The face of risks: what owners and assessors need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, RecordFace

FACE = RecordFace(
    essentials=("owner", "risk_level", "response", "process", "reassess_by_at"),
    primary={"identified": ("assess",), "assessed": ("treat",), "treated": ("reassess", "close")},
    forms={
        "identify": FormFace(
            first=("title", "cause", "kind", "found_by", "owner"),
            labels={
                "title": BilingualLabel("What could happen?", "可能发生什么？"),
                "cause": BilingualLabel("Why could it happen?", "可能的原因"),
            },
        ),
    },
)
