"""Routes that follow from the list of a kind of record."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.direct import Router
from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.edit import mount_edit
from app.api.records.reads import mount_reads
from app.api.routes import Routes


def record_routes(
    listing: Listing,
    tag: str | None = None,
    *,
    children: Sequence[ChildListing] = (),
    in_views: bool = True,
) -> Routes:
    """Return the routes of a kind of record that has no others: its list, one record, its events, an
    operation for each of its actions, and the lists of its `children`.

    They stand under its plural name, and under the `tag` of the contract (None: its plural name). `in_views`:
    views of the list can be saved.
    """
    lifecycle, shape, renderer = listing.lifecycle, listing.shape, listing.renderer
    router = Router(prefix=f"/v1/{lifecycle.plural}", tags=[tag or lifecycle.plural])
    mount_reads(router, listing)
    mount_actions(router, lifecycle, shape, renderer=renderer)
    if any(row.name == "edit" for row in lifecycle.rows):
        mount_edit(router, lifecycle, shape, renderer=renderer)
    for child in children:
        mount_child_listing(router, lifecycle, shape, child)
    return Routes((router,), (listing,)) if in_views else Routes((router,), without_views=(listing,))
