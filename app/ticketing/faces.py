"""Faces of the forms that every ticket has: what people are asked for when they hold, assign or answer."""

from __future__ import annotations

from collections.abc import Mapping

from app.common.faces import BilingualLabel, FieldCondition, FormFace, FormQuestion, QuestionAnswer

TICKET_FORMS: Mapping[str, FormFace] = {
    "comment": FormFace(first=("text", "visibility"), unasked=frozenset({"folded"}), takes_files=True),
    "hold": FormFace(
        first=("reason", "question", "supplier", "change", "wake_up_at"),
        only_with={
            "question": FieldCondition("reason", ("awaiting_requester",)),
            "supplier": FieldCondition("reason", ("awaiting_vendor",)),
            "change": FieldCondition("reason", ("awaiting_change",)),
        },
    ),
}
#: What requesters are asked for in the same forms.
PORTAL_TICKET_FORMS: Mapping[str, FormFace] = {
    "comment": FormFace(first=("text",), takes_files=True),
}
#: Essentials that the page of every ticket shows.
TICKET_ESSENTIALS = ("assignee", "team", "priority", "service")
#: How bad a fault is, in the words of the people concerned: from one answer follow how many are affected, how
#: much of their work is, and what is left of the service.
HOW_BAD = FormQuestion(
    "how_bad",
    BilingualLabel("How bad is it?", "影响程度"),
    (
        QuestionAnswer(
            "can_wait",
            BilingualLabel("A question, or it can wait", "咨询，或不着急"),
            {"impact": "3", "urgency": "3", "effect": "none"},
        ),
        QuestionAnswer(
            "one_hindered",
            BilingualLabel("One person is hindered", "一个人的工作受影响"),
            {"impact": "3", "urgency": "2", "effect": "degraded"},
        ),
        QuestionAnswer(
            "one_stopped",
            BilingualLabel("One person cannot work", "一个人无法工作"),
            {"impact": "3", "urgency": "1", "effect": "degraded"},
        ),
        QuestionAnswer(
            "team_hindered",
            BilingualLabel("A team is hindered", "一个部门的工作受影响"),
            {"impact": "2", "urgency": "2", "effect": "degraded"},
        ),
        QuestionAnswer(
            "team_stopped",
            BilingualLabel("A team cannot work", "一个部门无法工作"),
            {"impact": "2", "urgency": "1", "effect": "down"},
        ),
        QuestionAnswer(
            "all_hindered",
            BilingualLabel("Everybody is hindered", "所有人的工作受影响"),
            {"impact": "1", "urgency": "2", "effect": "degraded"},
        ),
        QuestionAnswer(
            "all_stopped",
            BilingualLabel("Nobody can work", "所有人无法工作"),
            {"impact": "1", "urgency": "1", "effect": "down"},
        ),
    ),
)
