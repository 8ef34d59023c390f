"""Read side of group mappings and of the provider's groups: lists with filters and sorts, and routes."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.people.provisioning import directory_groups, group_mappings
from app.foundation.people.queries import TEAMS

GROUP_MAPPINGS = Listing(
    lifecycle=group_mappings.LIFECYCLE,
    filters=("state", "group_name", "joined_team", "added_at", "changed_at"),
    sorts=("added_at", "group_name"),
    expands=(TEAMS,),
)
DIRECTORY_GROUPS = Listing(
    lifecycle=directory_groups.LIFECYCLE,
    filters=("state", "name", "added_at", "changed_at"),
    sorts=("added_at", "name"),
)
