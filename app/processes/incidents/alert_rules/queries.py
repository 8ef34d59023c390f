"""Schema of an alert rule."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import RecordOut
from app.foundation.people.queries import TEAMS
from app.processes.incidents.alert_rules.lifecycle import LIFECYCLE
from app.processes.incidents.alert_rules.records import AlertRule


class AlertRuleOut(RecordOut, of=AlertRule):
    """A rule for alerts: the assignment of their incidents, the grouping of alerts into incidents, and quiet
    times.
    """

    matchers: list[str] | None = Field(
        description="Conditions on labels, all of which must be true: `name=value` or `name!=value`; "
        "null for every alert."
    )
    group_by: list[str] | None = Field(
        description="Names of labels: alerts with equal values of all these labels belong to one "
        "incident; null if alerts are not grouped."
    )


ALERT_RULES = Listing(
    lifecycle=LIFECYCLE,
    shape=AlertRuleOut,
    filters=("state", "source", "service", "team", "added_at", "changed_at"),
    sorts=("precedence", "added_at"),
    expands=(TEAMS,),
)
