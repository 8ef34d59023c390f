"""The agreements as they were known at a position of the log, and the choice of those that apply to a case.

Events of an agreement count from its signature on, which fixes its terms; a renewal or an end counts from its
own position on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from app.common.times.clocks import AgreementType
from app.log.canonical import from_instant
from app.platform.db import Connection, fetch_rows
from app.service_level_engine.target_selection import (
    ApplicableAgreement,
    Attributes,
    Opening,
    choose_agreement,
    in_force,
    validity,
)
from app.service_level_engine.target_selection import choose_target as best_target
from app.service_level_engine.targets import CLOCK_METRICS, Metric, Target, Targeting
from app.service_levels.clocks.calendar_history import CalendarHistory

SIGNED = "sla.signed"
#: Events that end an agreement.
ENDINGS = frozenset({"sla.terminated", "sla.expired"})
# Every event of an agreement moves its stream's version.
SIGNATURE = """
select count(*) as agreements, coalesce(sum(h.version), 0) as versions, max(s.appended_at) as newest,
  current_database() as database
from fold.sla s join log.stream_head h on h.stream = 'sla/' || s.id where s.signed_at is not null"""
EVENTS = """
select e.stream, e.position, e.type, e.data from fold.sla s
cross join lateral (
  select stream, position, version, type, data from log.event where stream = 'sla/' || s.id offset 0
) e
where s.signed_at is not null
order by e.position"""
#: The fields that the choice, or a clock, depends on.
FIELDS = (
    *("agreement_type", "customer_id", "team_id", "supplier_id", "services", "catalogue_items", "calendar"),
    *("valid_from", "valid_to", "signed_at", "ended_at", "replaces_id", "targets", "reopen_days"),
    "begins_at",
)
_CLOCKS = frozenset(metric.value for metric in CLOCK_METRICS)
_CONDITIONS = ("process", "priority", "category", "service", "catalogue_item")


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a target: its agreement, and the form of scope by which that was chosen."""

    agreement_id: UUID
    agreement_type: AgreementType
    why: str
    reopen_days: int | None


@dataclass(slots=True)
class AgreementHistory:
    """All agreements that were ever signed, each as of the positions at which it changed.

    `origins` are those of targets, by the identity (`id`) of the target, which does not name its agreement.
    """

    editions: Sequence[tuple[int, ApplicableAgreement]] = ()
    origins: dict[int, Origin] = field(default_factory=dict)
    reopen_days: dict[str, int | None] = field(default_factory=dict)
    _positions: list[int] = field(default_factory=list)
    _as_of: dict[int, Sequence[ApplicableAgreement]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._positions = [position for position, _ in self.editions]

    def as_of(self, position: int) -> Sequence[ApplicableAgreement]:
        """Return the agreements as they were known just after that position."""
        place = bisect_right(self._positions, position)
        agreements = self._as_of.get(place)
        if agreements is None:
            by_key = {agreement.key: agreement for _, agreement in self.editions[:place]}
            agreements = self._as_of[place] = tuple(by_key.values())
        return agreements

    def has_any_agreement(self, position: int) -> bool:
        """Return whether any agreement was known just after that position."""
        return bool(self._positions) and self._positions[0] <= position

    def applying(self, process: str, opening: Opening, cut: int) -> ApplicableAgreements:
        """Return the agreements that apply to a case of that process: of an imported case those known at the
        position `cut`, of others those known at its opening.
        """
        return ApplicableAgreements(
            self, process, opening, self.as_of(cut if opening.imported else opening.position - 1)
        )


@dataclass(slots=True)
class ApplicableAgreements:
    """The agreements that apply to one case, as of its opening."""

    history: AgreementHistory
    process: str
    opening: Opening
    agreements: Sequence[ApplicableAgreement]
    _in_force: dict[AgreementType, Sequence[ApplicableAgreement]] = field(default_factory=dict)
    _chosen: dict[tuple[AgreementType, str | None, str | None, str | None], ApplicableAgreement | None] = (
        field(default_factory=dict)
    )

    def in_force(self, agreement_type: AgreementType) -> Sequence[ApplicableAgreement]:
        """Return the agreements of that type that were in force at the opening."""
        agreements = self._in_force.get(agreement_type)
        if agreements is None:
            of_type = [
                agreement for agreement in self.agreements if agreement.agreement_type is agreement_type
            ]
            agreements = in_force(of_type, agreement_type, self.opening) if of_type else []
            self._in_force[agreement_type] = agreements
        return agreements

    def choose(
        self, agreement_type: AgreementType, attributes: Attributes, party: str | None = None
    ) -> ApplicableAgreement | None:
        """Return the agreement of that type for a case with these attributes; for an OLA or UC the one with
        the party.
        """
        party_name = attributes.get("customer") if party is None else party
        key = agreement_type, party_name, attributes.get("service"), attributes.get("catalogue_item")
        if key in self._chosen:
            return self._chosen[key]
        candidates = self.in_force(agreement_type)
        agreement = None
        if candidates:
            having = {**attributes, "team": party, "supplier": party} if party else attributes
            agreement = choose_agreement(candidates, agreement_type, having, self.opening).agreement
        self._chosen[key] = agreement
        return agreement

    def metrics(self, agreement_type: AgreementType) -> list[Metric]:
        """Return the metrics that some agreement of that type has a target of for such cases, in order."""
        metrics = {
            target.metric
            for agreement in self.in_force(agreement_type)
            for target in agreement.targets
            if target.conditions.get("process") in (None, self.process)
        }
        return [metric for metric in CLOCK_METRICS if metric in metrics]

    def targeting(
        self, metric: Metric, agreement_type: AgreementType = AgreementType.sla, party: str | None = None
    ) -> Targeting:
        """Return the targeting of a clock of the case."""

        def target_of(attributes: Attributes) -> Target | None:
            agreement = self.choose(agreement_type, attributes, party)
            if agreement is None:
                return None
            return best_target(agreement.targets, metric, {**attributes, "process": self.process})

        return target_of

    def origin(self, target: Target) -> Origin:
        """Return the origin of a target that this object's targeting has returned."""
        return self.history.origins[id(target)]


_cache: tuple[tuple[Any, ...], AgreementHistory] | None = None


async def load_agreements(connection: Connection, calendars: CalendarHistory) -> AgreementHistory:
    """Return all signed agreements, read again only if one of them has changed since the last time."""
    global _cache  # noqa: PLW0603  # the cache is the process's
    (row,) = await fetch_rows(connection, SIGNATURE, ())
    signature = tuple(row.values())
    if _cache is None or _cache[0] != signature:
        rows = await fetch_rows(connection, EVENTS, ()) if row["agreements"] else []
        _cache = signature, agreement_history(rows, calendars)
    return _cache[1]


def agreement_history(rows: Sequence[Mapping[str, Any]], calendars: CalendarHistory) -> AgreementHistory:
    """Return the agreements from all their events, in the order of the log."""
    fields: dict[str, dict[str, Any]] = {}
    signed: dict[str, int] = {}
    ended: dict[str, int] = {}
    editions: list[tuple[int, ApplicableAgreement]] = []
    history = AgreementHistory()
    for row in rows:
        stream, position = row["stream"], row["position"]
        changes = orjson.loads(row["data"])["set"].get(stream) or {}
        news = {name: changes[name] for name in FIELDS if name in changes}
        before = fields.setdefault(stream, dict.fromkeys(FIELDS))
        before.update(news)
        if row["type"] == SIGNED:
            signed.setdefault(stream, position)
        if row["type"] in ENDINGS:
            ended[stream] = position
        if stream in signed and (news or signed[stream] == position):
            edition = _agreement(stream, before, signed[stream], ended.get(stream), calendars)
            editions.append((position, edition))
            _note_origins(history, edition, before)
    return AgreementHistory(editions, history.origins, history.reopen_days)


def _note_origins(
    history: AgreementHistory, agreement: ApplicableAgreement, fields: Mapping[str, Any]
) -> None:
    history.reopen_days[agreement.key] = fields["reopen_days"]
    if (why := agreement.scope) is not None:
        origin = Origin(UUID(agreement.key), agreement.agreement_type, why.value, fields["reopen_days"])
        history.origins.update({id(target): origin for target in agreement.targets})


def _agreement(
    stream: str, fields: Mapping[str, Any], signed: int, ended: int | None, calendars: CalendarHistory
) -> ApplicableAgreement:
    zone = calendars.version(fields["calendar"]).time_zone
    assert zone is not None
    valid_to = fields["valid_to"]
    begin, until = validity(
        date.fromisoformat(fields["valid_from"]), date.fromisoformat(valid_to) if valid_to else None, zone
    )
    replaced = fields["replaces_id"]
    if replaced is not None and fields["begins_at"] is not None:
        begin = from_instant(fields["begins_at"])  # not before its signature
    return ApplicableAgreement(
        key=stream.partition("/")[2],
        agreement_type=AgreementType(fields["agreement_type"]),
        party=fields["customer_id"] or fields["team_id"] or fields["supplier_id"],
        services=frozenset(fields["services"] or ()),
        catalogue_items=frozenset(fields["catalogue_items"] or ()),
        calendar=fields["calendar"],
        valid_from=begin,
        valid_until=until,
        signed_at=from_instant(fields["signed_at"]),
        signed_position=signed,
        ended_at=None if ended is None or fields["ended_at"] is None else from_instant(fields["ended_at"]),
        ended_position=ended,
        replaces=None if replaced is None else (replaced, 1),
        targets=tuple(
            _target(target, fields["calendar"]) for target in fields["targets"] if _is_clock(target)
        ),
    )


def _is_clock(target: Mapping[str, Any]) -> bool:
    return target["metric"] in _CLOCKS and target["threshold_seconds"] is not None


def _target(target: Mapping[str, Any], calendar: str) -> Target:
    return Target(
        id=target["id"],
        metric=Metric(target["metric"]),
        threshold_seconds=target["threshold_seconds"],
        calendar=target["calendar"] or calendar,
        pause_reasons=frozenset(target["pause_reasons"] or ()),
        pause_states=frozenset(target["pause_states"] or ()),
        warning_percents=tuple(target["warning_percents"] or ()),
        conditions={name: target[name] for name in _CONDITIONS if target.get(name) is not None},
    )
