"""The face of text blocks: the texts first, then where they are offered."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, RecordFace

FACE = RecordFace(
    essentials=("process",),
    primary={"active": ("edit",), "retired": ("reinstate",)},
    forms={
        "add": FormFace(
            first=("title_en", "title_zh", "text_en", "text_zh", "process"),
            lists={"process": "process"},
            labels={"process": BilingualLabel("Offered for", "适用于")},
            blanks={"process": BilingualLabel("Tickets of every kind", "各类工单")},
        )
    },
)
