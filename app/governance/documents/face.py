"""The face of documents: what authors and reviewers need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, FormSection, RecordFace

FACE = RecordFace(
    essentials=("document_class", "author", "team", "version_label", "confidentiality", "review_due_at"),
    primary={
        "drafted": ("submit",),
        "in_review": ("review", "countersign"),
        "approved": ("publish",),
        "published": ("revise",),
    },
    dangerous=frozenset({"destroy", "supersede"}),
    forms={
        "draft": FormFace(
            first=("title", "document_class", "upload", "name"),
            sections=(
                FormSection(
                    BilingualLabel("Who reads and approves it", "读者与审批"),
                    ("team", "tier", "confidentiality", "importance", "readers", "reader_teams"),
                ),
            ),
            defaults={"importance": "general", "confidentiality": "internal", "tier": "team_lead"},
        ),
    },
)
