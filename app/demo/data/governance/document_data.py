"""The demo's documents of their own: who wrote, reviewed and reads them."""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.data.organisation import (
    BUSINESS_HEAD,
    CONFIGURATION_MANAGER,
    HEAD_OF_IT,
    OPERATIONS_LEAD,
    SECURITY_LEAD,
    TEAM_LEADS,
)

#: Reviewers of documents of each tier here.
REVIEWERS = {
    "team_lead": TEAM_LEADS["service-desk"],
    "department_head": HEAD_OF_IT,
    "management": BUSINESS_HEAD,
}


@dataclass(frozen=True)
class DocumentTemplate:
    """A document: its class, text and author, the days before the end on which it was drafted, and (negative:
    ahead) on which its next review is due; None: its review waits, or the
    countersignature of the teams in `countersigned_by`. All its readers have acknowledged it, except
    the last one.
    """

    name: str
    document_class: str
    title: str
    text: str
    author: str
    team: str
    tier: str
    drafted: float
    review_due: float | None
    importance: str = "general"
    confidentiality: str = "internal"
    readers: tuple[str, ...] = ()
    acknowledged_by: tuple[str, ...] = ()
    countersigned_by: tuple[str, ...] = ()


RESTRICTED, REVIEW_OVERDUE, TO_ACKNOWLEDGE = "security-response", "backup-scheme", "desk-instruction"
DOCUMENTS = (
    DocumentTemplate(
        REVIEW_OVERDUE,
        "SO",
        "备份方案 Scheme of the backups",
        "每日增量，每周全量，异地保存。Increments each day, all each week, and a copy elsewhere.",
        "郑凯",
        "platform",
        "department_head",
        330,
        12,
    ),
    DocumentTemplate(
        "emergency-handbook",
        "OP",
        "应急手册 Emergency handbook",
        "断电、断网、火灾时的联系人和步骤。Whom to call, and what to do, without power or line.",
        OPERATIONS_LEAD,
        "platform",
        "department_head",
        290,
        -90,
        importance="important",
    ),
    DocumentTemplate(
        RESTRICTED,
        "OP",
        "安全事件处置 How we respond to attacks",
        "隔离、取证、通报的步骤和联系人。How to isolate, keep evidence and report, and to whom.",
        SECURITY_LEAD,
        "platform",
        "management",
        200,
        -120,
        importance="important",
        confidentiality="restricted",
        readers=(OPERATIONS_LEAD, HEAD_OF_IT),
    ),
    DocumentTemplate(
        TO_ACKNOWLEDGE,
        "OP",
        "服务台作业指导书 Work instruction of the service desk",
        "受理、分类、派单、回访。To acknowledge, classify, assign, and call back.",
        "林晓雨",
        "service-desk",
        "team_lead",
        70,
        -200,
        acknowledged_by=("王磊", "Marta Keller", "Sofia Rossi"),
    ),
    DocumentTemplate(
        "line-concept",
        "SN",
        "第二条专线需求 What the second line must do",
        "两家运营商，不同路由。Two carriers, by different ways.",
        CONFIGURATION_MANAGER,
        "network",
        "department_head",
        40,
        None,
    ),
    DocumentTemplate(
        "line-scheme",
        "SO",
        "第二条专线方案 How the second line is built",
        "先接数据中心，再接工厂。First the data centre, then the plant.",
        CONFIGURATION_MANAGER,
        "network",
        "department_head",
        12,
        None,
        countersigned_by=("service-desk",),
    ),
    DocumentTemplate(
        "suppliers-access",
        "OP",
        "供应商远程访问 Remote access of suppliers",
        "按次申请，全程录屏，当日收回。Asked for each time, recorded, and taken back on the same day.",
        SECURITY_LEAD,
        "platform",
        "management",
        9,
        None,
    ),
)
CHANGES = "首版。The first version."
#: Days before the end on which the document was submitted whose review waits.
WAITS = 1.7
#: Days from the draft to its submission, review, publication, and to when it is acknowledged.
SUBMITTED_AFTER, REVIEWED_AFTER, PUBLISHED_AFTER, ACKNOWLEDGED_AFTER = 2, 4, 5, 8
