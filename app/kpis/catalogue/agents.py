"""KPIs of agents: the people who work on cases."""

from __future__ import annotations

from app.common.people import Role
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import (
    Aggregate,
    Basis,
    Comparator,
    Direction,
    Kpi,
    KpiTexts,
    Settling,
    TargetValue,
    Unit,
)
from app.kpis.declaration.measures import Measure

REQUESTS_PER_AGENT_DAY = Kpi(
    key="requests_per_agent_day",
    en=KpiTexts(
        "Cases handled per agent and day",
        "Requests delivered and incidents resolved in the period, and not reopened within the days that "
        "their agreement says, or 7, by a holder who had worked on them, per day of a person on the rota: "
        "one on which their working hours begin, by shifts and stand-ins. Where no rota covers a person, per "
        "day on which they did something with a request or an incident that they held, or had one come to "
        "its end. Days are those of the time zone asked for.",
        "Whoever held a case at its end gets it whole. Without a rota idle days are hidden, and work around "
        "midnight has two days; `rota_days` says how many days are of the rota. Who works for two teams has "
        "the day in both, so teams do not add up. Small tickets, or one split in two, make it rise. What "
        "other systems tell without saying who did it is left out.",
    ),
    zh=KpiTexts(
        "人均日处理量",
        "期内交付的服务请求与解决的事件（未在协议约定天数（默认 7 天）内重开，且其处理人确实处理过）之和，除以排班人日数："
        "按班次与替班，某人工作时段开始之日计一个人日。无排班覆盖的人员，当日对自己名下的请求或事件有过操作、或其名下有单据办结的，"
        "计一个人日。按查询时区划分日期。",
        "单据全部计给办结时的处理人。无排班时空闲日不可见，跨午夜的工作计两日；rota_days 为其中的排班人日。同日为两个团队工作的"
        "在两队各计一日，故各队之和不等于总数。拆分单据或单据琐碎会使数值偏高。其他系统未说明由谁完成的不计。",
    ),
    process="request",
    also=("incident",),
    owner=Role.process_owner,
    fact="ended",
    measure=Measure.case,
    aggregate=Aggregate.per_agent_day,
    unit=Unit.number,
    direction=Direction.up,
    basis=Basis.ended,
    settling=Settling.reopening,
    target=TargetValue(Comparator.ge, 10),
    dimensions=(Dimension.team, Dimension.assignee),
)

KPIS = (REQUESTS_PER_AGENT_DAY,)
