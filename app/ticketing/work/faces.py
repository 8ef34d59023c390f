"""Parts of the faces of tickets: the form of a hold, and how bad something is in one question."""

from __future__ import annotations

from dataclasses import replace

from app.common.faces import BilingualLabel, FieldCondition, FormFace, FormQuestion, QuestionAnswer

#: Reason for which a ticket waits, and the question to its requester.
HOLD_FORM = FormFace(
    first=("reason", "question", "supplier", "change", "wake_up_at"),
    only_with={
        "question": FieldCondition("reason", ("awaiting_requester",)),
        "supplier": FieldCondition("reason", ("awaiting_vendor",)),
        "change": FieldCondition("reason", ("awaiting_change",)),
    },
    demanded=frozenset({"question"}),
)
#: Essentials that the page of every ticket shows.
TICKET_ESSENTIALS = ("assignee", "team", "priority", "service")
#: How bad a fault is, in the words of the people concerned: from one answer follow how many are affected, how
#: much of their work is, and what is left of the service.
SEVERITY_QUESTION = FormQuestion(
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
#: The same in the words of people who report something for themselves.
OWN_SEVERITY_QUESTION = FormQuestion(
    SEVERITY_QUESTION.name,
    SEVERITY_QUESTION.label,
    tuple(
        replace(answer, label=label)
        for answer, label in zip(
            SEVERITY_QUESTION.answers,
            (
                BilingualLabel("It is a question, or it can wait", "咨询，或不着急"),
                BilingualLabel("I can work, but not as usual", "我的工作受影响"),
                BilingualLabel("I cannot work", "我无法工作"),
                BilingualLabel("My team cannot work as usual", "我们部门的工作受影响"),
                BilingualLabel("My team cannot work", "我们部门无法工作"),
                BilingualLabel("Nobody can work as usual", "所有人的工作受影响"),
                BilingualLabel("Nobody can work", "所有人无法工作"),
            ),
            strict=True,
        )
    ),
)
