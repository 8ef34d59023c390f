"""The demo's survey of requesters, of last year and of this year: its questions, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.demo.data.organisation import CUSTOMERS

SERIES = "requesters"
AUDIENCE = tuple(key for key, *_ in CUSTOMERS)
QUESTIONS: Sequence[Mapping[str, Any]] = (
    {
        "key": "helped",
        "kind": "rating",
        "text": "How well were you helped?",
        "text_zh": "您的问题解决得如何？",
        "mandatory": True,
    },
    {
        "key": "speed",
        "kind": "rating",
        "text": "How do you find the speed?",
        "text_zh": "您对速度是否满意？",
        "mandatory": True,
    },
    {
        "key": "wish",
        "kind": "choice",
        "text": "Where should we become better first?",
        "text_zh": "您希望我们首先改进哪一方面？",
        "choices": ["Speed", "Being told of progress", "Solving it the first time"],
        "choices_zh": ["速度", "进度告知", "一次解决"],
    },
    {
        "key": "remark",
        "kind": "text",
        "text": "Is there anything else to say?",
        "text_zh": "还有什么要告诉我们的？",
    },
)


@dataclass(frozen=True)
class SurveyTemplate:
    """A survey: the days before the end on which it was planned, opened, ended and published, and what was
    answered: of each participant two scores and a choice, and some remarks.
    """

    name: str
    title: str
    title_zh: str
    planned: float
    opens: float
    ends: float
    published: float
    answers: tuple[tuple[int, int, int], ...]
    remarks: tuple[str, ...]


LAST_YEAR = SurveyTemplate(
    "last-year",
    "Satisfaction of requesters, the year before",
    "申请人满意度调查（上一年）",
    385,
    380,
    366,
    362,
    (
        *((4, 3, 1), (3, 2, 1), (4, 3, 2), (5, 3, 1), (3, 3, 3), (4, 2, 1)),
        *((4, 4, 2), (2, 2, 1), (4, 3, 1), (5, 4, 2), (3, 3, 1)),
    ),
    (
        "夜间总要等到早上。At night one waits until the morning.",
        "服务台很友好。The desk is friendly.",
        "不知道进展如何。One never hears how far it is.",
        "同样的问题报了三次。I had to report the same thing three times.",
        "远程处理比上门快。A remote session is quicker than a visit.",
    ),
)
THIS_YEAR = SurveyTemplate(
    "this-year",
    "Satisfaction of requesters",
    "申请人满意度调查",
    48,
    44,
    30,
    26,
    (
        *((4, 4, 2), (4, 4, 2), (5, 4, 1), (5, 5, 2), (4, 3, 3), (4, 4, 2), (3, 3, 1)),
        *((5, 4, 2), (4, 4, 2), (4, 4, 3), (5, 4, 2), (2, 3, 2), (4, 5, 1)),
    ),
    (
        "比去年快多了。Much quicker than a year ago.",
        "希望能看到进度。I would like to see how far it is.",
        "卡片上的答案很清楚。The answers of the desk are clear now.",
        "变更通知看不懂。I do not understand what is announced of changes.",
        "一切都好。All is well.",
        "专线中断时没人通知。Nobody told us when the line was down.",
    ),
)
SURVEYS = (LAST_YEAR, THIS_YEAR)
