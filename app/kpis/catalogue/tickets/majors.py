"""KPIs of outages and of major incidents."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Settling, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.still_open import StillOpen

incident_kpi = partial(Kpi, process="incident", owner=Role.incident_manager)

INCIDENT_RESTORE_SECONDS = incident_kpi(
    key="incident_restore_seconds",
    en=KpiTexts(
        "Mean time to restore service (elapsed time)",
        "Mean time from the start of the outage to the return of the service, for finally resolved "
        "incidents that degraded a service or took it down, and whose service returned in the period.",
        "If the start is unknown, the opening is used and marked as inferred. Overlapping incidents of one "
        "service each count, so this is not an availability.",
    ),
    zh=KpiTexts(
        "平均服务恢复时间（自然时间）",
        "服务在期内恢复、且已最终解决的事件（服务中断或性能下降），从中断开始到服务恢复的平均时长。",
        "没有说明开始时间的，从提出起算，并标记为推断。同一服务重叠的事件各计一次，因此不能当作可用率。",
    ),
    fact="restored",
    measure=Measure.seconds,
    aggregate=Aggregate.mean,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.unended,
    settling=Settling.reopening,
)

MAJOR_INCIDENTS = incident_kpi(
    key="major_incidents",
    en=KpiTexts(
        "Major incidents",
        "Incidents that were first declared major in the period, even if they were downgraded later.",
        "Downgraded incidents count; see the share downgraded. The figure shows how people declare as much "
        "as what happened.",
    ),
    zh=KpiTexts(
        "重大事件数",
        "期内首次宣布为重大事件的事件数，不论之后是否降级。",
        "之后降级的也计入，请看“重大事件降级占比”。数值既反映实际发生的情况，也反映宣布的尺度。",
    ),
    fact="declared_major",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.down,
    basis=Basis.event,
)

MAJORS_DOWNGRADED = incident_kpi(
    key="majors_downgraded",
    en=KpiTexts(
        "Major incidents downgraded",
        "Share of incidents that were downgraded later, among those first declared major in the period.",
        "A share of zero may mean that major incidents are declared late. An incident that is declared "
        "major again counts as major.",
    ),
    zh=KpiTexts(
        "重大事件降级占比",
        "期内首次宣布为重大事件的事件中，之后降级的占比。",
        "占比为零，可能说明重大事件宣布得过晚。降级后再次宣布的，仍算重大事件。",
    ),
    fact="declared_major",
    measure=Measure.downgraded,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.none,
    basis=Basis.event,
)

MAJOR_REVIEWED_ON_TIME = incident_kpi(
    key="major_reviewed_on_time",
    en=KpiTexts(
        "Major incidents reviewed in time",
        "Share of major incidents reviewed within five working days after their final resolution, among "
        "those with their final resolution in the period. Working days follow the calendar of the service, "
        "or Monday to Friday.",
        "Incidents whose five days are not over count as not reviewed yet, so the last week of a period "
        "rises later. A reopened incident needs a new review. Resolutions by other systems, and old ones "
        "without a due date, get seven days.",
    ),
    zh=KpiTexts(
        "重大事件按时复盘率",
        "期内最终解决的重大事件中，解决后五个工作日内完成复盘的占比。工作日按服务的日历，"
        "没有日历的按周一至周五；期限在解决时记入事件。",
        "期限未到、尚未复盘的暂计为未完成，因此期末一周的数值之后还会上升。重新打开的事件须重新复盘。"
        "由其他系统解决的，以及早期没有记录期限的，按七天计。",
    ),
    fact="resolved",
    measure=Measure.review_on_time,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.ended,
    settling=Settling.reopening,
)

KPIS = (INCIDENT_RESTORE_SECONDS, MAJOR_INCIDENTS, MAJORS_DOWNGRADED, MAJOR_REVIEWED_ON_TIME)
