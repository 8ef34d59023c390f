"""Environments to which releases and deployments go: production is one, whatever it is called (pure)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from app.kernel.actions.payloads import RecordKey

PRODUCTION = "production"
#: What teams and their pipelines call production, in small letters.
PRODUCTION_ALIASES = frozenset(
    {"production", "prod", "prd", "live", "生产", "生产环境", "正式", "正式环境", "线上", "线上环境"}
)


def environment_key(name: str) -> str:
    """Return the key of the environment: `production` for all its aliases, otherwise the name itself. Another
    spelling would evade the freezes, checks and KPIs of production.
    """
    return PRODUCTION if name.strip().casefold() in PRODUCTION_ALIASES else name


#: The key of an environment in a payload.
EnvironmentKey = Annotated[RecordKey, AfterValidator(environment_key)]
