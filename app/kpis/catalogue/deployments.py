"""KPIs of deployments into production: how often, how soon, how many fail, and how soon that is made good."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_DEPLOYMENTS
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
from app.kpis.declaration.still_open import StillOpen

deployment_kpi = partial(Kpi, process="deployment", owner=Role.change_manager)

DEPLOYMENT_FREQUENCY = deployment_kpi(
    key="deployment_frequency",
    en=KpiTexts(
        "Deployments per day",
        "Successful deployments to production in the period, per day, days without deployments included. A "
        "deployment with many changes counts once. If the period is not over, the time so far counts.",
        "Splitting deployments raises it; read it together with the failure rate. Only reported "
        "deployments count.",
    ),
    zh=KpiTexts(
        "部署频率",
        "期内成功部署到生产环境的次数除以天数，没有部署的日子也算在内。一次部署包含多个变更的只计一次。"
        "期间未结束的，天数按至今经过的时间计。",
        "把一次部署拆成多次会抬高数值，请与“部署失败率”一并查看。未上报的部署不计入。",
    ),
    fact="succeeded",
    measure=Measure.case,
    aggregate=Aggregate.per_day,
    changes=(
        DefinitionChange(
            since="2026-11-30",
            en="the day that has begun counts by its part that is over, not as a whole day.",
            zh="当日只按已过去的部分计入天数，不再算作一整天。",
            of_every_period=True,
        ),
    ),
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
        "期内首次部署到生产环境的代码版本，从提交代码到上线的时长中位数。部署未列出代码版本的，"
        "从相应变更的提交起算。",
        "按代码版本统计，因此包含版本多的部署权重更大；之后回退的版本也计入。流水线未上报代码版本的，"
        "按变更统计，起算点较晚。",
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
        "期内进入生产环境的部署中，已回退或被确认引发事件的占比。",
        "进入生产环境之前就已失败的部署，只有引发事件才计入。陆续确认引发的事件后，数值会变动。",
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
        "期内恢复的失败部署，从部署结束到恢复的时长中位数。引发事件的，"
        "恢复时间是最后一个事件的服务恢复（或解决）时间；未引发事件的，恢复时间是回退时间。",
        "尚未恢复的不计入，请同时查看未恢复数。事件只归到经人确认的那次部署，而不是时间最近的部署。",
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
