"""The rate at which an account makes records, comments, files and follows: by requests, bulk items and jobs.
Without HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.api.requests.limits import Quota
from app.common.people import Caller
from app.kernel.actions.lifecycle import Lifecycle
from app.platform.settings import Settings

WRITES_SECONDS = 600
#: Actions that everybody may carry out on what they see, as often as they like.
REPEATED = (
    "comment|correct_comment|attach|follow|unfollow|complain|rate|show|view|set_preferences|"
    "acknowledge_document|request_document_access|request_access"
)
#: Requests that make records, comments, files or follows, or are free to everybody, in which a person may
#: drown others.
WRITES = {
    "POST": re.compile(rf"/v1/[a-z_]+(/[^/]+/({REPEATED}))?|/(desk|portal)/.*"),
    "PUT": re.compile(r"/v1/(uploads|me)/.*"),
}
#: All requests of people without a staff role count, except these: they change nothing, are counted by their
#: content, or end a session.
UNCOUNTED = re.compile(
    r"/v1/([a-z_]+/bulk|events/tickets|sessions/current|.*/(check|preview|try_mapping))|/sign-.*|/mcp"
)
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class WriteRate:
    """The rate at which one account makes records, comments, files and follows. `counts_all`: whatever it
    does counts.
    """

    quota: Quota
    account: str
    counts_all: bool = False

    def counts(self, method: str, path: str) -> bool:
        """Return whether the request counts."""
        return is_write(method, path) or (
            self.counts_all and method in UNSAFE and UNCOUNTED.fullmatch(path) is None
        )

    def counts_action(self, lifecycle: Lifecycle[Any], action: str) -> bool:
        """Return whether the action counts, as single requests do."""
        return action in lifecycle.by_name and (self.counts_all or makes_content(lifecycle, action))

    def consume(self, uses: int = 1) -> bool:
        """Count so many of them; return False, and count nothing, if these are too many."""
        return self.quota.consume(self.account, uses)

    @property
    def remaining_writes(self) -> int:
        """How many more of them the account may make now."""
        return self.quota.remaining(self.account).left

    @property
    def retry_seconds(self) -> int:
        """The seconds until there is room for more."""
        return self.quota.remaining(self.account).seconds


@dataclass(frozen=True, slots=True)
class WriteQuotas:
    """The quotas of a process: of each person, and of each integration."""

    of_persons: Quota
    of_integrations: Quota

    @classmethod
    def of_settings(cls, settings: Settings) -> WriteQuotas:
        """Return new quotas, of which nothing is used."""
        return cls(
            Quota("person-writes", settings.person_writes, WRITES_SECONDS),
            Quota("integration-writes", settings.integration_writes, WRITES_SECONDS),
        )

    def rate_of(self, caller: Caller) -> WriteRate:
        """Return the rate of the caller's account."""
        quota = self.of_integrations if caller.is_machine else self.of_persons
        return WriteRate(quota, str(caller.person_id), not (caller.is_machine or caller.is_staff))


def is_write(method: str, path: str) -> bool:
    """Return whether the request makes a record, comment, file or follow."""
    pattern = WRITES.get(method)
    return pattern is not None and pattern.fullmatch(path) is not None


def makes_content(lifecycle: Lifecycle[Any], action: str) -> bool:
    """Return whether the action makes a record, comment, file or follow, as single requests are counted."""
    row = lifecycle.by_name.get(action)
    return row is not None and (row.opens or is_write("POST", f"/v1/{lifecycle.plural}/-/{action}"))
