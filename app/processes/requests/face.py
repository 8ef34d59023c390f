"""The face of service requests: what agents and requesters need on their pages."""

from __future__ import annotations

from app.common.faces import TAKE_ACTION, BilingualLabel, FormFace, FormQuestion, QuestionAnswer, RecordFace
from app.ticketing.work.faces import HOLD_FORM, TICKET_ESSENTIALS

#: How soon it is needed, in the words of those who ask.
URGENCY_QUESTION = FormQuestion(
    "how_soon",
    BilingualLabel("How urgent is it?", "紧急程度"),
    (
        QuestionAnswer("can_wait", BilingualLabel("It can wait", "不着急"), {"urgency": "3"}),
        QuestionAnswer(
            "hindered", BilingualLabel("Work is hindered without it", "影响工作"), {"urgency": "2"}
        ),
        QuestionAnswer(
            "stopped", BilingualLabel("Work stops without it", "没有它无法工作"), {"urgency": "1"}
        ),
    ),
    usual="can_wait",
)
NEED_LABEL = BilingualLabel("What do you need?", "您需要什么？")

FACE = RecordFace(
    essentials=(*TICKET_ESSENTIALS, "item"),
    texts=("answers",),
    spoken_fields=("description", "delivery", "hold_question"),
    primary={
        "submitted": ("assess", TAKE_ACTION),
        "assessed": (TAKE_ACTION, "start", "fulfil"),
        "in_progress": (TAKE_ACTION, "fulfil"),
        "analysing": ("propose_requirements", "confirm_requirements"),
        "requirements_confirmed": ("propose_solution",),
        "solution_review": ("review_solution",),
        "solution_approved": ("begin_implementation",),
        "implementing": ("report_progress", "submit_for_acceptance"),
        "on_hold": ("resume",),
        "delivered": ("close",),
    },
    quick=("fulfil", "hold", "assign", "edit"),
    forms={
        "hold": HOLD_FORM,
        "submit": FormFace(
            first=("requester", "item", "title", "how_soon", "description"),
            defaults={"channel": "hotline"},
            questions=(URGENCY_QUESTION,),
            labels={
                "requester": BilingualLabel("Who needs it?", "申请人"),
                "item": BilingualLabel("What from the catalogue?", "服务目录项"),
                "title": BilingualLabel("What is needed?", "需要什么？"),
            },
            takes_files=True,
        ),
        "fulfil": FormFace(first=("delivered",)),
    },
    portal_forms={
        "submit": FormFace(
            first=("answers", "description", "service", "how_soon"),
            unasked=URGENCY_QUESTION.members | {"title"},
            questions=(URGENCY_QUESTION,),
            labels={"description": NEED_LABEL},
            title_from="description",
            takes_files=True,
        ),
    },
)
