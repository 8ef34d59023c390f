"""Routes of surveys: `/v1/surveys`, `/v1/survey_responses`, `/v1/survey_results`."""

from __future__ import annotations

from dataclasses import replace

from app.api.direct import Router
from app.api.record_routes import record_routes
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.reads import mount_reads
from app.api.routes import Routes
from app.governance.surveys.lifecycle import LIFECYCLE
from app.governance.surveys.queries import (
    ANSWERS,
    RESPONSES,
    RESULTS,
    SURVEY_CHILDREN,
    SURVEYS,
    SurveyOut,
)
from app.governance.surveys.routes import links

router = Router(prefix="/v1/surveys", tags=["surveys"])
# Before the routes of one survey, which would take `answers` for a survey's name.
links.mount(router)
mount_reads(router, SURVEYS)
mount_actions(router, LIFECYCLE, SurveyOut)
for _listing in SURVEY_CHILDREN:
    mount_child_listing(router, LIFECYCLE, SurveyOut, _listing)

_RESPONSES = record_routes(RESPONSES, "surveys", children=(ANSWERS,), in_views=False)
_RESULTS = record_routes(RESULTS, "surveys", children=(replace(ANSWERS),), in_views=False)

ROUTES = Routes(
    (router, *_RESPONSES.routers, *_RESULTS.routers),
    (SURVEYS,),
    without_views=(*_RESPONSES.without_views, *_RESULTS.without_views),
)
