"""Roles are called as the organisation calls them, wherever people read of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.common.people import Role
from app.platform.settings import Settings, SettingsError
from tests.cases import each_case
from tests.client import Api, serving
from tests.conftest import DatabaseUrls

RENAMED = '{"admin": {"en": "Keeper", "zh": "管家"}, "auditor": {"zh": "审计师"}}'
CHINESE = {"Accept-Language": "zh"}


@pytest.fixture
async def renaming(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Api]:
    """An application of an organisation that has names of its own."""
    changed = settings.model_copy(update={"role_labels": RENAMED})
    async with serving(place.url, tmp_path / "secrets", changed) as opened:
        yield opened


async def test_what_is_renamed_is_called_so_and_the_rest_as_ever(renaming: Api) -> None:
    gao = await renaming.client("Gao", Role.admin)

    async def labels(language: str) -> dict[str, str]:
        meta = (await gao.get("/v1/meta", headers={"Accept-Language": language})).json()
        assert [role["role"] for role in meta["roles"]] == [role.value for role in Role]
        return {role["role"]: role["label"] for role in meta["roles"]}

    english, chinese = await labels("en"), await labels("zh")
    assert (english["admin"], english["auditor"], english["agent"]) == (
        "Keeper",
        "Auditor",
        "Service desk agent",
    )
    assert (chinese["admin"], chinese["auditor"], chinese["agent"]) == ("管家", "审计师", "服务台坐席")
    me = (await gao.get("/v1/me", headers=CHINESE)).json()
    assert {role["role"]: role["label"] for role in me["roles"]}["admin"] == "管家"


async def test_who_may_do_something_is_said_by_their_names_here(renaming: Api) -> None:
    wu = await renaming.client("Wu")
    answer = await wu.post("/v1/teams", json={"key": "network", "name": "Network"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "Keeper" in answer.json()["detail"]
    answer = await wu.post("/v1/teams", json={"key": "network", "name": "Network"}, headers=CHINESE)
    assert "管家" in answer.json()["detail"]


async def test_a_role_that_there_is_not_cannot_be_renamed(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    changed = settings.model_copy(update={"role_labels": '{"janitor": {"en": "Janitor"}}'})
    with pytest.raises(
        SettingsError, match=r"LEDGERDESK_ROLE_LABELS .* no role 'janitor'; roles are admin, "
    ):
        async with serving(place.url, tmp_path / "secrets", changed):
            pass


@each_case(
    "said",
    [
        *("{", "[]", '"agent"', '{"agent": "Supporter"}', '{"agent": {}}', '{"agent": {"de": "Helfer"}}'),
        *('{"agent": {"en": " "}}', '{"agent": {"en": 7}}', '{"agent": {"en": "a\\nb"}}'),
    ],
)
def test_labels_that_are_none_are_refused(said: str) -> None:
    with pytest.raises(ValueError, match="must be JSON such as"):
        Settings(_env_file=None, role_labels=said)  # type: ignore[call-arg]  # Pydantic's own argument
