"""Routes of notices: `/v1/notices`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.notifications.lifecycle import LIFECYCLE
from app.notifications.queries import LISTING, NoticeOut, NoticeRenderer

router = APIRouter(prefix="/v1/notices", tags=["people"])
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, NoticeOut, renderer=NoticeRenderer)


ROUTES = Routes((router,))
