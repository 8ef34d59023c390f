"""The choice of the agreement that applies to a case, and of its target (24-service-levels, "Which agreement
applies").

A pure function of the agreements, the case's attributes and its opening: it need not be stored, since it can
be computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from app.common.records import CodeEnum
from app.common.times.business_time import ALWAYS_OPEN, BusinessTime, CalendarDefinition
from app.common.times.clocks import AgreementType
from app.service_level_engine.targets import Metric, Target, Targeting

Attributes = Mapping[str, str | None]


class TargetScope(CodeEnum):
    """The form of an agreement's scope. If several agreements fit a case, the one whose form is listed first
    applies.
    """

    service_customer_item = (
        "service_customer_item",
        "Service, customer and catalogue item",
        "服务、客户和目录项",
    )
    service_customer = "service_customer", "Service and customer", "服务和客户"
    service = "service", "Service", "服务"
    default = "default", "Default", "默认"
    team_service = "team_service", "Team and service", "团队和服务"
    team = "team", "Team", "团队"
    supplier_service = "supplier_service", "Supplier and service", "供应商和服务"
    supplier = "supplier", "Supplier", "供应商"
    #: No agreement.
    none = "none", "None", "无"


_RANK = {scope: rank for rank, scope in enumerate(TargetScope)}
#: The case's attribute that names the party of an agreement.
PARTY_ATTRIBUTE = {AgreementType.sla: "customer", AgreementType.ola: "team", AgreementType.uc: "supplier"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicableAgreement:
    """A version of an agreement, as far as the choice depends on it."""

    key: str
    version: int = 1
    agreement_type: AgreementType
    #: The customer of an SLA, the team of an OLA, the supplier of a UC. An SLA may be for all customers.
    party: str | None
    services: frozenset[str] = frozenset()
    catalogue_items: frozenset[str] = frozenset()
    calendar: str
    #: The validity; see `validity`.
    valid_from: datetime
    valid_until: datetime | None
    #: None: not signed, and never in force.
    signed_at: datetime | None
    signed_position: int | None
    #: When it was terminated, or expired early.
    ended_at: datetime | None = None
    ended_position: int | None = None
    #: The key and version of the agreement that it replaces.
    replaces: tuple[str, int] | None = None
    targets: tuple[Target, ...] = ()

    @property
    def scope(self) -> TargetScope | None:
        """The form of its scope; None for another form, which never fits."""
        if self.agreement_type is not AgreementType.sla:
            if self.party is None or self.catalogue_items:
                return None
            team = self.agreement_type is AgreementType.ola
            if self.services:
                return TargetScope.team_service if team else TargetScope.supplier_service
            return TargetScope.team if team else TargetScope.supplier
        named = (bool(self.services), self.party is not None, bool(self.catalogue_items))
        return _SLA_SCOPES.get(named)

    def fits(self, attributes: Attributes) -> bool:
        """Return whether the attributes of a case lie in the scope."""
        party = attributes.get(PARTY_ATTRIBUTE[self.agreement_type])
        return (
            (self.party is None or self.party == party)
            and (not self.services or attributes.get("service") in self.services)
            and (not self.catalogue_items or attributes.get("catalogue_item") in self.catalogue_items)
        )


_SLA_SCOPES = {
    (True, True, True): TargetScope.service_customer_item,
    (True, True, False): TargetScope.service_customer,
    (True, False, False): TargetScope.service,
    (False, False, False): TargetScope.default,
}


def validity(valid_from: date, valid_to: date | None, zone: str) -> tuple[datetime, datetime | None]:
    """Return the first instant of a validity in whole local days, and the first after it; None: open."""
    days = BusinessTime(CalendarDefinition(zone, ALWAYS_OPEN))
    return days.bounds_of(valid_from)[0], None if valid_to is None else days.bounds_of(valid_to)[1]


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening of a case, as of which agreements are chosen."""

    opened_at: datetime
    #: The position of the opening event in the log.
    position: int
    #: For an imported case: agreements that are known at this position count, whenever they were signed.
    #: None: all agreements.
    asked_position: int | None = None
    imported: bool = False

    def is_position_known(self, position: int | None) -> bool:
        """Return whether an event at that position counts for the choice."""
        if position is None:
            return False
        if self.imported:
            return self.asked_position is None or position <= self.asked_position
        return position < self.position


class TargetChoice(NamedTuple):
    """The agreement that applies to a case, and the form of scope by which it was chosen."""

    agreement: ApplicableAgreement | None
    why: TargetScope


def choose_agreement(
    agreements: Sequence[ApplicableAgreement],
    agreement_type: AgreementType,
    attributes: Attributes,
    opening: Opening,
) -> TargetChoice:
    """Return the most specific agreement of that type that was in force at the opening and fits.

    Among several equally specific ones, which `sign` refuses for equal scopes, it is the first in the list.
    """
    best: ApplicableAgreement | None = None
    why = TargetScope.none
    for agreement in in_force(agreements, agreement_type, opening):
        scope = agreement.scope
        if scope is not None and _RANK[scope] < _RANK[why] and agreement.fits(attributes):
            best, why = agreement, scope
    return TargetChoice(best, why)


def in_force(
    agreements: Sequence[ApplicableAgreement], agreement_type: AgreementType, opening: Opening
) -> list[ApplicableAgreement]:
    """Return the agreements of that type that were in force at the opening, as far as is known for it."""
    same = [agreement for agreement in agreements if agreement.agreement_type is agreement_type]
    replaced = {
        candidate.replaces for candidate in same if candidate.replaces and _has_begun(candidate, opening)
    }
    return [
        candidate
        for candidate in same
        if (candidate.key, candidate.version) not in replaced
        and _has_begun(candidate, opening)
        and not _is_over(candidate, opening)
    ]


def _has_begun(agreement: ApplicableAgreement, opening: Opening) -> bool:
    """Return whether it was in force by the opening, and so had replaced its predecessor."""
    if agreement.signed_at is None or not opening.is_position_known(agreement.signed_position):
        return False
    return agreement.valid_from <= opening.opened_at and (
        opening.imported or agreement.signed_at <= opening.opened_at
    )


def _is_over(agreement: ApplicableAgreement, opening: Opening) -> bool:
    if agreement.valid_until is not None and agreement.valid_until <= opening.opened_at:
        return True
    if agreement.ended_at is None or agreement.ended_at > opening.opened_at:
        return False
    return opening.is_position_known(agreement.ended_position)


def choose_target(targets: Iterable[Target], metric: Metric, attributes: Attributes) -> Target | None:
    """Return, of the targets of that metric, the one with the most conditions that all fit; of several, which
    `submit_for_review` refuses, the first.
    """
    best: Target | None = None
    for target in targets:
        if (
            target.metric is metric
            and (best is None or len(target.conditions) > len(best.conditions))
            and all(attributes.get(name) == value for name, value in target.conditions.items())
        ):
            best = target
    return best


def targeting_by(
    choose: Callable[[Attributes], ApplicableAgreement | None], metric: Metric, fixed: Attributes
) -> Targeting:
    """Return the targeting of a clock whose agreement `choose` finds; `fixed` are attributes that no event
    changes, such as `process`.
    """

    def target_of(attributes: Attributes) -> Target | None:
        having = {**attributes, **fixed}
        agreement = choose(having)
        return None if agreement is None else choose_target(agreement.targets, metric, having)

    return target_of


def conflicting_agreement(
    candidate: ApplicableAgreement, agreements: Sequence[ApplicableAgreement]
) -> ApplicableAgreement | None:
    """Return the first agreement with which the candidate may not be signed: another that is signed, of the
    same type, party and scope, in force at an instant of the candidate's validity.
    """
    signed = [
        agreement
        for agreement in agreements
        if agreement.signed_at is not None and agreement.signed_position is not None
    ]
    itself = (candidate.key, candidate.version)
    for rival in signed:
        if (rival.key, rival.version) == itself or _scope_key(rival) != _scope_key(candidate):
            continue
        replacing = [o.valid_from for o in (*signed, candidate) if o.replaces == (rival.key, rival.version)]
        ends = [end for end in (rival.valid_until, rival.ended_at, *replacing) if end is not None]
        if _overlap(candidate.valid_from, candidate.valid_until, rival.valid_from, min(ends, default=None)):
            return rival
    return None


def _scope_key(agreement: ApplicableAgreement) -> tuple[object, ...]:
    return agreement.agreement_type, agreement.party, agreement.services, agreement.catalogue_items


def _overlap(a: datetime, a_end: datetime | None, b: datetime, b_end: datetime | None) -> bool:
    begin = max(a, b)
    return all(end is None or begin < end for end in (a_end, b_end))


class TargetConditions(NamedTuple):
    """A target as far as it may tie with another: its id, its metric's key, its conditions."""

    id: str
    metric: str
    conditions: Mapping[str, str]


def tied_targets(targets: Sequence[TargetConditions]) -> tuple[str, ...]:
    """Return the ids of targets between which the choice would be open for some case, of the first metric
    that has such: two fit it with equally many conditions, and no target with more conditions fits.
    """
    for metric in dict.fromkeys(target.metric for target in targets):
        of_metric = [target for target in targets if target.metric == metric]
        tied: set[int] = set()
        for n, first in enumerate(of_metric):
            for m, other in enumerate(of_metric[:n]):
                if _tie(first, other, of_metric):
                    tied |= {n, m}
        if tied:
            return tuple(of_metric[n].id for n in sorted(tied))
    return ()


def _tie(first: TargetConditions, second: TargetConditions, targets: Sequence[TargetConditions]) -> bool:
    if len(first.conditions) != len(second.conditions):
        return False
    # The case with these values, and no other value named by a target, matches the fewest other targets.
    case = {**first.conditions, **second.conditions}
    if any(case[name] != value for name, value in first.conditions.items()):
        return False
    return not any(
        len(more.conditions) > len(first.conditions) and more.conditions.items() <= case.items()
        for more in targets
    )
