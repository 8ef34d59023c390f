"""What is said of surveys, and of what is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.governance.surveys.payloads import (
    CollectSurveyResult,
    ComplainFromAnswer,
    EndSurvey,
    PlanSurvey,
    RemindSurvey,
    RespondSurveyResponse,
    SuggestFromAnswer,
)
from app.kernel.actions.payloads import Payload
from app.processes.incidents.payloads import ReportIncident, ResolveIncident
from app.ticketing.work.assignment import AssignTicket
from tests.client import RESOLVED, Client, Json, an_incident
from tests.every_action.world_data import IDS, NOBODYS
from tests.people import act

QUESTIONS: list[Json] = [
    {
        "key": "speed",
        "kind": "rating",
        "text": "How fast are you helped?",
        "text_zh": "处理速度如何？",
        "choices": [],
        "choices_zh": [],
        "mandatory": True,
    },
    {
        "key": "way",
        "kind": "choice",
        "text": "How do you reach us?",
        "text_zh": "您如何联系我们？",
        "choices": ["Portal", "Telephone"],
        "choices_zh": ["门户", "电话"],
        "mandatory": False,
    },
    {
        "key": "wish",
        "kind": "text",
        "text": "What should be better?",
        "text_zh": "哪些应改进？",
        "choices": [],
        "choices_zh": [],
        "mandatory": False,
    },
]
ANSWERS: list[Json] = [
    {"question": "speed", "score": 2},
    {"question": "way", "choice": 1},
    {"question": "wish", "text": "Call back within the day. 当日回电。"},
]


def a_survey(**more: Any) -> Json:
    """What is said to plan a survey."""
    return {
        "title": "Working with the desk",
        "title_zh": "服务台满意度",
        "questions": QUESTIONS,
        "anonymous": False,
        "everybody": True,
        "opens_at": "2199-01-01T01:00:00Z",
        "ends_at": "2199-01-15T01:00:00Z",
        **more,
    }


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    PlanSurvey: lambda: a_survey(
        series="desk",
        persons=[IDS["author"]],
        teams=[],
        sample_size=100,
        seed=17,
        remind_at="2199-01-10T01:00:00Z",
    ),
    EndSurvey: lambda: {"answered": 3},
    RemindSurvey: lambda: {"answered": 3},
    RespondSurveyResponse: lambda: {"survey": NOBODYS, "answers": ANSWERS},
    CollectSurveyResult: lambda: {
        "survey": NOBODYS,
        "answered": 5,
        "withheld": 0,
        "answers": [{**answer, "team_id": IDS["team"]} for answer in ANSWERS] * 5,
    },
    SuggestFromAnswer: lambda: {
        "answer": NOBODYS,
        "title": "Call back within the day 当日回电",
        "process": "incident",
        "aspect": "activity",
        "proposal": "The desk calls back within the day.",
        "why": "Many wish for it. 很多人希望如此。",
    },
    ComplainFromAnswer: lambda: {
        "answer": NOBODYS,
        "ticket": NOBODYS,
        "subject": "speed",
        "about": "Nobody called back. 无人回电。",
    },
}
#: What cannot be carried out where it was before.
NOT_SHARED = frozenset({"remind", "close", "make_suggestion", "make_complaint"})


def _everything() -> Caller:
    """Somebody who runs surveys and sees to incidents."""
    person_id = UUID(IDS["doer"])
    roles = (Role.admin, Role.quality_manager, Role.agent, Role.engineer)
    return Caller(f"person:{person_id}", person_id, roles=tuple(map(RoleGrant, roles)))


async def running_survey(client: Client, *, anonymous: bool) -> str:
    """The id of a survey of everybody that runs."""
    ledger: Any = client.app.state.ledger
    now = datetime.now(UTC)
    period = {"opens_at": now.isoformat(), "ends_at": (now + timedelta(days=7)).isoformat()}
    body = PlanSurvey.model_validate(a_survey(anonymous=anonymous, **period))
    survey = (await act(ledger, _everything(), "survey", "plan", body=body)).record
    await act(ledger, rule_caller("tests"), "survey", "start", survey.id)
    return str(survey.id)


async def _with_names(client: Client, path: str) -> Json:
    return {"survey": await running_survey(client, anonymous=False)}


async def _anonymous(client: Client, path: str) -> Json:
    return {"survey": await running_survey(client, anonymous=True)}


async def _answered(client: Client, path: str) -> Json:
    """An answer there of which nothing was made."""
    answers = (await client.read(f"{path}/answers", limit=200))["items"]
    left = [answer["id"] for answer in answers if answer["taken_up"] is None]
    return {"answer": left[0]} if left else {}


async def _resolved(client: Client, path: str) -> Json:
    """An answer, and a ticket that is done."""
    ledger: Any = client.app.state.ledger
    body = ReportIncident.model_validate(an_incident())
    incident = (await act(ledger, _everything(), "incident", "report", body=body)).record
    assignment = AssignTicket.model_validate({"person": "me"})
    await act(ledger, _everything(), "incident", "assign", incident.id, assignment)
    await act(ledger, _everything(), "incident", "acknowledge", incident.id)
    resolved = ResolveIncident.model_validate(RESOLVED)
    await act(ledger, _everything(), "incident", "resolve", incident.id, resolved)
    return {**await _answered(client, path), "ticket": incident.number}


#: What is done before, and what of it is said then.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    RespondSurveyResponse: _with_names,
    CollectSurveyResult: _anonymous,
    SuggestFromAnswer: _answered,
    ComplainFromAnswer: _resolved,
}
