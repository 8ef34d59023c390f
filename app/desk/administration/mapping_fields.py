"""Fields of a webhook mapping as its form shows them: labels, kinds of values, and codes (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.common.children import Visibility
from app.common.faces import BilingualLabel
from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.records import CodeEnum
from app.common.tickets import Channel
from app.processes.deployments.records import DeploymentState
from app.processes.incidents.records import Effect, IncidentState, ResolutionCode
from app.processes.requests.records import RequestState


class EntryKind(StrEnum):
    """Content that an entry of a mapping reads from a delivery."""

    ticket = "ticket"
    request = "request"
    alert = "alert"
    comment = "comment"
    deployment = "deployment"


ENTRY_LABELS: Mapping[EntryKind, BilingualLabel] = {
    EntryKind.ticket: BilingualLabel("A ticket of the tool", "工具中的工单"),
    EntryKind.request: BilingualLabel("A service request of the tool", "工具中的服务请求"),
    EntryKind.alert: BilingualLabel("An alert", "告警"),
    EntryKind.comment: BilingualLabel("A comment on a ticket", "工单的评论"),
    EntryKind.deployment: BilingualLabel("A deployment", "部署"),
}


@dataclass(frozen=True, slots=True)
class MappingField:
    """A field that an entry can set: its key in the entry, with a dot where it stands in a table, and its
    label. `codes` are its possible values, by code; `is_named`: names of the tool can be translated.
    """

    key: str
    label: BilingualLabel
    is_required: bool = False
    is_time: bool = False
    codes: Mapping[str, BilingualLabel] | None = None
    is_named: bool = False

    @property
    def name(self) -> str:
        """The key without its table: that of its table of values."""
        return self.key.rpartition(".")[2]

    @property
    def has_values(self) -> bool:
        """Whether values of the tool can be translated."""
        return self.codes is not None or self.is_named


#: No change: the code that leaves a field as it is.
UNCHANGED = "keep"
_UNCHANGED_CODE = {UNCHANGED: BilingualLabel("(leave unchanged)", "（保持不变）")}


def _codes(codes: type[CodeEnum]) -> dict[str, BilingualLabel]:
    return {code.value: BilingualLabel(code.en, code.zh) for code in codes} | _UNCHANGED_CODE


def _field(key: str, en: str, zh: str) -> MappingField:
    return MappingField(key, BilingualLabel(en, zh))


def _required(key: str, en: str, zh: str) -> MappingField:
    return MappingField(key, BilingualLabel(en, zh), is_required=True)


def _time(key: str, en: str, zh: str) -> MappingField:
    return MappingField(key, BilingualLabel(en, zh), is_time=True)


def _coded(key: str, en: str, zh: str, codes: type[CodeEnum]) -> MappingField:
    return MappingField(key, BilingualLabel(en, zh), codes=_codes(codes))


def _named(key: str, en: str, zh: str) -> MappingField:
    return MappingField(key, BilingualLabel(en, zh), is_named=True)


def _ticket(states: type[CodeEnum]) -> tuple[MappingField, ...]:
    return (
        _required("case", "Permanent ID in the tool", "工具中的永久标识"),
        _field("fields.title", "Title", "标题"),
        _coded("status", "Status", "状态", states),
        _field("fields.description", "Description", "描述"),
        _coded("fields.priority", "Priority", "优先级", Priority),
        _field("fields.requester", "Requester", "请求人"),
        _field("fields.assignee", "Assignee", "受理人"),
        _time("at", "Time of the change (none: time of receipt)", "变更时间（不填：接收时间）"),
        _field("number", "Number that people use in the tool", "工具中的编号"),
        _field("url", "Address in the tool", "工具中的地址"),
        _field("actor", "Person who changed it", "操作人"),
        _time("opened_at", "Opened at", "建立时间"),
        _time("resolved_at", "Resolved at", "解决时间"),
        _named("fields.service", "Service", "服务"),
        _named("fields.category", "Category", "类别"),
        _named("fields.ci", "Configuration item", "配置项"),
        _named("fields.team", "Team", "团队"),
        _coded("fields.impact", "Impact", "影响度", Impact),
        _coded("fields.urgency", "Urgency", "紧急度", Urgency),
        _coded("fields.channel", "Channel", "渠道", Channel),
        _field("fields.tags", "Tags", "标签"),
        _field("fields.assignees", "All assignees", "全部受理人"),
    )


_ALERT_STATUSES = {
    "firing": BilingualLabel("Firing", "告警中"),
    "acknowledged": BilingualLabel("Acknowledged", "已确认"),
    "cleared": BilingualLabel("Cleared", "已恢复"),
} | _UNCHANGED_CODE
FIELDS: Mapping[EntryKind, tuple[MappingField, ...]] = {
    EntryKind.ticket: (
        *_ticket(IncidentState),
        _coded("fields.effect", "Effect on the service", "对服务的影响", Effect),
        _coded("fields.resolution_code", "Resolution code", "解决代码", ResolutionCode),
        _field("fields.resolution", "Resolution", "解决方案"),
        _field("fields.cause", "Cause", "原因"),
        _field("is_request", "Whether it is a service request", "是否为服务请求"),
    ),
    EntryKind.request: _ticket(RequestState),
    EntryKind.alert: (
        _required("source", "Source of the alert", "告警来源"),
        _required("dedup_key", "What identifies the alert", "告警的标识"),
        MappingField("status", BilingualLabel("Status", "状态"), is_required=True, codes=_ALERT_STATUSES),
        _required("title", "Title", "标题"),
        _field("description", "Description", "描述"),
        _time("alerted_at", "Fired at", "触发时间"),
        _time("cleared_at", "Cleared at", "恢复时间"),
        _coded("impact", "Impact", "影响度", Impact),
        _coded("urgency", "Urgency", "紧急度", Urgency),
        _coded("effect", "Effect on the service", "对服务的影响", Effect),
        _named("service", "Service", "服务"),
        _named("ci", "Configuration item", "配置项"),
        _named("category", "Category", "类别"),
        _field("labels", "Labels", "标签"),
        _field("links", "Links", "链接"),
        _field("truncated", "Number of alerts left out", "省略的告警数"),
    ),
    EntryKind.comment: (
        _required("case", "Permanent ID of the ticket in the tool", "工单在工具中的永久标识"),
        _required("id", "ID of the comment", "评论的标识"),
        _required("text", "Text", "正文"),
        _field("author", "Author", "作者"),
        _time("at", "Time of the comment (none: time of receipt)", "评论时间（不填：接收时间）"),
        _coded("visibility", "Visibility", "可见范围", Visibility),
    ),
    EntryKind.deployment: (
        _required("pipeline", "Pipeline", "流水线"),
        _required("run", "Pipeline run", "流水线运行"),
        _required("environment", "Environment", "环境"),
        MappingField(
            "status", BilingualLabel("Status", "状态"), is_required=True, codes=_codes(DeploymentState)
        ),
        _time("started_at", "Started at", "开始时间"),
        _time("at", "Time of the change (none: time of receipt)", "变更时间（不填：接收时间）"),
        _named("service", "Service", "服务"),
    ),
}
