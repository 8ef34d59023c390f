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
        "Requests delivered and incidents resolved in the period, per working day of a person. Cases count "
        "for their assignee if they worked on them and were not reopened within the agreed days (7 without "
        "an agreement). Working days come from the rota; without one, they are days on which the person "
        "worked on a case or completed one.",
        "The last assignee of a case gets it whole. Without a rota, idle days are hidden, and work around "
        "midnight counts as two days. A person who works for two teams has the day in both, so teams do "
        "not add up. Small or split tickets raise it. Work that other systems report without a person is "
        "excluded.",
    ),
    zh=KpiTexts(
        "人均日处理量",
        "期内交付的服务请求数与解决的事件数之和，除以人日数。只计处理人确实处理过、"
        "且在协议约定天数（无协议时为 7 天）内未重新打开的单据。人日数按排班计算："
        "班次或代班的每个工作时段计一个人日，归入开始当日；没有排班时，"
        "某人当天操作过或办结过自己名下的单据，即计一个人日。日期按查询所用时区划分。",
        "单据全部计在办结时的处理人名下。没有排班时看不出空闲日，跨午夜的工作计为两天；"
        "按排班计的人日数另行列出。同一天为两个团队工作的，在两个团队各计一天，因此各团队之和不等于总数。"
        "拆分单据或处理琐碎单据会使数值偏高。由其他系统上报、未说明完成人的单据不计入。",
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
