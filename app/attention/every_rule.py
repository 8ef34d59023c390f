"""The rules by which something needs attention, and the filters that each obeys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.attention.conditions import AttentionCondition
from app.attention.reading import FILTERS, AttentionReader, FilterName
from app.attention.rules import (
    agreements,
    backlog,
    clocks,
    environments,
    incidents,
    integrations,
    outages,
    programme,
    quality,
    roles,
    signals,
    targets,
    templates,
    trust,
    yours,
)
from app.common.people import Role
from app.kernel.actions.lifecycle import Lifecycle
from app.processes.changes.lifecycle import LIFECYCLE as CHANGES
from app.processes.improvements.lifecycle import LIFECYCLE as IMPROVEMENTS
from app.processes.releases.lifecycle import LIFECYCLE as RELEASES
from app.webhooks.sources.lifecycle import LIFECYCLE as SOURCES


def _filters_of(lifecycle: Lifecycle[Any]) -> frozenset[FilterName]:
    """Return the filters that records of that kind have a field for."""
    fields = lifecycle.record.model_fields
    return frozenset(name for name, field in FILTERS.items() if field in fields)


ALL_FILTERS: frozenset[FilterName] = frozenset(FILTERS)
NO_FILTER: frozenset[FilterName] = frozenset()
OF_FIGURES: frozenset[FilterName] = frozenset({"team", "service"})
OF_SERVICES: frozenset[FilterName] = frozenset({"service"})


@dataclass(frozen=True, slots=True)
class AttentionRule:
    """A rule that finds conditions of these codes.

    `obeys` are the filters by which they can be narrowed: with another one they are left out. `one_filter`:
    by one of these alone, since figures are judged for teams and for services, and not for both at once.
    `only_for` is the role of the readers; None means everybody.
    """

    find: Callable[[AttentionReader], Awaitable[list[AttentionCondition]]]
    codes: tuple[str, ...]
    obeys: frozenset[FilterName] = ALL_FILTERS
    one_filter: bool = False
    only_for: Role | None = None

    def reaches(self, reader: AttentionReader) -> bool:
        """Return whether the reader may see the sentence of this rule; rules as readers see all."""
        caller = reader.caller
        return caller.is_rule or self.only_for is None or self.only_for in caller.role_codes

    def ignored_filters(self, reader: AttentionReader) -> list[FilterName]:
        """Return the filters chosen that the rule does not obey: if there are any, its conditions are left
        out.
        """
        chosen = list(reader.choice.filters)
        ignored = [name for name in chosen if name not in self.obeys]
        return chosen[1:] if self.one_filter and len(chosen) > 1 and not ignored else ignored


# Sentences about figures as a whole are kept, whatever filters are chosen.
RULES = (
    AttentionRule(trust.reconciliation, ("figures_differ", "not_reconciled")),
    AttentionRule(incidents.open_majors, ("major_incident",)),
    AttentionRule(incidents.unacknowledged, ("incident_unacknowledged",)),
    AttentionRule(clocks.clocks_due, ("clocks_due",)),
    AttentionRule(outages.services_down, ("service_down",)),
    AttentionRule(outages.budgets_burnt, ("service_budget", "service_budget_spent"), OF_SERVICES),
    AttentionRule(targets.missed, ("target_missed",), OF_FIGURES, one_filter=True),
    AttentionRule(targets.out_of_reach, ("target_out_of_reach",), NO_FILTER),
    AttentionRule(agreements.targets_missed, ("agreement_missed",), OF_FIGURES),
    AttentionRule(agreements.reviews_overdue, ("agreement_review_overdue",), OF_FIGURES),
    AttentionRule(signals.worse, ("kpi_worse",), OF_FIGURES, one_filter=True),
    AttentionRule(backlog.old_cases, ("backlog_old",)),
    AttentionRule(integrations.silent_sources, ("source_silent",), _filters_of(SOURCES)),
    AttentionRule(
        integrations.failed_deliveries, ("deliveries_failed",), _filters_of(SOURCES), only_for=Role.admin
    ),
    AttentionRule(integrations.unsent_mails, ("mails_unsent",), NO_FILTER, only_for=Role.admin),
    AttentionRule(programme.changes_unreviewed, ("change_unreviewed",), _filters_of(CHANGES)),
    AttentionRule(
        environments.unknown_environments,
        ("unknown_environment",),
        _filters_of(RELEASES) - {"priority"},
        only_for=Role.change_manager,
    ),
    AttentionRule(programme.steps_overdue, tuple(programme.OVERDUE.values()), _filters_of(IMPROVEMENTS)),
    AttentionRule(programme.benefits_faded, ("benefit_faded",), _filters_of(IMPROVEMENTS)),
    AttentionRule(programme.evidence_withdrawn, ("evidence_withdrawn",), _filters_of(IMPROVEMENTS)),
    AttentionRule(quality.unassessed, ("quality_unassessed",), NO_FILTER, only_for=Role.quality_manager),
    AttentionRule(roles.unheld, ("role_unheld",), NO_FILTER, only_for=Role.admin),
    AttentionRule(roles.posts_unheld, ("post_unheld",), NO_FILTER, only_for=Role.quality_manager),
    AttentionRule(templates.to_renew, ("template_to_renew",), NO_FILTER, only_for=Role.change_manager),
    AttentionRule(yours.waiting, (*yours.SECTIONS, "actions_wait"), NO_FILTER),
)
#: The rules of good news.
GOOD = (
    AttentionRule(programme.effects_confirmed, ("effect_confirmed",), _filters_of(IMPROVEMENTS)),
    AttentionRule(signals.better, ("kpi_better",), OF_FIGURES, one_filter=True),
)
