"""KPIs of how well incidents are handled: reassignments, reopenings, avoidable and repeated incidents."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import BY_SOURCE, STANDARD, Dimension
from app.kpis.declaration.kpi import (
    Aggregate,
    Basis,
    DefinitionChange,
    Direction,
    Kpi,
    KpiTexts,
    Settling,
    Unit,
)
from app.kpis.declaration.measures import Measure

PAIRS_OF_TEAMS = (*STANDARD, Dimension.from_team, Dimension.to_team)

incident_kpi = partial(Kpi, process="incident", owner=Role.incident_manager)

REOPEN_RATE = incident_kpi(
    key="reopen_rate",
    en=KpiTexts(
        "Reopen rate",
        "Share of resolutions that were followed by a reopening within the days of the agreement (7 "
        "without one), among all resolutions in the period. An incident that is resolved twice counts "
        "twice.",
        "It can still rise for that number of days after the period. Dividing May's reopenings by May's "
        "resolutions gives another figure, because some were resolved in April.",
    ),
    zh=KpiTexts(
        "重开率",
        "期内的所有解决操作中，之后在协议约定天数（无协议时为 7 天）内又被重新打开的占比。"
        "同一事件解决两次的计两次。",
        "期末之后的约定天数内，数值仍可能上升。用五月的重新打开次数除以五月的解决次数，得到的是另一个数："
        "五月重新打开的，有些是四月解决的。",
    ),
    fact="resolved",
    measure=Measure.reopened_soon,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.event,
    settling=Settling.reopening,
)

HANDOVERS_PER_CASE = incident_kpi(
    key="handovers_per_case",
    en=KpiTexts(
        "Hand-overs per incident",
        "Changes of the person within a team after the first person, per incident with its final "
        "resolution in the period.",
        "If the team changes with the person, it is a reassignment. A time without an assignee is not a "
        "change. Shifts that hand over open incidents make this high without any harm.",
    ),
    zh=KpiTexts(
        "单均换人次数",
        "期内最终解决的事件，平均每个事件在首次指定处理人之后、在同一团队内更换处理人的次数。",
        "连同团队一起更换的属于转派。中间一段时间没有处理人的，不算更换。交接班时的例行移交会使数值偏高，"
        "并不说明有问题。",
    ),
    fact="resolved",
    measure=Measure.handovers,
    aggregate=Aggregate.per_case,
    unit=Unit.number,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

PING_PONG_RATE = incident_kpi(
    key="ping_pong_rate",
    en=KpiTexts(
        "Ping-pong rate",
        "Share of incidents that a team got back after passing them on, among those with their final "
        "resolution in the period.",
        "A team that only asks another team for something also gets the incident back. A time without a "
        "team is not a change.",
    ),
    zh=KpiTexts(
        "来回转派率",
        "期内最终解决的事件中，转出后又退回原团队的占比。",
        "只请其他团队协助、之后转回的也计入。中间一段时间没有分派团队的，不算更换。",
    ),
    fact="resolved",
    measure=Measure.came_back,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
)

REASSIGNMENTS = incident_kpi(
    key="reassignments",
    en=KpiTexts(
        "Reassignments",
        "Changes of team after the first team, for incidents with their final resolution in the period. "
        "They can be broken down by the team that passed the incident on and by the team that got it.",
        "This counts changes, not incidents. Changes of unresolved incidents are still missing. All other "
        "dimensions are as of the resolution, such as the team at that time. Passing on by the service "
        "desk counts; look at the pairs of teams.",
    ),
    zh=KpiTexts(
        "转派次数",
        "期内最终解决的事件，在首次分派之后更换团队的次数；可按转出团队和转入团队查看。",
        "统计的是转派次数，不是事件数；尚未解决的事件暂不计入。其他维度一律以解决时为准，"
        "例如团队是解决时所属的团队。服务台的例行转派也计入，请同时按转出团队和转入团队查看。",
    ),
    fact="moved",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.number,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=PAIRS_OF_TEAMS,
)

RETURNED_REASSIGNMENT_SHARE = incident_kpi(
    key="returned_reassignment_share",
    en=KpiTexts(
        "Share of returned reassignments",
        "Share of changes of team that returned an incident to a team that had passed it on, among all "
        "changes for incidents with their final resolution in the period.",
        "This counts changes; the ping-pong rate counts incidents. A pair of teams appears twice, once for "
        "each direction. A team that was only asked for something also returns the incident.",
    ),
    zh=KpiTexts(
        "退回转派占比",
        "期内最终解决的事件的所有转派中，退回到曾转出该事件的团队的占比。",
        "本指标统计转派次数，“来回转派率”统计事件数。同一对团队按方向出现两次；转入团队是收回事件的团队。"
        "只是受托协助、之后转回的也计入。",
    ),
    fact="moved",
    measure=Measure.came_back,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=PAIRS_OF_TEAMS,
)

FIRST_CONTACT_RESOLUTION = incident_kpi(
    key="first_contact_resolution",
    en=KpiTexts(
        "First-contact resolution",
        "Share of incidents that the first person to respond resolved, without a change of team, a hold or "
        "a further comment by the requester, and without a reopening within the days of the agreement (7 "
        "without one). Counts incidents reported by people with their final resolution in the period.",
        "Incidents from monitoring are excluded, and so are incidents that another system resolved, "
        "because it does not report who did. It can still fall until the days for reopening have passed.",
    ),
    zh=KpiTexts(
        "一次解决率",
        "期内最终解决、由人员提出的事件中，由首次响应人直接解决的占比：解决前没有转派、没有挂起，"
        "申请人没有再评论，且在协议约定天数（无协议时为 7 天）内没有重新打开。",
        "监控产生的事件不计入；由其他系统解决、不知道解决人的事件也不计入。重新打开的期限届满之前，"
        "数值仍可能下降。",
    ),
    fact="resolved",
    measure=Measure.first_contact,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.ended,
    settling=Settling.reopening,
)

ALERT_NOISE = incident_kpi(
    key="alert_noise",
    en=KpiTexts(
        "Alert noise",
        "Share of incidents that no person resolved and no one had started, among incidents from "
        "monitoring with their final resolution in the period.",
        "An alert that fires again joins its open incident, so flapping shows in the events and not here. "
        "Someone may have looked at an incident without starting it.",
    ),
    zh=KpiTexts(
        "告警噪声率",
        "期内最终解决、由监控产生的事件中，既无人开始处理、也不是由人解决的占比。",
        "重复告警会并入未结事件，因此反复抖动只体现在事件记录中，本指标不反映。也可能有人看过，"
        "只是没有开始处理。",
    ),
    fact="resolved",
    measure=Measure.unattended,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=BY_SOURCE,
)

REPEAT_INCIDENT_RATE = incident_kpi(
    key="repeat_incident_rate",
    en=KpiTexts(
        "Repeat incidents",
        "Share of incidents that came within 30 days of the final resolution of a related one, among the "
        "incidents opened in the period. Related incidents have the same configuration item or a common "
        "problem.",
        "An incident without an item and a problem repeats nothing, so records without items make the "
        "share small. Later links to a problem create repeats. In the first 30 days of the records, "
        "earlier incidents are unknown.",
    ),
    zh=KpiTexts(
        "重复事件率",
        "期内提出的事件中，在某个相关事件最终解决后 30 天内提出的占比。相关是指配置项相同，或属于同一问题。",
        "没有配置项、也没有关联问题的事件不算重复，因此配置项填得少，占比就低。"
        "之后关联到同一问题的，也会变成重复。有记录的最初 30 天里，此前的事件无从得知。",
    ),
    fact="opened",
    measure=Measure.repeated,
    changes=(
        DefinitionChange(
            since="2026-11-30",
            en="the same service and category no longer make two incidents related.",
            zh="仅服务与分类相同的，不再视为相关。",
        ),
    ),
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.opened,
)

KPIS = (
    REOPEN_RATE,
    HANDOVERS_PER_CASE,
    PING_PONG_RATE,
    REASSIGNMENTS,
    RETURNED_REASSIGNMENT_SHARE,
    FIRST_CONTACT_RESOLUTION,
    ALERT_NOISE,
    REPEAT_INCIDENT_RATE,
)
