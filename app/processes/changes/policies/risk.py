"""The risk of a change: questions, the points of their answers, and the level of their sum (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.common.priorities.risk_level import RiskLevel

#: Bounds of a questionnaire.
MOST_QUESTIONS, MOST_ANSWERS, MOST_POINTS = 50, 20, 100


@dataclass(frozen=True, slots=True)
class RiskAnswer:
    """An answer that can be chosen, and its points."""

    key: str
    text_en: str
    text_zh: str
    points: int


@dataclass(frozen=True, slots=True)
class RiskQuestion:
    """A question about the risk of a change: one of its answers is chosen."""

    key: str
    text_en: str
    text_zh: str
    answers: tuple[RiskAnswer, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """Questions, and the points from which the risk is medium, and high."""

    questions: tuple[RiskQuestion, ...]
    medium_from: int
    high_from: int


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """A question that is answered wrongly or not at all, or that the questionnaire does not have: its key,
    and the code of the fault.
    """

    question: str
    because: str
    words: Mapping[str, str] = field(default_factory=dict)


def score(questions: Sequence[RiskQuestion], answers: Mapping[str, str]) -> tuple[int, list[AnswerFault]]:
    """Return the sum of the points of the answers, which are keys of answers by keys of questions, and their
    faults.
    """
    points = (
        answer.points
        for question in questions
        for answer in question.answers
        if answers.get(question.key) == answer.key
    )
    return sum(points), list(_faults(questions, answers))


def _faults(questions: Sequence[RiskQuestion], answers: Mapping[str, str]) -> Iterator[AnswerFault]:
    question_keys = {question.key for question in questions}
    for key in answers:
        if key not in question_keys:
            yield AnswerFault(key, "no_such_question")
    for question in questions:
        if question.key not in answers:
            yield AnswerFault(question.key, "not_answered")
        elif answers[question.key] not in {answer.key for answer in question.answers}:
            answer_keys = ", ".join(answer.key for answer in question.answers)
            yield AnswerFault(question.key, "no_such_answer", {"known": answer_keys})


def level(points: int, medium_from: int, high_from: int) -> RiskLevel:
    """Return the level of risk for that number of points."""
    if points >= high_from:
        return RiskLevel.high
    return RiskLevel.medium if points >= medium_from else RiskLevel.low


def _question(key: str, text_en: str, text_zh: str, *answers: tuple[str, str, str, int]) -> RiskQuestion:
    return RiskQuestion(key, text_en, text_zh, tuple(RiskAnswer(*answer) for answer in answers))


#: The questionnaire that applies until change managers set one.
DEFAULT_QUESTIONNAIRE = Questionnaire(
    questions=(
        _question(
            "users_affected",
            "How many people notice if it goes wrong?",
            "如果出错，会有多少人受影响？",
            ("nobody", "Nobody", "没有人", 0),
            ("team", "A team", "一个团队", 2),
            ("department", "A department", "一个部门", 5),
            ("organisation", "The organisation, or its customers", "整个组织或其客户", 10),
        ),
        _question(
            "service_criticality",
            "How much depends on the services?",
            "相关服务有多重要？",
            ("low", "Little", "较低", 0),
            ("medium", "Some", "中等", 3),
            ("high", "Much", "较高", 6),
            ("critical", "The organisation stands still without them", "没有它们组织将停摆", 10),
        ),
        _question(
            "back_out",
            "Can it be taken back?",
            "能否回退？",
            ("automatic", "By itself, or by one command", "自动或一条命令即可", 0),
            ("by_hand", "By hand, within the window", "可在窗口内手动回退", 3),
            ("partial", "In part, or only after the window", "只能部分回退，或需超出窗口", 6),
            ("impossible", "No", "不能", 10),
        ),
        _question(
            "tested",
            "Was it tested?",
            "是否经过测试？",
            ("alike", "In an environment like the real one", "在与生产一致的环境中测试过", 0),
            ("partly", "In part", "部分测试过", 4),
            ("untested", "No", "没有", 8),
        ),
        _question(
            "done_before",
            "Has it been done here before?",
            "以前是否做过？",
            ("often", "Often", "经常", 0),
            ("seldom", "Once or twice", "一两次", 3),
            ("first_time", "No", "没有", 6),
        ),
        _question(
            "dependencies",
            "What else depends on the items?",
            "还有什么依赖这些配置项？",
            ("none", "Nothing", "没有", 0),
            ("some", "A few others, all known", "少数，且均已知", 3),
            ("many", "Many others, or nobody knows", "很多，或无人清楚", 6),
        ),
        _question(
            "window",
            "When is it done?",
            "何时实施？",
            ("closed_hours", "When nobody works", "无人工作时", 0),
            ("announced", "In business hours, announced", "工作时间内，已提前通知", 3),
            ("unannounced", "In business hours, unannounced", "工作时间内，未通知", 6),
        ),
    ),
    medium_from=14,
    high_from=28,
)
