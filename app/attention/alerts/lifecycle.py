"""The lifecycle of alerts: raised when a sentence on what needs attention comes true, ended when it is not
true any more.

raised ─► ended
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.attention.alerts.records import AlertState as State
from app.attention.alerts.records import AttentionAlert
from app.attention.conditions import Severity
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.records import ForeignRef
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import Paragraph, Payload, Reference, ShortText, at_most_entries
from app.kernel.actions.rules import Rules, ValueTaken

#: Largest number of people who are notified of an alert.
MOST_RECIPIENTS = 400


class RaiseAttentionAlert(Payload, of=AttentionAlert):
    """The condition that has become true, and the persons to notify."""

    key: ShortText
    code: ShortText
    severity: Severity
    process: ShortText | None = None
    subject: ShortText | None = None
    title_en: Paragraph
    title_zh: Paragraph
    persons: Annotated[
        tuple[
            Annotated[
                Reference,
                ForeignRef("person", GivenDuty.recorded, retired=True),
                Responsible(NoticeType.attention_needed),
            ],
            ...,
        ],
        at_most_entries(MOST_RECIPIENTS),
    ] = Field(default=(), max_length=MOST_RECIPIENTS)


def raise_(alert: AttentionAlert, body: RaiseAttentionAlert, ctx: ActionContext) -> None:
    """Raise an attention alert: its condition has become true."""
    assert ctx.assigned.number is not None, "alerts have numbers"
    alert.number = ctx.assigned.number
    copy_fields(alert, body, ctx)


class EndAttentionAlert(Payload):
    """The persons to notify that the condition is no longer true."""

    persons: Annotated[
        tuple[
            Annotated[
                Reference,
                ForeignRef("person", GivenDuty.recorded, retired=True),
                Responsible(NoticeType.attention_ended),
            ],
            ...,
        ],
        at_most_entries(MOST_RECIPIENTS),
    ] = Field(
        default=(), max_length=MOST_RECIPIENTS, description="Persons who were notified of the condition."
    )


def end(alert: AttentionAlert, body: EndAttentionAlert, ctx: ActionContext) -> None:
    """End the alert: its condition is no longer true."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="attention_alert", plural="attention_alerts", zh="关注提醒",
    record=AttentionAlert, code="ALR",
    # A sentence is visible to people who may see its cases: administrators and auditors may see all.
    visible=(to_persons("person_ids"),), access=KindAccess(oversight=frozenset({Role.admin, Role.auditor})),
    rules=Rules(constraints={"attention_alert_raised_key": ValueTaken("key")}),
    rows=(
        #      action  中文    from            to            who   event
        action(raise_, "提醒", NEW_RECORD,     State.raised, rule, "attention_alert.raised"),
        action(end,    "结束", [State.raised], State.ended,  rule, "attention_alert.ended"),
    ),
)
# fmt: on
