"""Routes of checklists: `/v1/checklists`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.edit import mount_edit
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.foundation.checklists.checklists import LIFECYCLE
from app.foundation.checklists.queries import CHECKLISTS, ChecklistOut

router = APIRouter(prefix="/v1/checklists", tags=["checklists"])
mount_reads(router, CHECKLISTS)
mount_actions(router, LIFECYCLE, ChecklistOut)
mount_edit(router, LIFECYCLE, ChecklistOut)


ROUTES = Routes((router,), (CHECKLISTS,))
