"""An issue of Jira, as its webhooks tell of it at a time of a story."""

from __future__ import annotations

from datetime import datetime

from tests.client import Json
from tests.webhooks.orders import at

KIM = {"displayName": "Kim Koch", "accountId": "j-4"}
LIN = {"displayName": "Lin Li", "accountId": "j-3"}


def an_issue(number: int, minute: int, status: str, **more: object) -> Json:
    """A delivery on the issue of that number, which has that status by then."""
    fields = {
        "summary": "Basket stays empty",
        "description": "Since the last release.",
        "status": {"name": status},
        "priority": {"name": "Medium"},
        "assignee": None,
        "reporter": LIN,
        "created": at(0),
        "updated": at(minute),
    }
    return {
        "timestamp": int(datetime.fromisoformat(at(minute)).timestamp() * 1000),
        "webhookEvent": "jira:issue_created" if minute == 0 else "jira:issue_updated",
        "user": LIN,
        "issue": {
            "id": str(number),
            "key": f"SHOP-{number}",
            "self": f"https://jira.example.org/rest/api/2/issue/{number}",
            "fields": fields | more,
        },
    }


def the_story(number: int) -> list[Json]:
    """An issue that is created, taken, edited, put on hold, done and reopened."""
    changes = {"assignee": KIM, "priority": {"name": "High"}}
    done = changes | {"resolution": {"name": "Done"}}
    return [
        an_issue(number, 0, "To Do"),
        an_issue(number, 10, "In Progress", **changes),
        an_issue(number, 20, "In Progress", **changes, summary="Basket empty"),
        an_issue(number, 90, "Waiting for customer", **changes, summary="Basket empty"),
        an_issue(number, 120, "Done", **done, summary="Basket empty"),
        an_issue(number, 150, "Reopened", **changes, summary="Basket empty"),
    ]
