"""Routes of requests: `/v1/requests`."""

from __future__ import annotations

from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.routes import Routes
from app.foundation.documents.router import mount_document_pages
from app.processes.requests.documents.printing import print_document
from app.processes.requests.lifecycle import LIFECYCLE
from app.processes.requests.queries import CHILD_LISTINGS, LISTING, RequestOut
from app.service_levels.clocks.answers.routes import mount_clocks
from app.ticketing.routes.children import mount_children

router = Router(prefix="/v1/requests", tags=["requests"], route_class=DirectRoute)
reads.mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_clocks(router, LISTING)
mount_actions(router, LIFECYCLE, RequestOut)
mount_edit(router, LIFECYCLE, RequestOut)
mount_children(router, LIFECYCLE, RequestOut, CHILD_LISTINGS)
mount_document_pages(router, LISTING, print_document)


ROUTES = Routes((router,), (LISTING,))
