"""Actions that judge the work of others, as their rows declare it."""

from __future__ import annotations

from app.foundation.decisions.authorship import authors_do_not_judge
from app.registry import LIFECYCLES_BY_KIND


def judges_others_work(kind: str, action: str, *, of_tickets: bool) -> bool:
    """Whether a check of the action refuses those who have made any of what it judges, and the kind is one of
    tickets, or not: everybody opens tickets, and others work on them.
    """
    lifecycle = LIFECYCLES_BY_KIND[kind]
    row, is_ticket = lifecycle.by_name.get(action), "assign" in lifecycle.by_name
    made_there = f"{authors_do_not_judge.__qualname__}."
    checks = () if row is None or is_ticket is not of_tickets else row.checks.wrong
    return any(getattr(check, "__qualname__", "").startswith(made_there) for check in checks)
