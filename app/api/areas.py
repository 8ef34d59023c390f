"""The areas of the contract: what a frontend is made for at a time. Each tag belongs to one area."""

from __future__ import annotations

#: The tags of each area.
AREAS: dict[str, tuple[str, ...]] = {
    "incidents": ("incidents", "tickets", "alerts", "attachments", "bulk"),
    "requests": ("requests", "catalogue", "checklists", "custom_fields", "costs"),
    "problems": ("problems", "articles"),
    "changes": ("changes", "releases", "deployments", "configuration"),
    "service_levels": ("slas", "calendars"),
    "improvement": ("improvements", "trainings"),
    "kpis": ("kpis", "attention"),
    "governance": (
        "audits",
        "conformance",
        "documents",
        "findings",
        "processes",
        "quality",
        "recognitions",
        "risks",
        "scorecards",
        "surveys",
    ),
    "meetings": ("meetings", "decisions"),
    "people": ("people", "assignment_rules", "views"),
    "service": ("service", "search", "events", "proofs", "imports", "webhooks", "subscriptions"),
}
