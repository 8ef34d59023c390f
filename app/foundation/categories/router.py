"""Routes of categories: `/v1/categories`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.edit import mount_edit
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.foundation.categories.categories import LIFECYCLE
from app.foundation.categories.queries import CATEGORIES, CategoryOut

router = APIRouter(prefix="/v1/categories", tags=["catalogue"])
mount_reads(router, CATEGORIES)
mount_actions(router, LIFECYCLE, CategoryOut)
mount_edit(router, LIFECYCLE, CategoryOut)


ROUTES = Routes((router,), (CATEGORIES,))
