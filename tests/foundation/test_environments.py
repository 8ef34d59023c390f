"""Production is one environment, whatever people and pipelines call it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter

from app.common.records import Record, codecs
from app.foundation.environments import (
    PRODUCTION,
    PRODUCTION_ALIASES,
    environment_key,
    is_known_environment,
    is_production,
)
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import marks
from app.registry import LIFECYCLES


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
            "PRODUCTION ",
            "prd",
            "Prod-EU",
            "ProdEU",
            "pr0d",
            "Wirkbetrieb",
            "echtbetrieb",
            "prodution",
            "Porduction-2",
            "main",
            *("PRO", "www", "operations", "customer production", "ops-eu", "main branch", "real"),
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
            "华东生产环境",
            "生产一区",
            "运行环境",
            "产线",
            *("投产", "商用环境", "实网", "本番", "运行", "真实环境", "投运环境"),
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
        "preProd",
        "准生产",
        "仿真生产",
        "preproduction",
        "reproduction",
        "main-test",
        "试运行环境",
        *("试生产", "生产镜像", "模拟生产", "Nicht-Produktion", "pre-production", "simulated production"),
        *("trial-production", "outside production", "main office", "real estate", "pro forma", "运行维护"),
    ],
)
def test_what_is_like_production_is_another_environment(name: str) -> None:
    assert environment_key(name) == name


@pytest.mark.parametrize("name", ["test", "UAT 2", "pre-prod", "preprod", "验收环境", "prod", "Green-2"])
def test_usual_environments_and_listed_ones_are_known(name: str) -> None:
    assert is_known_environment(name, ["green-2"])


@pytest.mark.parametrize(
    "name",
    [
        *(
            "preprod",
            "pre-production",
            "preProd",
            "eu-pre-prod-2",
            "non-prod",
            "Nicht-Produktion",
            "prod-like",
        ),
        *("production-test", "test production environment", "prod copy", "simulated production", "main-test"),
        *("预生产", "准生产环境", "生产测试", "生产环境镜像", "模拟生产", "试运行环境", "预prod"),
    ],
)
def test_a_fixed_form_of_production_and_another_word_is_usual(name: str) -> None:
    assert is_known_environment(name)
    assert not is_production(name)


@pytest.mark.parametrize(
    "name",
    [
        *("prod after test", "uat-approved-prod", "prod demo", "not a test: prod", "prod-training-room"),
        *("prod-dev-team", "live (demo done)", "prod测试通过", "Produktion nach Test"),
        *("生产（已测试）", "生产环境（测试通过后）", "生产-测试完成", "线上（非测试）", "测试后上线"),
    ],
)
def test_a_remark_on_production_is_unusual_unless_listed(name: str) -> None:
    """Such a name would evade freezes and approvals without a sign."""
    assert not is_known_environment(name)
    assert is_known_environment(name, [name.upper()])


@pytest.mark.parametrize("name", ["blue", "product", "projection", "p"])
def test_other_names_are_unknown(name: str) -> None:
    assert not is_known_environment(name, ["green"])
    assert not is_production(name)


def _environment_fields() -> list[tuple[str, str, Any]]:
    """Each field of a payload that names an environment: the payload, the field, and its type."""
    return [
        (row.body.__name__, field, Annotated[declared.annotation, declared])
        for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}
        for field, declared in row.body.model_fields.items()
        if "environment" in field
    ]


@pytest.mark.parametrize("name", ["x", "-", "...", "待定", "TBD", "n/a", "无", "xx", "none"])
def test_a_filler_is_no_environment_for_a_person(name: str) -> None:
    assert {body.__name__ for body, field in _environment_marks(name)} >= {"PlanRelease", "ReportDeployment"}


def _environment_marks(name: str) -> list[tuple[type[Any], str]]:
    """The fields of payloads that refuse the name as an environment."""
    return [
        (row.body, field)
        for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}
        for field, mark in marks(row.body, DemandedText).items()
        if "environment" in field and mark.fault(name) is not None
    ]


def test_every_payload_takes_each_name_of_production_for_production() -> None:
    names = {
        name for written in PRODUCTION_ALIASES for name in (written, f" {written.upper()} ", f"{written}-eu")
    }
    fields = _environment_fields()
    assert {payload for payload, _, _ in fields} >= {"PlanRelease", "ChangePlanRelease", "ReportDeployment"}
    for payload, field, declared in fields:
        read = TypeAdapter(declared).validate_python
        assert {read(name) for name in names} == {PRODUCTION}, (payload, field)


def test_every_record_is_found_by_each_name_of_its_environment() -> None:
    kinds: set[type[Record]] = {kind.record for kind in LIFECYCLES}
    kinds |= {child for lifecycle in LIFECYCLES for child in lifecycle.children}
    fields = [codec for kind in kinds for codec in codecs(kind).values() if codec.name == "environment"]
    assert len(fields) >= 3
    for codec in fields:
        assert codec.spelled_as is not None
        assert codec.spelled_as.resolve("Prod") == PRODUCTION
