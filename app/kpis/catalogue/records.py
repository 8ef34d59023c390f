"""KPIs of the quality of the records (late entry, irregular histories, unknown keys): how far the other KPIs
can be trusted.
"""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import BY_SOURCE, OF_REQUESTS
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.still_open import StillOpen

incident_kpi = partial(Kpi, process="incident", owner=Role.incident_manager)
request_kpi = partial(Kpi, process="request", owner=Role.process_owner)

LATE_RECORDING_SECONDS = incident_kpi(
    key="late_recording_seconds",
    en=KpiTexts(
        "Delay of recording",
        "Mean time from the opening or final resolution of incidents to its recording, for what was "
        "recorded in the period. Median and 90th percentile are shown next to it. Imports are excluded. By "
        "team, an opening counts for the first team, a resolution for the team at that time.",
        "Later recording changes the other figures of a period. Most is recorded at once; see the 90th "
        "percentile and the share of more than a day.",
    ),
    zh=KpiTexts(
        "记录延迟",
        "期内录入的事件提出和最终解决，从实际发生到录入系统的平均时长；中位数和 P90 另行列出。导入的不计入。"
        "按团队查看时，提出归首个团队，解决归当时所属的团队。",
        "补录会改变已过去期间的其他指标。多数都是即时录入的，请看 P90 和“超过一天才录入的占比”。",
    ),
    fact="recorded",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.unended,
    dimensions=BY_SOURCE,
)

LATE_RECORDING_SHARE = incident_kpi(
    key="late_recording_share",
    en=KpiTexts(
        "Recorded more than a day late",
        "Share of openings and final resolutions of incidents that were recorded more than 24 hours late, "
        "among those recorded in the period. Imports are excluded.",
        "It shows how provisional all other figures are. A corrected opening counts from its corrected time.",
    ),
    zh=KpiTexts(
        "超过一天才录入的占比",
        "期内录入的事件提出和最终解决中，发生 24 小时之后才录入的占比。导入的不计入。",
        "本指标反映其他指标还可能有多大变动。提出时间被更正的，从更正后的时间起算。",
    ),
    fact="recorded",
    measure=Measure.late,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=BY_SOURCE,
)

IRREGULAR_SHARE = incident_kpi(
    key="irregular_share",
    en=KpiTexts(
        "Incidents with an irregular history",
        "Share of incidents with an event that did not fit the lifecycle, among the incidents opened in "
        "the period.",
        "Histories from other systems rarely fit; look at imported incidents separately.",
    ),
    zh=KpiTexts(
        "流转异常事件占比",
        "期内提出的事件中，有操作不符合生命周期的占比。",
        "从其他系统导入的历史很少完全符合生命周期，请单独查看导入的事件。",
    ),
    fact="opened",
    measure=Measure.irregular,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.opened,
    dimensions=BY_SOURCE,
)

INCIDENT_UNKNOWN_KEYS_SHARE = incident_kpi(
    key="incident_unknown_keys_share",
    en=KpiTexts(
        "Incidents with unknown references",
        "Share of incidents whose report names a service, configuration item or category that did not "
        "exist here at that time, among the incidents opened in the period.",
        "Later corrections change nothing: the time of recording counts. Broken down by source, it shows "
        "which tool needs other names.",
    ),
    zh=KpiTexts(
        "引用未知对象的事件占比",
        "期内提出的事件中，引用的服务、配置项或事件分类在提出时尚未录入本系统的占比。",
        "按记录时的情况计，之后补录或更正的不影响数值；按来源查看，可知哪个工具需要修改所用的名称。",
    ),
    fact="named",
    measure=Measure.unknown_keys,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.opened,
    dimensions=BY_SOURCE,
)

REQUEST_UNKNOWN_KEYS_SHARE = request_kpi(
    key="request_unknown_keys_share",
    en=KpiTexts(
        "Requests with unknown references",
        "Share of requests whose submission names a service, configuration item or category that did not "
        "exist here at that time, among the requests submitted in the period.",
        "Later corrections change nothing: the time of recording counts. Most requests get their category "
        "only at the assessment, which does not count.",
    ),
    zh=KpiTexts(
        "引用未知对象的请求占比",
        "期内提交的服务请求中，引用的服务、配置项或请求分类在提交时尚未录入本系统的占比。",
        "按记录时的情况计，之后补录或更正的不影响数值；多数请求在评估时才分类，不计入。",
    ),
    fact="named",
    measure=Measure.unknown_keys,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.opened,
    dimensions=OF_REQUESTS,
)

KPIS = (
    LATE_RECORDING_SECONDS,
    LATE_RECORDING_SHARE,
    IRREGULAR_SHARE,
    INCIDENT_UNKNOWN_KEYS_SHARE,
    REQUEST_UNKNOWN_KEYS_SHARE,
)
