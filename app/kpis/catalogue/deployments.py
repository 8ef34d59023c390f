"""KPIs of deployments into production: how often, how soon, how many fail, and how soon that is made good."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_DEPLOYMENTS
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Settling, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.still_open import StillOpen

deployment_kpi = partial(Kpi, process="deployment", owner=Role.change_manager)

DEPLOYMENT_FREQUENCY = deployment_kpi(
    key="deployment_frequency",
    en=KpiTexts(
        "Deployments per day",
        "Successful deployments to production in the period, per day, days without deployments included. A "
        "deployment with many changes counts once. If the period is not over, days so far count.",
        "Splitting deployments raises it; read it together with the failure rate. Only reported "
        "deployments count.",
    ),
    zh=KpiTexts(
        "部署频率",
        "期内成功部署到生产环境的次数除以期内天数，没有部署的日子也计入；未结束的期间计至当日。一次部署包含多个变更的计一次。",
        "拆分部署会使数值上升，应与部署失败率一并查看。未上报的不计。",
    ),
    fact="succeeded",
    measure=Measure.case,
    aggregate=Aggregate.per_day,
    unit=Unit.number,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_DEPLOYMENTS,
)

LEAD_TIME_FOR_CHANGES = deployment_kpi(
    key="lead_time_for_changes",
    en=KpiTexts(
        "Lead time to production",
        "Median time from the commit to production, for revisions first deployed in the period. "
        "Deployments without revisions count from the submission of their changes.",
        "Each revision counts, so a deployment with many weighs more. Revisions that were rolled back "
        "count. Pipelines that report no revisions are measured by their changes, which start later.",
    ),
    zh=KpiTexts(
        "变更前置时间",
        "期内首次部署到生产环境的代码修订，自提交代码至上线的时长中位数；部署未列出修订的，自其变更提交起计。",
        "按修订汇总，故包含修订多的部署权重大；之后回退的也计入。未上报修订的流水线以变更计，起点较晚。",
    ),
    fact="lead",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    dimensions=OF_DEPLOYMENTS,
)

DEPLOYMENT_FAILURE_RATE = deployment_kpi(
    key="deployment_failure_rate",
    en=KpiTexts(
        "Failed deployments",
        "Share of deployments that were rolled back or are confirmed as the cause of an incident, among "
        "the deployments to production in the period.",
        "A run that failed before it reached production counts only if it caused an incident. It changes "
        "as incidents are confirmed.",
    ),
    zh=KpiTexts(
        "部署失败率",
        "期内进入生产环境的部署中，已回退或确认引发事件的占比。",
        "尚未进入生产环境即失败的，仅在引发事件时计入。事件陆续确认时仍会变动。",
    ),
    fact="arrived",
    measure=Measure.failed,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.down,
    basis=Basis.event,
    settling=Settling.verdict,
    dimensions=OF_DEPLOYMENTS,
)

FAILED_DEPLOYMENT_RECOVERY_SECONDS = deployment_kpi(
    key="failed_deployment_recovery_seconds",
    en=KpiTexts(
        "Recovery from failed deployments",
        "Median time from the end of a failed deployment to the recovery, for recoveries in the period. "
        "Recovery is the return of the service or the resolution of the last incident that it caused; "
        "without an incident, it is the rollback.",
        "Failures that continue are missing; see the open ones next to it. An incident belongs to the "
        "deployment that someone confirmed, never to the nearest one.",
    ),
    zh=KpiTexts(
        "部署失败恢复时间",
        "期内恢复的失败部署，自部署结束至恢复的时长中位数：引发事件的，至最后一个事件的服务恢复或解决；未引发事件的，至回退。",
        "尚未恢复的不在其内，请看旁列的未结数。事件只归属于经确认的那一次部署，而非时间最近的。",
    ),
    fact="recovered",
    measure=Measure.seconds,
    aggregate=Aggregate.median,
    unit=Unit.seconds,
    direction=Direction.down,
    basis=Basis.event,
    still_open=StillOpen.unrestored,
    settling=Settling.reopening,
    dimensions=OF_DEPLOYMENTS,
)

KPIS = (
    DEPLOYMENT_FREQUENCY,
    LEAD_TIME_FOR_CHANGES,
    DEPLOYMENT_FAILURE_RATE,
    FAILED_DEPLOYMENT_RECOVERY_SECONDS,
)
