"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.api.routes import Routes
from app.foundation.people.provisioning.queries import DIRECTORY_GROUPS, GROUP_MAPPINGS

_MAPPINGS, _GROUPS = record_routes(GROUP_MAPPINGS, "people"), record_routes(DIRECTORY_GROUPS, "people")


ROUTES = Routes((*_MAPPINGS.routers, *_GROUPS.routers), (*_MAPPINGS.listings, *_GROUPS.listings))
