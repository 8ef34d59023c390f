"""The KPIs of incidents. Their exact meaning is what facts/incident.sql and raw/<key>.sql compute alike."""

from __future__ import annotations

from app.common.people import Role
from app.kpis.kpi import (
    Aggregate,
    Basis,
    Comparator,
    Direction,
    Kpi,
    Measure,
    Settling,
    StillOpen,
    Target,
    Unit,
    Words,
)

INCIDENTS_OPENED = Kpi(
    key="incidents_opened",
    en=Words(
        "Incidents opened",
        "Incidents reported in the period; cancelled ones and duplicates are counted and shown apart.",
    ),
    zh=Words("事件提出数", "期内上报的事件数；之后取消或判为重复的也计入，并另行列示。"),
    process="incident",
    owner=Role.incident_manager,
    fact="opened",
    measure=Measure.one,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.opened,
)

INCIDENTS_RESOLVED = Kpi(
    key="incidents_resolved",
    en=Words("Incidents resolved", "Incidents whose final resolution lies in the period; each counts once."),
    zh=Words("事件解决数", "最终解决时间在期内的事件数；每个事件只计一次。"),
    process="incident",
    owner=Role.incident_manager,
    fact="resolved",
    measure=Measure.one,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.none,
    basis=Basis.ended,
    settling=Settling.reopening,
)

INCIDENTS_CLOSED = Kpi(
    key="incidents_closed",
    en=Words(
        "Incidents closed",
        "Incidents that were closed for the last time in the period, also as duplicates; each once.",
    ),
    zh=Words("事件关闭数", "最后一次关闭在期内的事件数，含判为重复而关闭的；每个事件只计一次。"),
    process="incident",
    owner=Role.incident_manager,
    fact="closed",
    measure=Measure.one,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.none,
    basis=Basis.ended,
    settling=Settling.reopening,
)

INCIDENT_RESPONSE_SECONDS = Kpi(
    key="incident_response_seconds",
    en=Words(
        "Mean time to respond (MTTA)",
        "Seconds from the opening to the first acknowledgement or start by somebody who is not a rule, "
        "of incidents first responded to in the period.",
    ),
    zh=Words(
        "平均响应时间（MTTA）", "期内首次响应的事件，从提出到非规则执行的首次响应或开始处理所用的秒数。"
    ),
    process="incident",
    owner=Role.incident_manager,
    fact="responded",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.unanswered,
    target=Target(Comparator.lt, 900),
)

INCIDENT_RESOLUTION_SECONDS = Kpi(
    key="incident_resolution_seconds",
    en=Words(
        "Mean time to resolve (MTTR)",
        "Seconds from the opening to the final resolution, "
        "of incidents whose final resolution lies in the period.",
    ),
    zh=Words("平均故障恢复时间（MTTR）", "最终解决时间在期内的事件，从提出到最终解决所用的秒数。"),
    process="incident",
    owner=Role.incident_manager,
    fact="resolved",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unended,
    settling=Settling.reopening,
    target=Target(Comparator.lt, 7_200),
)

FIRST_RESOLUTION_SECONDS = Kpi(
    key="first_resolution_seconds",
    en=Words(
        "Mean time to first resolution",
        "Seconds from the opening to the first resolution, of incidents first resolved in the period, "
        "whether or not they were reopened.",
    ),
    zh=Words("平均首次解决时间", "期内首次解决的事件，从提出到首次解决所用的秒数，不论之后是否重开。"),
    process="incident",
    owner=Role.incident_manager,
    fact="first_resolved",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.never_resolved,
)

INCIDENT_CLOSE_SECONDS = Kpi(
    key="incident_close_seconds",
    en=Words(
        "Mean time to close",
        "Seconds from the opening to the last closing, of incidents closed for the last time in the period.",
    ),
    zh=Words("平均关闭时间", "最后一次关闭在期内的事件，从提出到最后一次关闭所用的秒数。"),
    process="incident",
    owner=Role.incident_manager,
    fact="closed",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.ended,
    still_open=StillOpen.unclosed,
    settling=Settling.reopening,
)

REOPENED_SHARE = Kpi(
    key="reopened_share",
    en=Words(
        "Share reopened",
        "Of the incidents whose final resolution lies in the period, "
        "the share that had been reopened at least once.",
    ),
    zh=Words("重开占比", "最终解决时间在期内的事件中，至少重开过一次的占比。"),
    process="incident",
    owner=Role.incident_manager,
    fact="resolved",
    measure=Measure.reopened,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

REASSIGNED_SHARE = Kpi(
    key="reassigned_share",
    en=Words(
        "Share reassigned",
        "Of the incidents whose final resolution lies in the period, "
        "the share that changed its team at least once; the first team is no change.",
    ),
    zh=Words("转派占比", "最终解决时间在期内的事件中，至少更换过一次团队的占比；首次分派不计。"),
    process="incident",
    owner=Role.incident_manager,
    fact="resolved",
    measure=Measure.reassigned,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

REASSIGNMENTS_PER_CASE = Kpi(
    key="reassignments_per_case",
    en=Words(
        "Reassignments per incident",
        "Changes of team after the first, per incident whose final resolution lies in the period.",
    ),
    zh=Words("单均转派次数", "最终解决时间在期内的事件，平均每个事件在首次分派之后更换团队的次数。"),
    process="incident",
    owner=Role.incident_manager,
    fact="resolved",
    measure=Measure.reassignments,
    aggregate=Aggregate.per_case,
    unit=Unit.number,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

BACKLOG = Kpi(
    key="backlog",
    en=Words("Backlog", "Incidents that are open at the period's end; of a running period, now."),
    zh=Words("积压", "期末尚未解决的事件数；未结束的期间以当前时刻计。"),
    process="incident",
    owner=Role.incident_manager,
    fact=None,
    measure=Measure.one,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.standing,
    still_open=StillOpen.unended,
)

KPIS = (
    INCIDENTS_OPENED,
    INCIDENTS_RESOLVED,
    INCIDENTS_CLOSED,
    INCIDENT_RESPONSE_SECONDS,
    INCIDENT_RESOLUTION_SECONDS,
    FIRST_RESOLUTION_SECONDS,
    INCIDENT_CLOSE_SECONDS,
    REOPENED_SHARE,
    REASSIGNED_SHARE,
    REASSIGNMENTS_PER_CASE,
    BACKLOG,
)
