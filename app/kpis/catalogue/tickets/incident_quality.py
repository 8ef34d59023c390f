"""KPIs of how well incidents are handled: reassignments, reopenings, avoidable and repeated incidents."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import BY_SOURCE, STANDARD, Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Settling, Unit
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
        "期内所有解决中，之后在协议约定天数（默认 7 天）内被重开的占比；同一事件解决两次计两次。",
        "期末之后的约定天数内仍可能上升。五月重开数除以五月解决数是另一个数：重开的可能是四月解决的。",
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
        "最终解决时间在期内的事件，平均每个事件在首次指定处理人之后于同一团队内更换处理人的次数。",
        "连同团队一起更换的属于转派；中间未指定处理人不算更换；交接班例行移交会使其偏高，并非问题。",
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
        "最终解决时间在期内的事件中，转出后又退回原团队的占比。",
        "仅请其他团队协助后转回的也计入；中间未分派团队不算更换。",
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
        "最终解决时间在期内的事件，在首次分派之后更换团队的次数；可按转出团队和转入团队查看。",
        "计的是更换次数而非事件数；未解决事件的转派尚未计入。"
        "其他分组均以解决时为准：团队是解决时所属的团队。服务台的例行转交也计入，请按团队对查看。",
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
        "最终解决时间在期内的事件的团队更换中，退回到曾转出该事件的团队的占比。",
        "计的是更换次数，来回转派率计的是事件数。一对团队按方向分为两格：转入团队是收回事件的团队。"
        "仅受托协助的团队转回的也计入。",
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
        "最终解决时间在期内、由人员提出的事件中，由首次响应人解决，"
        "且解决前未转派、未挂起、提出人未再留言、也未在协议约定天数（默认 7 天）内重开的占比。",
        "监控产生的事件不计；由其他系统解决的事件不计，因其不说明处理人。重开期限届满之前数值仍可能下降。",
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
        "最终解决时间在期内、由监控产生的事件中，无人开始处理且非人员解决的占比。",
        "重复告警并入未结事件，反复抖动只见于事件记录，不在此计；可能有人查看过但未开始处理。",
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
        "incidents opened in the period. Related incidents have the same service and category, the same "
        "configuration item, or a common problem.",
        "An incident without service, category, item and problem repeats nothing; a coarse category makes "
        "everything a repeat. Later links to a problem create repeats. In the first 30 days of the "
        "records, earlier incidents are unknown.",
    ),
    zh=KpiTexts(
        "重复事件率",
        "期内提出的事件中，在另一事件最终解决后 30 天内提出、且二者服务与分类相同、或配置项相同、或属同一问题的占比。",
        "未填服务或分类、也无配置项和关联问题的事件不算重复；分类过粗会使一切都成为重复；"
        "之后关联到同一问题也会使其成为重复；记录最初的 30 天不知道此前的事件。",
    ),
    fact="opened",
    measure=Measure.repeated,
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
