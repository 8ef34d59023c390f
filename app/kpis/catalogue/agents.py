"""KPIs of agents: the people who work on cases."""

from __future__ import annotations

from app.common.people import Role
from app.kpis.dimensions import Dimension
from app.kpis.kpi import (
    Aggregate,
    Basis,
    Comparator,
    Direction,
    Kpi,
    KpiTexts,
    Measure,
    Settling,
    Target,
    Unit,
)

REQUESTS_PER_AGENT_DAY = Kpi(
    key="requests_per_agent_day",
    en=KpiTexts(
        "Cases handled per agent and day",
        "Requests delivered and incidents resolved for good in the period by a holder who had worked on "
        "them, per day on which anybody worked: did something with a request or an incident that they held, "
        "or had one come to its end. Days are those of the time zone asked for; no rota is looked at.",
        "Whoever held a case at its end gets it whole. Days on which somebody touched no case of theirs do "
        "not count, so idle days are hidden; a night shift has two days; who worked for two teams has the "
        "day in both, so teams do not add up. Small tickets, or one split in two, make it rise. What other "
        "systems tell without saying who did it is left out.",
    ),
    zh=KpiTexts(
        "人均日处理量",
        "期内最终交付的服务请求与最终解决的事件（其处理人确实处理过）之和，除以人日数："
        "某人当日对自己名下的请求或事件有过操作，或其名下有单据办结，计一个人日。按查询时区划分日期，不参照排班表。",
        "单据全部计给办结时的处理人。当日未操作名下单据的不计人日，故空闲日不可见；夜班计两日；同日为两个团队工作的在两队各计一日，"
        "故各队之和不等于总数。拆分单据或单据琐碎会使数值偏高。其他系统未说明由谁完成的不计。",
    ),
    process="request",
    also=("incident",),
    owner=Role.process_owner,
    fact="ended",
    measure=Measure.one,
    aggregate=Aggregate.per_agent_day,
    unit=Unit.number,
    direction=Direction.up,
    basis=Basis.ended,
    settling=Settling.reopening,
    target=Target(Comparator.ge, 10),
    dimensions=(Dimension.team, Dimension.assignee),
)

KPIS = (REQUESTS_PER_AGENT_DAY,)
