"""A valid body for every action, by its class. Written by hand: what people really say."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from app.base.people.keys import MakeKey
from app.base.people.persons import AddPerson
from app.base.people.teams import AddTeam
from app.kernel.bodies import Body, Nothing, Reason
from app.processes.incidents.lifecycle import (
    AssignIncident,
    CommentIncident,
    HoldIncident,
    ReportIncident,
    ResolveIncident,
)
from tests.client import RESOLVED, Json, an_incident

TEAM = "network"
_numbers = count()

#: As the API takes them; of what may be left out, so much as has no condition of its own.
SAMPLES: dict[type[Body], Callable[[], Json]] = {
    Nothing: dict,
    Reason: lambda: {"reason": "It was the wrong door."},
    AddPerson: lambda: {
        "name": "Sun Li 孙丽",
        "email": "sun.li@example.org",
        "kind": "human",
        "locale": "zh",
        "teams": [TEAM],
    },
    AddTeam: lambda: {"key": f"team-{next(_numbers)}", "name": "A team", "kind": "customer"},
    MakeKey: lambda: {
        "name": "The portal's",
        "person": "me",
        "roles": ["requester"],
        "expires_at": "2199-01-01T00:00:00Z",
    },
    ReportIncident: lambda: an_incident(
        began_at="2026-01-01T08:00:00+08:00", service="mail", ci="mx-1", category="e-mail"
    ),
    HoldIncident: lambda: {"reason": "awaiting_vendor", "wake_up_at": "2199-01-01T00:00:00Z"},
    ResolveIncident: lambda: {**RESOLVED, "cause": "A full disk."},
    AssignIncident: lambda: {"team": TEAM},
    CommentIncident: lambda: {"text": "Any news? 有进展吗？", "visibility": "public"},
}


def sample(row: Any) -> Json:
    """A valid body for the row, as the API takes it."""
    body: type[Body] = row.body
    assert body in SAMPLES, f"tests/every_action/samples.py has no sample of {body.__name__}"
    return SAMPLES[body]()
