"""KPIs of how well requests are fulfilled."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_REQUESTS
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Settling, Unit
from app.kpis.declaration.measures import Measure

request_kpi = partial(Kpi, process="request", owner=Role.process_owner)

ACCEPTANCE_FIRST_PASS = request_kpi(
    key="acceptance_first_pass",
    en=KpiTexts(
        "Accepted at once",
        "Of the project requests first accepted or not in the period, the share that was accepted.",
        "What turns out after the acceptance is a reopening and does not show here.",
    ),
    zh=KpiTexts(
        "一次验收通过率",
        "期内首次验收的项目类请求中，通过的占比。",
        "验收之后发现的问题属于重新打开，不在此处体现。",
    ),
    fact="judged",
    measure=Measure.first_pass,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_REQUESTS,
)

REQUEST_REWORK = request_kpi(
    key="request_rework",
    en=KpiTexts(
        "Requests with rework",
        "Of the requests delivered for good in the period, the share of which something had to be "
        "done again: a solution revised, an acceptance repeated, what had been delivered rectified, "
        "requirements changed by others than the requester.",
        "What the requester wants otherwise is no rework. Never sending a solution back makes it small, too.",
    ),
    zh=KpiTexts(
        "返工率",
        "期内最终交付的服务请求中，发生过方案修订、验收不通过、交付后整改或非请求人提出的需求变更的占比。",
        "请求人自己变更需求不算返工。从不退回方案也会使数值偏小。",
    ),
    fact="delivered",
    measure=Measure.reworked,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=OF_REQUESTS,
)

REQUEST_REWORK_ROUNDS = request_kpi(
    key="request_rework_rounds",
    en=KpiTexts(
        "Rounds of rework",
        "How often something had to be done again, per request delivered for good in the period.",
        "A long project has more occasions than a catalogue item: cut by path.",
    ),
    zh=KpiTexts(
        "返工轮次",
        "期内最终交付的服务请求，平均每个返工的次数。",
        "大项目的机会多于目录条目，请按履行路径查看。",
    ),
    fact="delivered",
    measure=Measure.rework_rounds,
    aggregate=Aggregate.per_case,
    unit=Unit.number,
    direction=Direction.down,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=OF_REQUESTS,
)

REQUIREMENT_CHANGES_PER_REQUEST = request_kpi(
    key="requirement_changes_per_request",
    en=KpiTexts(
        "Changes of requirements",
        "How often the requester changed what is wanted, per request delivered for good in the period.",
        "It is no rework, and may be none of the doers' fault: read it beside the rounds of rework.",
    ),
    zh=KpiTexts(
        "需求变更次数",
        "期内最终交付的服务请求，平均每个由请求人变更需求的次数。",
        "不算返工，也不一定是履行方的问题，请与返工轮次对照阅读。",
    ),
    fact="delivered",
    measure=Measure.requirement_changes,
    aggregate=Aggregate.per_case,
    unit=Unit.number,
    direction=Direction.none,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=OF_REQUESTS,
)

SERVICE_ACCURACY = request_kpi(
    key="service_accuracy",
    en=KpiTexts(
        "Accuracy of service",
        "Of the requests delivered for good in the period, the share of which nothing had to be done "
        "again, neither before it nor by a reopening within the agreed days, or 7.",
        "A finding on a wrong form does not count yet: there is no register of findings.",
    ),
    zh=KpiTexts(
        "服务准确率",
        "期内最终交付的服务请求中，此前无返工且交付后约定天数（默认 7 天）内未被重新打开的占比。",
        "表单使用错误的审计发现尚不计入：还没有发现项登记。",
    ),
    fact="delivered",
    measure=Measure.accurate,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.ended,
    settling=Settling.reopening,
    dimensions=OF_REQUESTS,
)

RESOLUTION_RATE = Kpi(
    key="resolution_rate",
    en=KpiTexts(
        "Resolution rate",
        "Of the cases that came in, requests submitted and incidents reported in the period, the share that "
        "has been delivered or resolved and was not taken up again within the agreed days, or 7, of that; "
        "`undecided` are those that are still open.",
        "Those of the last weeks are still on their way: it rises for as long as any is open. Incidents and "
        "requests do not go equally well, so it moves with their mix.",
    ),
    zh=KpiTexts(
        "问题解决率",
        "期内提出的单据（提交的服务请求与上报的事件）中，已交付或解决且其后约定天数（默认 7 天）内未被重新打开的占比；"
        "仍未结的列为 `undecided`。",
        "最近提出的仍在处理中：只要有未结的，数值就还会上升。请求与事件的解决情况不同，两者的构成变化会影响数值。",
    ),
    process="request",
    also=("incident",),
    owner=Role.process_owner,
    fact="received",
    measure=Measure.settled,
    secondary=Measure.ended,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.opened,
    settling=Settling.ending,
)

KPIS = (
    ACCEPTANCE_FIRST_PASS,
    REQUEST_REWORK,
    REQUEST_REWORK_ROUNDS,
    REQUIREMENT_CHANGES_PER_REQUEST,
    SERVICE_ACCURACY,
    RESOLUTION_RATE,
)
