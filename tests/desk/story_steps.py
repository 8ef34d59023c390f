"""The stories of pages, step by step: who does which action, and with which inputs of its form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.common.people import Role
from tests.client import Api, Client
from tests.processes.changes.samples import DONE, REVIEWED, a_board, a_change, assessment

#: Inputs of a form by their names; a tuple: each is chosen.
Filled = dict[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class FormStep:
    """An action that somebody carries out by its form."""

    client: Client
    action: str
    filled: Filled = field(default_factory=dict)


def filled(body: dict[str, object]) -> Filled:
    """The inputs in which somebody enters the body: texts, and lists with one entry in a line."""
    return {
        f"/{name}": "\n".join(value) if isinstance(value, list) else str(value).lower() if value is True else str(value)
        for name, value in body.items()
    }


async def change_by_five_people(api: Api) -> tuple[FormStep, ...]:
    """The steps of a change of medium risk from its draft to its review. Each of the five has one role."""
    board = await a_board(api)
    nils, _ = [await api.client(name, Role.cab_member) for name in ("Nils", "Ines")]
    now = datetime.now(UTC).replace(microsecond=0)
    window = {
        f"{name}_at": (now + timedelta(hours=hours)).isoformat() for name, hours in (("from", -1), ("until", 3))
    }
    draft = a_change(team="network") | {f"wanted_{name}": value for name, value in window.items()}
    assessed = assessment("medium")
    answers = {
        f"/risk_answers/{n}/{part}": text
        for n, pair in enumerate(assessed.pop("risk_answers").items())
        for part, text in zip(("name", "value"), pair, strict=True)
    }
    vote: Filled = {"/verdict": "approve", "/comment": "As it stands."}
    return (
        FormStep(board.agent, "draft", filled(draft)),
        FormStep(board.agent, "submit"),
        FormStep(board.manager, "assess", {**answers, **filled(assessed)}),
        FormStep(board.manager, "request_approval", {"/question": "Shall it be made?"}),
        FormStep(board.member, "vote", vote),
        FormStep(nils, "vote", vote),
        FormStep(board.manager, "schedule", filled(window)),
        FormStep(board.engineer, "start"),
        FormStep(board.engineer, "complete", filled(DONE)),
        FormStep(board.manager, "review", filled(REVIEWED)),
    )
