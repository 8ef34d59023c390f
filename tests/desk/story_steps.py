"""The stories of pages, step by step: who does which action, and with which inputs of its form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.processes.changes.samples import DONE, REVIEWED, a_board, a_change, assessment
from tests.processes.improvements.samples import Improvers

VOTE = {"/verdict": "approve", "/comment": "As it stands. 如此。"}
#: Inputs of a form by their names.
Filled = dict[str, str]


@dataclass(frozen=True)
class FormStep:
    """An action that somebody carries out by its form."""

    client: Client
    action: str
    filled: Filled = field(default_factory=dict)


def filled(body: Json) -> Filled:
    """The inputs in which somebody enters the body: texts, and lists with one entry in a line."""
    return {f"/{name}": _text(value) for name, value in body.items()}


def _text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(value)
    return "true" if value is True else str(value)


async def change_by_five_people(api: Api) -> tuple[FormStep, ...]:
    """The steps of a change of medium risk from its draft to its review. Each of the five has one role."""
    board = await a_board(api)
    keeper = await api.client("Ada", Role.service_level_manager)
    service = {"key": "mail", "name_en": "E-mail", "name_zh": "电子邮件", "criticality": "low"}
    await keeper.post_ok("/v1/services", {**service, "owner": board.member.id})
    nils, _ = [await api.client(name, Role.cab_member) for name in ("Nils", "Ines")]
    now = datetime.now(ZoneInfo(api.ledger.settings.time_zone)).replace(microsecond=0, tzinfo=None)
    window = {
        f"{name}_at": (now + timedelta(hours=hours)).isoformat()
        for name, hours in (("from", -1), ("until", 3))
    }
    draft = a_change(team="network") | {f"wanted_{name}": value for name, value in window.items()}
    assessed = assessment("medium")
    answers = {f"/risk_answers/{key}": answer for key, answer in assessed.pop("risk_answers").items()}
    return (
        FormStep(board.agent, "draft", filled(draft)),
        FormStep(board.agent, "submit"),
        FormStep(board.manager, "assess", {**answers, **filled(assessed)}),
        FormStep(board.manager, "request_approval", {"/question": "Shall it be made?"}),
        FormStep(board.member, "vote", VOTE),
        FormStep(nils, "vote", VOTE),
        FormStep(board.manager, "schedule", filled(window)),
        FormStep(board.engineer, "start"),
        FormStep(board.engineer, "complete", filled(DONE)),
        FormStep(board.manager, "review", filled(REVIEWED)),
    )


async def committee_vote(improvers: Improvers) -> tuple[tuple[FormStep, ...], str]:
    """The votes of two of a committee on an improvement, which decide; and the path of the improvement."""
    path = await improvers.in_review()
    return tuple(FormStep(member, "vote", VOTE) for member in improvers.committee), path
