"""Work of the demo's last day for roles whose other work is done (data only)."""

from __future__ import annotations

from typing import Any

from app.demo.data.agreement_data import (
    BUSINESS_PROCESS,
    FULFILMENT_HOURS,
    HOUR,
    NEEDS_TEXT,
    OFFICE,
    QUALITY_PLAN,
    SPECIFICATION,
    TEXT,
)
from app.demo.data.organisation import CURRENCY

#: Person who maintains the agreement's text, and who speaks for the customer.
MAINTAINER, CUSTOMER_REPRESENTATIVE = "Sofia Rossi", "Hannah Schmidt"
REQUIREMENT: dict[str, Any] = {
    "agreement_type": "SLA",
    "title": "研发 Research department",
    "customer": "research",
    "services": ["plm"],
    "needs": NEEDS_TEXT,
    "business_process": BUSINESS_PROCESS,
}
#: An agreement whose text the maintainer is still working on.
REQUIREMENT_AT_WORK: dict[str, Any] = {
    **REQUIREMENT,
    "title": "物流旺季网络 Network in the peak season of logistics",
    "customer": "logistics",
    "services": ["wan"],
}
DRAFT: dict[str, Any] = {
    "calendar": OFFICE,
    "targets": [
        {
            "id": "fulfilment",
            "metric": "fulfilment",
            "process": "request",
            "compliance": "0.9",
            "threshold_seconds": FULFILMENT_HOURS * HOUR,
        }
    ],
    "reopen_days": 7,
    "notice_days": 90,
    "price_amount": "18000.00",
    "price_currency": CURRENCY,
    "price_period": "year",
    "text": TEXT["SLA"],
    "specification": SPECIFICATION,
    "quality_plan": QUALITY_PLAN,
}
PROPOSALS = "同意草案。We agree to the draft."

ARTICLE_AUTHOR = "Marta Keller"
ARTICLE: dict[str, Any] = {
    "title": "Set up the authenticator on a new phone",
    "language": "en",
    "symptoms": "Codes of the old phone are not accepted any more.",
    "answer": "Open the portal, choose “Security”, remove the old phone and scan the new code.",
    "other_title": "在新手机上设置验证器",
    "other_symptoms": "旧手机的验证码不再有效。",
    "other_answer": "打开门户，选择“安全”，移除旧手机并扫描新的二维码。",
    "visibility": "public",
    "categories": ["access-locked"],
}

#: A task of the problem manager.
TASK = "向厂商确认修复日期 Ask the maker when the fix comes"

#: The sample of items that the configuration manager has drawn, and the days before the end.
SAMPLE_DRAWN = 1.3
SAMPLE: dict[str, Any] = {
    "key": "items-of-plm",
    "name": "产品数据配置项抽查 Check of the items of product data",
    "services": ["plm"],
    "size": 6,
}

#: The process whose audit waits for the summary, and the days before the end on which it was self-checked.
AUDITED_PROCESS, SELF_CHECKED = "request", 0.4
