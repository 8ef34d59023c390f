"""Routes of applications for changes of processes: `/v1/process_changes`."""

from __future__ import annotations

from app.api.direct import DirectRoute, Router
from app.api.listings.lists import Listing
from app.api.records.actions import mount_actions
from app.api.records.reads import mount_reads
from app.api.records.shapes import RecordOut
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.foundation.people.queries import PERSONS
from app.governance.process_changes.lifecycle import LIFECYCLE
from app.governance.process_changes.preparation import CHANGE
from app.governance.process_changes.records import ProcessChange
from app.ticketing.routes.children import mount_children


class ProcessChangeOut(RecordOut, of=ProcessChange):
    """An application for a change of a process."""


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ProcessChangeOut,
    filters=("state", "process", "applicant", "applied_at", "due_at", "changed_at"),
    sorts=("due_at", "applied_at", "changed_at"),
    expands=(PERSONS,),
)
router = Router(prefix="/v1/process_changes", tags=["processes"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ProcessChangeOut)
mount_children(router, LIFECYCLE, ProcessChangeOut)
mount_approval_preview(router, LISTING, (CHANGE,))


ROUTES = Routes((router,), (LISTING,))
