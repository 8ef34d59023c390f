"""Discoveries: the items that a tool has found are compared with the record, and each difference is settled
(lifecycle).

The file is compared above this package (app.exchange.discoveries), and what differs comes with the commands.

waiting ─► open ─► concluded       waiting ─► failed       waiting, open ─► discarded
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.cis.lifecycle import KEEPERS, MANAGERS
from app.foundation.cis.records import Ci
from app.foundation.discoveries.checks import (
    differences_unsettled,
    file_missing,
    found_in_the_future,
)
from app.foundation.discoveries.payloads import (
    CompareAgainDiscovery,
    ConcludeDiscovery,
    FailDiscovery,
    FinishComparison,
    KeepDiscovery,
    ListDifferences,
    RaiseAlterationsDiscovery,
    RecordDiscovery,
    SettleDiscovery,
    TakeOverDiscovery,
)
from app.foundation.discoveries.preparation import (
    ChangedDifferences,
    ChosenDifferences,
    ComparisonFigures,
    FoundDifferences,
    changed_since,
    differences_to_keep,
    differences_to_raise,
    differences_to_take_over,
    typed,
)
from app.foundation.discoveries.records import (
    ATTRIBUTE_PREFIX,
    DiscoveredKind,
    DiscoveredSettlement,
    Discovery,
    DiscoveryDifference,
    DiscoveryOwner,
)
from app.foundation.discoveries.records import DiscoveryState as State
from app.kernel.access.audience_rules import to_staff
from app.kernel.actions.actor_policy import rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import LONGEST_LINE, EmptyPayload
from app.kernel.actions.related import RelatedCommands, RelatedPart
from app.kernel.actions.rules import Rules, ValueTaken
from app.log.events import stream


def record(discovery: Discovery, body: RecordDiscovery, ctx: ActionContext) -> None:
    """Record a discovery: a file of configuration items that a tool has found is imported and then
    compared.
    """
    copy_fields(discovery, body, ctx, without="upload complete_classes columns")
    discovery.complete_classes = sorted({ci_class.value for ci_class in body.complete_classes})
    discovery.columns = dict(body.columns)
    discovery.upload_id = body.upload
    discovery.imported_by_id = ctx.caller.person_id
    discovery.difference_count = discovery.unsettled_count = 0


def list_differences(discovery: Discovery, body: ListDifferences, ctx: ActionContext) -> None:
    """List differences in the discovery: those that the comparison has found."""
    listed = ctx.prepared_if_any(FoundDifferences) or FoundDifferences()
    for fields in listed.differences:
        ctx.outcome.add(DiscoveryDifference(id=ctx.new_id(), record=discovery.row_key, **fields))
    discovery.difference_count = (discovery.difference_count or 0) + len(listed.differences)
    discovery.unsettled_count = (discovery.unsettled_count or 0) + len(listed.differences)


def finish_comparison(discovery: Discovery, body: FinishComparison, ctx: ActionContext) -> None:
    """Finish the comparison of the discovery: all differences are listed."""
    compared = ctx.prepared_if_any(ComparisonFigures) or ComparisonFigures({})
    for name, figure in compared.figures.items():
        setattr(discovery, name, figure)
    for person_id, count in compared.owners:
        ctx.outcome.add(
            DiscoveryOwner(
                id=ctx.new_id(), record=discovery.row_key, person_id=person_id, own_difference_count=count
            )
        )
    discovery.upload_id = None


def fail(discovery: Discovery, body: FailDiscovery, ctx: ActionContext) -> None:
    """Fail the discovery: its file cannot be compared."""
    copy_fields(discovery, body, ctx)
    discovery.upload_id = None


def take_over_differences(discovery: Discovery, body: TakeOverDiscovery, ctx: ActionContext) -> None:
    """Take over differences of the discovery: the items are corrected, planned or retired as found."""
    for difference in _settled_differences(discovery, body, ctx, DiscoveredSettlement.taken_over):
        difference.change = body.change
        if difference.kind is DiscoveredKind.new:
            difference.ci_id = ctx.new_id()


def keep_record(discovery: Discovery, body: KeepDiscovery, ctx: ActionContext) -> None:
    """Keep recorded values against the discovery: its file is wrong where it differs."""
    for difference in _settled_differences(discovery, body, ctx, DiscoveredSettlement.kept):
        difference.reason = body.reason
    if discovery.compared_count is not None:
        discovery.right_count = discovery.compared_count - ctx.prepared(ChosenDifferences).wrong_items


def raise_alterations(discovery: Discovery, body: RaiseAlterationsDiscovery, ctx: ActionContext) -> None:
    """Report alterations from the discovery: the items were altered, with or without a change."""
    for difference in _settled_differences(discovery, body, ctx, DiscoveredSettlement.raised):
        difference.change = body.change


def _settled_differences(
    discovery: Discovery, body: SettleDiscovery, ctx: ActionContext, settlement: DiscoveredSettlement
) -> list[DiscoveryDifference]:
    """Return the chosen differences, settled so."""
    settled = [ctx.outcome.change(listed.difference) for listed in ctx.prepared(ChosenDifferences).chosen]
    for difference in settled:
        _settle_difference(difference, ctx, settlement)
    discovery.unsettled_count = (discovery.unsettled_count or 0) - len(settled)
    return settled


def _settle_difference(
    difference: DiscoveryDifference, ctx: ActionContext, settlement: DiscoveredSettlement
) -> None:
    difference.settlement = settlement
    difference.settled_by_id = ctx.caller.person_id
    difference.settled_at = ctx.occurred_at


def compare_again(discovery: Discovery, body: CompareAgainDiscovery, ctx: ActionContext) -> None:
    """Compare differences of the discovery again, for items that have changed since the comparison."""
    for standing in ctx.prepared(ChangedDifferences).changed:
        difference = ctx.outcome.change(standing.difference)
        if standing.agrees:
            _settle_difference(difference, ctx, DiscoveredSettlement.gone)
            discovery.unsettled_count = (discovery.unsettled_count or 0) - 1
        else:
            difference.here = standing.value_now


def conclude(discovery: Discovery, body: ConcludeDiscovery, ctx: ActionContext) -> None:
    """Conclude the discovery: all differences are settled, and the figures are final."""
    discovery.summary = body.summary


def discard(discovery: Discovery, body: EmptyPayload, ctx: ActionContext) -> None:
    """Discard the discovery: it is given up, and its figures do not count."""
    discovery.upload_id = None


def _corrections(action_name: str, discovery: Discovery, body: TakeOverDiscovery, ctx: ActionContext) -> Any:
    """Return the commands by which items are corrected, of that action: one for each item."""
    payloads: dict[str, dict[str, Any]] = defaultdict(dict)
    places: dict[str, str] = {}
    chosen = ctx.prepared(ChosenDifferences)
    after = {row.id: row for _, row in ctx.outcome.changed if isinstance(row, DiscoveryDifference)}
    for n, listed in enumerate(chosen.chosen):
        difference = after[listed.difference.id]
        correction = _correction(difference, listed.attributes)
        if correction is None or correction[0] != action_name:
            continue
        assert difference.ci_id is not None
        name = stream(Ci.KIND, difference.ci_id)
        places.setdefault(name, f"differences/{n}" if chosen.named else "differences")
        payload = payloads[name]
        for field, new_value in correction[1].items():
            merged = payload.get(field)
            payload[field] = {**merged, **new_value} if isinstance(merged, dict) else new_value
    named = {} if body.change is None or action_name == "plan" else {"change": body.change}
    return [
        RelatedPart(name, {**fields, **named, "discovery": str(discovery.id)}, place=places[name])
        for name, fields in payloads.items()
    ]


def _correction(
    difference: DiscoveryDifference, attributes: dict[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """Return the action on the item by which the difference is taken over, and the fields of its payload."""
    if difference.kind is DiscoveredKind.new:
        return "plan", dict(difference.found_item or {})
    if difference.kind is DiscoveredKind.missing:
        return "retire", {}
    attribute, found_value = difference.attribute or "", difference.there or ""
    if attribute.startswith(ATTRIBUTE_PREFIX):
        key = attribute.removeprefix(ATTRIBUTE_PREFIX)
        return "change_attributes", {"attributes": {key: typed(found_value, attributes.get(key))}}
    return "edit", {
        attribute: [key for key in found_value.split(",") if key] if attribute == "services" else found_value
    }


def _correct_by(action_name: str) -> RelatedCommands:
    def corrections(discovery: Discovery, body: TakeOverDiscovery, ctx: ActionContext) -> list[RelatedPart]:
        return list(_corrections(action_name, discovery, body, ctx))

    return RelatedCommands(action=action_name, field="differences", parts=corrections)


def _alterations(
    discovery: Discovery, body: RaiseAlterationsDiscovery, ctx: ActionContext
) -> list[RelatedPart]:
    """Return the commands that count the alterations: one for each item."""
    notes: dict[str, list[str]] = defaultdict(list)
    for listed in ctx.prepared(ChosenDifferences).chosen:
        difference = listed.difference
        assert difference.ci_id is not None
        kind = (difference.kind or DiscoveredKind.differs).en
        note = f"{difference.attribute}: {difference.here} -> {difference.there}"
        notes[stream(Ci.KIND, difference.ci_id)].append(note if difference.attribute else kind)
    return [
        RelatedPart(
            name,
            {
                "found": "; ".join(texts)[:LONGEST_LINE],
                "change": body.change,
                "discovery": str(discovery.id),
            },
            place="differences",
        )
        for name, texts in notes.items()
    ]


CORRECT = tuple(_correct_by(name) for name in ("plan", "retire", "change_attributes", "edit"))
REPORT_ALTERATIONS = RelatedCommands(action="report_alteration", field="differences", parts=_alterations)
COMPARED = (
    RecipientRule(NoticeType.discovery_compared, roles=frozenset({Role.configuration_manager})),
    RecipientRule(NoticeType.discovery_compared, created=DiscoveryOwner, when="compared_count"),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="discovery", plural="discoveries", zh="配置发现", record=Discovery,
    visible=(to_staff(),),
    children=(DiscoveryDifference, DiscoveryOwner),
    rules=Rules(constraints={"discovery_key_key": ValueTaken("key")}),
    rows=(
        #      action             中文        from                        to               who       event
        action(record,            "导入",     NEW_RECORD,                State.waiting,   KEEPERS,  "discovery.imported",
               wrong=(file_missing, found_in_the_future)),
        action(list_differences,  "列出差异", [State.waiting],             STAYS,           rule,     "discovery.differences_listed"),
        action(finish_comparison, "完成比对", [State.waiting],             State.open,      rule,     "discovery.compared", notifies=COMPARED),
        action(fail,              "放弃比对", [State.waiting],             State.failed,    rule,     "discovery.failed"),
        action(take_over_differences, "采纳差异", [State.open],             STAYS,           MANAGERS, "discovery.differences_taken_over", name="take_over",
               prepare=(differences_to_take_over,), related=CORRECT),
        action(keep_record,       "保留记录", [State.open],                STAYS,           MANAGERS, "discovery.differences_kept", name="keep",
               prepare=(differences_to_keep,)),
        action(raise_alterations, "上报变更", [State.open],                STAYS,           MANAGERS, "discovery.alterations_raised",
               prepare=(differences_to_raise,), related=REPORT_ALTERATIONS),
        action(compare_again,     "重新比对", [State.open],                STAYS,           KEEPERS,  "discovery.compared_again",
               prepare=(changed_since,)),
        action(conclude,          "结束",     [State.open],                State.concluded, MANAGERS, "discovery.concluded",
               unless=(differences_unsettled,)),
        action(discard,           "作废",     [State.waiting, State.open], State.discarded, MANAGERS, "discovery.discarded"),
    ),
)
# fmt: on
