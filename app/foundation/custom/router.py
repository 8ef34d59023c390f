"""Routes of custom fields: `/v1/custom_fields`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.edit import mount_edit
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.foundation.custom.fields import LIFECYCLE
from app.foundation.custom.queries import CUSTOM_FIELDS, CustomFieldOut

router = APIRouter(prefix="/v1/custom_fields", tags=["custom_fields"])
mount_reads(router, CUSTOM_FIELDS)
mount_actions(router, LIFECYCLE, CustomFieldOut)
mount_edit(router, LIFECYCLE, CustomFieldOut)


ROUTES = Routes((router,), (CUSTOM_FIELDS,))
