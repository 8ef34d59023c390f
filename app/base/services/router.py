"""Where the catalogue is: `/v1/services`, `/v1/catalogue_items`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.edit import mount_edit
from app.api.reads import mount_reads
from app.base.services import items, services
from app.base.services.queries import CATALOGUE_ITEMS, SERVICES, CatalogueItemOut, ServiceOut

router = APIRouter(prefix="/v1", tags=["catalogue"])
mount_reads(router, SERVICES, prefix="/services")
mount_reads(router, CATALOGUE_ITEMS, prefix="/catalogue_items")
mount_actions(router, services.LIFECYCLE, ServiceOut, prefix="/services")
mount_edit(router, services.LIFECYCLE, ServiceOut, prefix="/services")
mount_actions(router, items.LIFECYCLE, CatalogueItemOut, prefix="/catalogue_items")
mount_edit(router, items.LIFECYCLE, CatalogueItemOut, prefix="/catalogue_items")
