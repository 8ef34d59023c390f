"""KPIs of how well requests are fulfilled."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_REQUESTS
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

request_kpi = partial(Kpi, process="request", owner=Role.process_owner)
#: Until then a reopened request was rework only on the path of projects.
REOPENINGS_ARE_REWORK = DefinitionChange(
    since="2026-11-30",
    en="every reopening after a delivery is rework, not only that of a project.",
    zh="交付后重新打开一律算返工，不再限于项目类请求。",
)

ACCEPTANCE_FIRST_PASS = request_kpi(
    key="acceptance_first_pass",
    en=KpiTexts(
        "Accepted at once",
        "Share of project requests that passed their first acceptance, among those with their first "
        "acceptance in the period.",
        "Faults found after the acceptance lead to a reopening and do not show here.",
    ),
    zh=KpiTexts(
        "一次验收通过率",
        "期内首次验收的项目类请求中，通过的占比。",
        "验收之后发现的问题会使请求重新打开，不在此处体现。",
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
        "Share of requests with rework, among the requests finally delivered in the period. Rework is a "
        "revised solution, a repeated acceptance, a reopening after the delivery, or a change of "
        "requirements by someone other than the requester.",
        "Changes by the requester are not rework. Never returning a solution also makes this small.",
    ),
    zh=KpiTexts(
        "返工率",
        "期内最终交付的服务请求中，有返工的占比。返工包括方案修订、验收不通过、交付后重新打开，"
        "以及申请人以外的人提出的需求变更。",
        "申请人自己变更需求不算返工。从不退回方案，也会使数值偏低。",
    ),
    fact="delivered",
    measure=Measure.reworked,
    changes=(REOPENINGS_ARE_REWORK,),
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
        "Rounds of rework per request finally delivered in the period.",
        "A long project has more opportunities for rework than a catalogue item; break it down by path.",
    ),
    zh=KpiTexts(
        "返工轮次",
        "期内最终交付的服务请求，平均每个请求的返工次数。",
        "大项目比目录项更容易返工，请按履行路径查看。",
    ),
    fact="delivered",
    measure=Measure.rework_rounds,
    changes=(REOPENINGS_ARE_REWORK,),
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
        "Changes of the requirements by the requester, per request finally delivered in the period.",
        "This is not rework and may not be the team's fault; read it together with the rounds of rework.",
    ),
    zh=KpiTexts(
        "需求变更次数",
        "期内最终交付的服务请求，平均每个请求由申请人变更需求的次数。",
        "不算返工，也不一定是处理团队的问题，请与“返工轮次”对照查看。",
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
        "Share of requests without rework and without a reopening within the agreed days (7 without an "
        "agreement), among the requests finally delivered in the period.",
        "A finding about a wrong form does not count yet, because there is no register of such findings.",
    ),
    zh=KpiTexts(
        "服务准确率",
        "期内最终交付的服务请求中，没有返工、且交付后约定天数（无协议时为 7 天）内未重新打开的占比。",
        "关于用错表单的审核发现暂不计入，因为尚未登记这类发现。",
    ),
    fact="delivered",
    measure=Measure.accurate,
    changes=(REOPENINGS_ARE_REWORK,),
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
        "Share of cases that were delivered or resolved and not reopened within the agreed days (7 without "
        "an agreement), among the requests submitted and incidents reported in the period. Open cases "
        "count as not resolved, and are also shown as undecided.",
        "Recent cases are still in progress, so the rate rises as long as any is open. Incidents and "
        "requests have different rates, so it changes with their mix.",
    ),
    zh=KpiTexts(
        "解决率",
        "期内提出的单据（提交的服务请求与上报的事件）中，已交付或已解决、"
        "且之后约定天数（无协议时为 7 天）内未重新打开的占比。未结的计入分母，并另列为“未判定”。",
        "最近提出的还在处理中，只要有未结的，数值就还会上升。请求与事件的解决率不同，"
        "两者的构成变化也会影响数值。",
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
