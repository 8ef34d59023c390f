"""Environments to which releases and deployments go: production is one, whatever it is called (pure)."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator

from app.kernel.actions.payloads import RecordKey

PRODUCTION = "production"
#: Names that teams and their pipelines use for production, in lower case.
PRODUCTION_ALIASES = frozenset(
    {
        *(
            "production",
            "prod",
            "prd",
            "live",
            "online",
            "produktion",
            "producción",
            "produção",
            "produzione",
        ),
        *("生产", "正式", "线上", "上线", "现网", "运营", "生產", "線上", "上線", "現網", "運營"),
    }
)
#: Words that turn a name of production into another environment, such as `pre-prod`.
_NOT_PRODUCTION = frozenset(
    {"pre", "non", "not", "no", "test", "staging", "stage", "dev", "copy", "mirror", "like", "shadow", "uat"}
    | {"preview", "demo", "sandbox", "training", "qa"}
)
_CHINESE_ENDINGS = re.compile("(环境|環境|系统|系統|库|庫|集群|叢集)$")


def environment_key(name: str) -> str:
    """Return the key of the environment: `production` for all its aliases, also of a part of it, such as
    `prod-eu` or `PRD01`; otherwise the name itself. Another spelling would evade the freezes, checks and KPIs
    of production.
    """
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", name).casefold())
    if _NOT_PRODUCTION.intersection(words):
        return name
    stems = {_CHINESE_ENDINGS.sub("", word) for word in (*words, "".join(words))}
    return PRODUCTION if stems & PRODUCTION_ALIASES else name


#: The key of an environment in a payload.
EnvironmentKey = Annotated[RecordKey, AfterValidator(environment_key)]
