"""Valid bodies of the actions of subscriptions, and of logins at the tools that they write to."""

from __future__ import annotations

from collections.abc import Callable

from app.kernel.actions.payloads import Payload
from app.subscriptions.lifecycle import (
    AddSubscription,
    EditSubscription,
    MoveSubscription,
    NoteRefusal,
    RotateSubscription,
    SetTemplate,
    StopSubscription,
    WarnSubscription,
)
from app.webhooks.sources.lifecycle import RemoveLoginWebhookSource, SetLoginWebhookSource
from tests.client import Json
from tests.every_action.world_data import IDS, TEAM

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    AddSubscription: lambda: {
        "title": "Events for the data warehouse",
        "url": "https://hooks.example.org/ledgerdesk",
        "person": "me",
        "format": "template",
        "template": "json = '{\"text\": message.sentence}'",
        "language": "zh",
        "ends_at": "2199-01-01T00:00:00Z",
        "event_types": ["incident.reported", "incident.resolved"],
        "kinds": ["incident"],
        "services": ["mail"],
        "teams": [TEAM],
        "priorities": ["P1", "P2"],
    },
    EditSubscription: lambda: {"title": "Events for the archive", "language": "en", "kinds": ["problem"]},
    MoveSubscription: lambda: {"url": "https://hooks.example.org/elsewhere"},
    SetTemplate: lambda: {"template": "text = 'message.sentence'"},
    RotateSubscription: dict,
    NoteRefusal: lambda: {"code": "gone_at_tool", "record": "incident/1"},
    WarnSubscription: lambda: {"since_at": "2026-01-01T08:00:00+08:00"},
    StopSubscription: lambda: {"because": "receiver_gone"},
    SetLoginWebhookSource: lambda: {"person": IDS["person"], "login": "lin-wu"},
    RemoveLoginWebhookSource: lambda: {"person": IDS["person"]},
}
#: What must have been done before: nobody notes a recovery that nobody was warned before.
PREREQUISITES = {"note_recovery": ("warn",), "remove_login": ("set_login",)}
