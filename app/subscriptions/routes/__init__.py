"""Routes of subscriptions: `/v1/subscriptions`, their attempts, and what templates make of events."""

from __future__ import annotations

from app.api.routes import Routes
from app.subscriptions.queries import SUBSCRIPTIONS
from app.subscriptions.routes import attempts, subscriptions, templates

ROUTES = Routes((subscriptions.router, attempts.router, templates.router), (SUBSCRIPTIONS,))
