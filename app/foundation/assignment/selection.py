"""Selection of the rule that matches a ticket, and of the assignee from the team (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.common.priorities.priority import Priority
from app.common.records import CodeEnum
from app.foundation.assignment.records import AssignmentRule, CalendarHours, StaffedHours


class MismatchReason(CodeEnum):
    """The reason why a rule does not match a ticket."""

    service = "service", "The rule is for another service.", "适用于其他服务。"
    category = "category", "The rule is for another category.", "适用于其他分类。"
    customer = "customer", "The rule is for another customer.", "适用于其他客户。"
    priority = "priority", "The rule is for other priorities.", "适用于其他优先级。"
    nobody_works = "nobody_works", "No one in the team is at work then.", "当时该团队无人上班。"
    somebody_works = "somebody_works", "Someone in the team is at work then.", "当时该团队有人上班。"
    calendar_closed = (
        "calendar_closed",
        "The calendar of the rule is closed then.",
        "当时不在规则日历的开放时间内。",
    )
    calendar_open = "calendar_open", "The calendar of the rule is open then.", "当时在规则日历的开放时间内。"
    team_retired = "team_retired", "The team of the rule is retired.", "规则指定的团队已撤销。"
    team_without_members = (
        "team_without_members",
        "The team of the rule has no active member.",
        "规则指定的团队没有在职成员。",
    )


@dataclass(frozen=True, slots=True)
class TicketAttributes:
    """The attributes of a ticket that rules match; None: the ticket has no such value."""

    process: str
    service: str | None = None
    category: str | None = None
    priority: Priority | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PersonAvailability:
    """Conditions at an instant that rules depend on besides the ticket: the teams in which somebody is
    `working`, the keys of the calendars that are `open`, and the teams that are assigned nothing any more,
    since they are `retired` or `unstaffed`.
    """

    working: Collection[UUID] = ()
    open: Collection[str] = ()
    retired: Collection[UUID] = ()
    unstaffed: Collection[UUID] = ()


def mismatch_reason(
    rule: AssignmentRule, ticket: TicketAttributes, availability: PersonAvailability
) -> MismatchReason | None:
    """Return the first reason why the rule does not match the ticket; None: it matches."""
    is_staffed, is_open = hours_of(rule) in availability.working, rule.calendar in availability.open
    reasons = (
        (MismatchReason.service, rule.for_service not in (None, ticket.service)),
        (MismatchReason.category, rule.for_category not in (None, ticket.category)),
        (MismatchReason.customer, rule.for_customer_id not in (None, ticket.customer_id)),
        (MismatchReason.priority, bool(rule.priorities) and ticket.priority not in (rule.priorities or ())),
        (MismatchReason.nobody_works, rule.hours is StaffedHours.somebody_works and not is_staffed),
        (MismatchReason.somebody_works, rule.hours is StaffedHours.nobody_works and is_staffed),
        (MismatchReason.calendar_closed, rule.calendar_hours is CalendarHours.open and not is_open),
        (MismatchReason.calendar_open, rule.calendar_hours is CalendarHours.closed and is_open),
        (MismatchReason.team_retired, rule.to_team_id in availability.retired),
        (MismatchReason.team_without_members, rule.to_team_id in availability.unstaffed),
    )
    return next((reason for reason, holds in reasons if holds), None)


def hours_of(rule: AssignmentRule) -> UUID | None:
    """Return the id of the team whose staffed hours the rule refers to."""
    return rule.hours_of_id or rule.to_team_id


def by_position(rules: Iterable[AssignmentRule]) -> list[AssignmentRule]:
    """Return the rules in the order in which they are evaluated. Moving a rule changes that rule alone, and
    ties go by id, so concurrent moves still lead to one order.
    """
    return sorted(rules, key=lambda rule: (rule.position or 0, rule.id))


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The first rule that matches the ticket, if any, and why those before it do not, in order."""

    rule: AssignmentRule | None
    skipped: Sequence[tuple[AssignmentRule, MismatchReason]]


def first_match(
    rules: Iterable[AssignmentRule], ticket: TicketAttributes, availability: PersonAvailability
) -> RuleMatch:
    """Evaluate the rules in their order until one matches the ticket."""
    passed: list[tuple[AssignmentRule, MismatchReason]] = []
    for rule in by_position(rules):
        reason = mismatch_reason(rule, ticket, availability)
        if reason is None:
            return RuleMatch(rule, passed)
        passed.append((rule, reason))
    return RuleMatch(None, passed)


def round_robin(persons: Iterable[UUID], turns: Mapping[UUID, int]) -> UUID | None:
    """Return the person whose last turn is longest ago, those without a turn first; None without people.

    `turns` holds, by person, the log position of their last turn. As long as the persons stay the same, the
    numbers of their turns differ by one at most.
    """
    return min(persons, key=lambda person: (turns.get(person, 0), person), default=None)


def least_loaded(persons: Iterable[UUID], turns: Mapping[UUID, int], load: Mapping[UUID, int]) -> UUID | None:
    """Return the person with the fewest open tickets, and among equals the one whose turn it is; None without
    people.
    """
    return min(
        persons,
        key=lambda person: (load.get(person, 0), turns.get(person, 0), person),
        default=None,
    )
