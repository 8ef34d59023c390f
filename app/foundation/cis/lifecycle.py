"""Configuration items: planned, live, maintained, retired; their attributes and relations (lifecycle).

planned ─► live ⇄ maintenance ─► retired       planned, live ─► retired
"""

from __future__ import annotations

from app.common.people import Role
from app.foundation.cis.alterations import (
    alteration_to_regularise,
    authorisation,
    change_does_not_regularise,
    note_alteration,
    nothing_to_regularise,
    regularise,
)
from app.foundation.cis.checks import cannot_be_related, too_many_attributes
from app.foundation.cis.payloads import (
    ChangeAttributesCi,
    CiAlteration,
    EditCi,
    PlanCi,
    RelateCi,
    ReportAlterationCi,
    UnrelateCi,
)
from app.foundation.cis.preparation import EndedRelation, ended_relation
from app.foundation.cis.records import Ci, CiRelation
from app.foundation.cis.records import CiState as State
from app.foundation.editing import apply_patch
from app.foundation.people.succession.handing_over import succession_rows
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.actions.actor_policy import change_manager, configuration_manager, engineer, integration, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.rules import RetryDecision, Rules, ValueTaken


def plan(ci: Ci, body: PlanCi, ctx: ActionContext) -> None:
    """Plan a configuration item, or record one that was found."""
    copy_fields(ci, body, ctx)
    if ctx.caller.has_role(Role.integration, ci):
        ci.found_by_id = ctx.caller.person_id
    ci.unauthorised = False
    ci.unauthorised_count = 0
    ci.alteration_count = 0


def go_live(ci: Ci, body: CiAlteration, ctx: ActionContext) -> None:
    """Go live with the item: it is in use from then on."""


def begin_maintenance(ci: Ci, body: CiAlteration, ctx: ActionContext) -> None:
    """Begin maintenance of the item: people work on it, and it may be unavailable."""
    note_alteration(ci, ctx)


def end_maintenance(ci: Ci, body: CiAlteration, ctx: ActionContext) -> None:
    """End maintenance of the item: it is in use again."""
    note_alteration(ci, ctx)


def retire(ci: Ci, body: CiAlteration, ctx: ActionContext) -> None:
    """Retire the item: it no longer exists. Its history stays."""
    note_alteration(ci, ctx)


def change_attributes(ci: Ci, body: ChangeAttributesCi, ctx: ActionContext) -> None:
    """Change attributes of the item: set them or remove them."""
    merged = {**(ci.attributes or {}), **body.attributes}
    ci.attributes = {key: value for key, value in merged.items() if value is not None}
    note_alteration(ci, ctx)


def edit(ci: Ci, body: EditCi, ctx: ActionContext) -> None:
    """Edit the item: its name, its owner or the services that depend on it."""
    apply_patch(ci, body, ctx)
    note_alteration(ci, ctx)


def relate(ci: Ci, body: RelateCi, ctx: ActionContext) -> None:
    """Relate the item to another one, by a relation of that kind."""
    ctx.outcome.add(
        CiRelation(
            id=ctx.new_id(),
            record=ci.row_key,
            from_ci_id=ci.id,
            kind=body.kind,
            to_ci_id=ctx.required_ref(Ci, "other").id,
            related_at=ctx.occurred_at,
        )
    )
    note_alteration(ci, ctx)


def unrelate(ci: Ci, body: UnrelateCi, ctx: ActionContext) -> None:
    """Unrelate the item: its relation of that kind to the other item ends."""
    ctx.outcome.remove(ctx.prepared(EndedRelation).relation)
    note_alteration(ci, ctx)


def report_alteration(ci: Ci, body: ReportAlterationCi, ctx: ActionContext) -> None:
    """Report an alteration of the item: it was not recorded. The recorded values stay."""
    note_alteration(ci, ctx)


MANAGERS = configuration_manager | rule
KEEPERS = MANAGERS | engineer
FINDERS = KEEPERS | integration
JUDGES = configuration_manager | change_manager
NOT_RETIRED = (State.planned, State.live, State.maintenance)
WENT_LIVE = (State.live, State.maintenance, State.retired)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="ci", plural="cis", zh="配置项", record=Ci,
    # Integrations are not staff: they see only the items that they found.
    visible=(to_staff(), to_persons("owner_id", "found_by_id")), children=(CiRelation,),
    lookup=Lookup(searched_fields=("key", "name"), retired={State.retired: "ci_retired"}),
    rules=Rules(constraints={"ci_key_key": ValueTaken("key"), "ci_relation_meanwhile": RetryDecision()}),
    rows=(
        #      action             中文        from                 to                 who       event
        action(plan,              "计划",     NEW_RECORD,          State.planned,     FINDERS,  "ci.planned"),
        action(go_live,           "上线",     [State.planned],     State.live,        KEEPERS,  "ci.went_live"),
        action(begin_maintenance, "开始维护", [State.live],        State.maintenance, KEEPERS,  "ci.maintenance_begun",
               prepare=(authorisation,)),
        action(end_maintenance,   "结束维护", [State.maintenance], State.live,        KEEPERS,  "ci.maintenance_ended",
               prepare=(authorisation,)),
        action(retire,            "退役",     NOT_RETIRED,         State.retired,     MANAGERS, "ci.retired",
               prepare=(authorisation,)),
        action(change_attributes, "变更属性", NOT_RETIRED,         STAYS,             FINDERS,  "ci.attributes_changed",
               prepare=(authorisation,), wrong=(too_many_attributes,)),
        action(edit,              "编辑",     NOT_RETIRED,         STAYS,             KEEPERS,  "ci.edited",
               prepare=(authorisation,)),
        action(relate,            "建立关系", NOT_RETIRED,         STAYS,             FINDERS,  "ci.related",
               prepare=(authorisation,), wrong=(cannot_be_related,)),
        action(unrelate,          "解除关系", NOT_RETIRED,         STAYS,             FINDERS,  "ci.unrelated",
               prepare=(ended_relation, authorisation)),
        action(report_alteration, "上报变更", WENT_LIVE,           STAYS,             MANAGERS, "ci.alteration_reported",
               prepare=(authorisation,)),
        action(regularise,        "补办变更", WENT_LIVE,           STAYS,             JUDGES,   "ci.regularised",
               unless=(nothing_to_regularise,), prepare=(alteration_to_regularise,), wrong=(change_does_not_regularise,)),
        *succession_rows("ci", State),
    ),
)
# fmt: on
