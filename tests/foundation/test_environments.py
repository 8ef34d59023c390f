"""Production is one environment, whatever people and pipelines call it."""

from __future__ import annotations

import pytest

from app.foundation.environments import PRODUCTION, environment_key


@pytest.mark.parametrize(
    "name",
    [
        *(
            "prod",
            "PROD",
            "ｐｒｏｄ",
            "Produktion",
            "production-eu",
            "prod1",
            "prod.",
            "PRD-01",
            "live-eu",
            "online",
        ),
        *(
            "生产",
            "生产环境",
            "生产 环境",
            "生产系统",
            "生产库",
            "正式系统",
            "线上",
            "上线",
            "现网环境",
            "运营环境",
            "生產環境",
            "線上",
        ),
    ],
)
def test_production_is_known_by_every_name(name: str) -> None:
    assert environment_key(name) == PRODUCTION


@pytest.mark.parametrize(
    "name",
    [
        "test",
        "preprod",
        "pre-prod",
        "non-production",
        "prod-like",
        "预生产环境",
        "staging",
        "delivery",
        "生产测试",
    ],
)
def test_what_is_like_production_is_another_environment(name: str) -> None:
    assert environment_key(name) == name
