"""What there is in the present world."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from app.common.people import Role
from tests.client import Client, Json, an_incident

TEAM = "network"
#: A team of customers.
CUSTOMER = "bookkeeping"
#: A group that accepts what is made.
GROUP = "acceptance"
#: The support hours of services.
CALENDAR = "office-hours"
#: The id of nothing: what is really there, `said` puts in its place.
NOBODYS = "019a0000-0000-7000-8000-000000000000"
#: Ids of what there is in the present world, by kind; it puts them here when it is made.
IDS: dict[str, str] = {}

#: What a record is opened with that somebody with the role may see to, where not every one is theirs.
THEIRS: dict[tuple[str, str], Callable[[], Json]] = {
    ("category", "service_level_manager"): lambda: {"process": "request", "parent": None},
    ("category", "problem_manager"): lambda: {"process": "problem", "parent": None},
    # Neither sees the persons who could hold the posts.
    **{
        ("process_definition", role): lambda: {"owner": None, "executor": None}
        for role in ("requester", "integration")
    },
    # Who sees no incident of others names none.
    ("improvement_suggestion", "requester"): lambda: {"shown_by": [{"text": "38 % at first"}]},
    # Of what led to it each sees something else.
    **{
        ("process_change", role.value): lambda: {"origin": None, "no_origin_reason": "A new law. 新法规。"}
        for role in Role
    },
    # Not everybody sees others who may deputise.
    **{("absence", role.value): lambda: {"deputy": None} for role in Role},
    ("improvement_plan", "process_owner"): lambda: {"co_authors": [IDS["person"]]},
    # What stands is somebody else's than everybody's.
    ("audit", ""): lambda: {"head": IDS["assignee"]},
    ("scorecard", ""): lambda: {"person": IDS["it"]},
    ("finding", ""): lambda: {"person": IDS["assignee"], "owner": IDS["assignee"]},
    # What stands is somebody else's.
    ("risk", ""): lambda: {"owner": IDS["doer"]},
}

#: What somebody else opens it with, so that the reporter with that role sees it.
VISIBLE_TO: dict[tuple[str, str], Callable[[], Json]] = {
    ("ci", "integration"): lambda: {"owner": IDS["reporter"]},
}

#: Kinds whose records are for the person concerned, and hidden from auditors, too.
PRIVATE_KINDS = frozenset({"audit_point", "scorecard", "scorecard_rating"})

#: What tells one key from another.
NUMBERS = count()


async def another_incident(client: Client, path: str) -> Json:
    """An incident that is there besides."""
    return {"other": (await client.post_ok("/v1/incidents", an_incident()))["number"]}
