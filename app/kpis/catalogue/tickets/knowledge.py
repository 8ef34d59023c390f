"""KPIs of knowledge: how often articles help with cases, what they spare, and who shares what they know."""

from __future__ import annotations

from functools import partial

from app.common.people import Role
from app.kpis.declaration.dimensions import OF_ARTICLES
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, KpiTexts, Settling, Unit
from app.kpis.declaration.measures import Measure

article_kpi = partial(Kpi, process="article", owner=Role.knowledge_editor)

KNOWLEDGE_USE = Kpi(
    key="knowledge_use",
    en=KpiTexts(
        "Use of knowledge",
        "Share of cases in which staff recorded that an article helped, among the incidents resolved and "
        "requests finally delivered in the period.",
        "It shows what was recorded, not what was read. People who know the answer use no article. Later "
        "records still change the period of the resolution.",
    ),
    zh=KpiTexts(
        "知识使用率",
        "期内最终解决的事件与最终交付的服务请求中，工作人员登记过使用知识文章的占比，"
        "不论在结束前还是结束后登记。",
        "只反映登记情况，不反映是否阅读：熟知答案的人不会去用文章。事后登记仍会改变解决所在期间的数值。",
    ),
    process="request",
    also=("incident",),
    owner=Role.knowledge_editor,
    fact="solved",
    measure=Measure.article_used,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.ended,
    settling=Settling.reopening,
)

KNOWLEDGE_DEFLECTION = article_kpi(
    key="knowledge_deflection",
    en=KpiTexts(
        "Tickets avoided by knowledge, at most",
        "Share of visits in which the visitor opened a suggested article, did not reject it, and is not "
        "known to have opened a ticket within 24 hours, among portal visits with a first suggestion in the "
        "period.",
        "This is the upper bound: visitors who leave without a word may have given up, and tickets of "
        "visitors who did not sign in are unknown. Read it together with the lower bound. Only portals "
        "that report their visits count.",
    ),
    zh=KpiTexts(
        "知识分流率（上限）",
        "期内首次获得文章推荐的门户访问中，访问者打开了推荐的文章、没有表示无用，"
        "且之后 24 小时内未发现其提单的占比。",
        "这是上限：没有评价就离开的人可能只是放弃了，未登录的访问者是否提单也无从得知。请与下限一并查看，"
        "两者之差就是这些结果不明的访问。只包含会上报访问情况的门户。",
    ),
    fact="visit",
    measure=Measure.deflected,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    settling=Settling.visit,
    dimensions=(),
    companions=("knowledge_deflection_confirmed",),
)

KNOWLEDGE_DEFLECTION_CONFIRMED = article_kpi(
    key="knowledge_deflection_confirmed",
    en=KpiTexts(
        "Tickets avoided by knowledge, at least",
        "Share of visits by known visitors who opened a suggested article, confirmed that it helped, and "
        "opened no ticket within 24 hours, among portal visits with a first suggestion in the period.",
        "This is the lower bound: most people helped by an article do not confirm it, and many do not "
        "sign in.",
    ),
    zh=KpiTexts(
        "知识分流率（下限）",
        "期内首次获得文章推荐的门户访问中，访问者身份已知、打开了推荐的文章并表示有帮助，"
        "且之后 24 小时内未提单的占比。",
        "这是下限：多数人得到帮助后并不评价，很多人也不登录。",
    ),
    fact="visit",
    measure=Measure.confirmed,
    aggregate=Aggregate.share,
    unit=Unit.ratio,
    direction=Direction.up,
    basis=Basis.event,
    settling=Settling.visit,
    dimensions=(),
)

KNOWLEDGE_SHARED = article_kpi(
    key="knowledge_shared",
    en=KpiTexts(
        "Articles published",
        "Articles first published in the period. By owner, the articles of each author.",
        "Many short articles that no one needs look like a lot; see next to it how often others used them. "
        "A revision is not a new article.",
    ),
    zh=KpiTexts(
        "知识共享（发布数）",
        "期内首次发布的知识文章数；按负责人查看，即为每位作者发布的文章数。",
        "大量没人需要的短文也会抬高数值，请结合他人使用次数查看。修订不算新文章。",
    ),
    fact="published",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.cases,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_ARTICLES,
    companions=("knowledge_shared_uses",),
)

KNOWLEDGE_SHARED_USES = article_kpi(
    key="knowledge_shared_uses",
    en=KpiTexts(
        "Articles used by others",
        "Cases in the period in which an article helped someone other than its author. By owner, the "
        "articles of each author.",
        "An article counts once per case. Old articles stay in use, so their authors need not have "
        "published anything in the period.",
    ),
    zh=KpiTexts(
        "知识共享（他人使用次数）",
        "期内知识文章被作者以外的人登记使用的次数；按负责人查看，即为每位作者的文章被使用的次数。",
        "每篇文章在每张单据上只计一次。旧文章会继续被使用，因此其作者在期内不一定发布过文章。",
    ),
    fact="used",
    measure=Measure.case,
    aggregate=Aggregate.number,
    unit=Unit.number,
    direction=Direction.up,
    basis=Basis.event,
    dimensions=OF_ARTICLES,
)

KPIS = (
    KNOWLEDGE_USE,
    KNOWLEDGE_DEFLECTION,
    KNOWLEDGE_DEFLECTION_CONFIRMED,
    KNOWLEDGE_SHARED,
    KNOWLEDGE_SHARED_USES,
)
