"""The face of articles: what those who write and review them need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, FormSection, RecordFace

FACE = RecordFace(
    essentials=("author", "services", "visibility", "language", "next_review_at"),
    texts=("symptoms", "answer", "other_title", "other_symptoms", "other_answer"),
    primary={"draft": ("submit",), "in_review": ("publish",), "published": ("edit",)},
    quick=("edit", "send_back"),
    forms={
        "draft": FormFace(
            first=("title", "symptoms", "answer", "language"),
            sections=(
                FormSection(
                    BilingualLabel("In the other language", "另一种语言"),
                    ("other_title", "other_symptoms", "other_answer"),
                ),
                FormSection(
                    BilingualLabel("What it is about", "适用范围"), ("services", "categories", "cis")
                ),
            ),
            labels={
                "symptoms": BilingualLabel("What do people notice?", "用户看到的现象"),
                "answer": BilingualLabel("What helps?", "解决办法"),
            },
        ),
    },
)
