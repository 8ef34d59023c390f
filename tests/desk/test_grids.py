"""Rows as a table: the hours of a week, and the priority matrix."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Json
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page

CALENDAR_FORM, MATRIX_FORM = "/desk/new/calendar/add", "/desk/new/priority_matrix/add"
NAMED = {"/name": ["Berlin"], "/key": ["berlin"], "/time_zone": ["Europe/Berlin"]}
MONDAY, TUESDAY, WEDNESDAY = "/weekly/0", "/weekly/2", "/weekly/4"
NOON = "/weekly/1"  # the second place of Monday


def _hours(weekly: list[Json]) -> dict[str, list[str]]:
    hours: dict[str, list[str]] = {}
    for row in weekly:
        for day in row["weekdays"]:
            hours.setdefault(day, []).append(f"{row['starts']}-{row['ends']}")
    return hours


async def test_the_hours_of_a_week_are_filled_in_by_weekday(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    form = read_form(await page(admin, CALENDAR_FORM))
    breaks = {f"{MONDAY}/ends": ["12:00"], f"{NOON}/starts": ["13:00"], f"{NOON}/ends": ["17:00"]}
    closed = {f"{TUESDAY}/starts": [""], f"{TUESDAY}/ends": [""]}
    answer = await send_form(admin, CALENDAR_FORM, form.inputs | NAMED | breaks | closed)
    assert answer.status_code == 303, said(answer.text)
    newest = (await admin.read("/v1/calendars/berlin"))["newest"]
    usual = {day: ["09:00-17:00"] for day in ("wed", "thu", "fri")}
    assert _hours(newest["weekly"]) == {"mon": ["09:00-12:00", "13:00-17:00"], **usual}

    path = "/desk/calendar/berlin/revise"
    form = read_form(await page(admin, path))
    begun = [form.inputs[f"{place}/starts"] for place in (MONDAY, NOON, TUESDAY, WEDNESDAY)]
    assert begun == [["09:00"], ["13:00"], [""], ["09:00"]], "a revision begins with the hours in force"
    sent = form.inputs | {
        "/reason": ["Open on Saturday."],
        "/weekly/10/starts": ["10:00"],
        "/weekly/10/ends": ["14:00"],
    }
    answer = await send_form(admin, path, sent)
    assert answer.status_code == 303, said(answer.text)
    newest = (await admin.read("/v1/calendars/berlin"))["newest"]
    assert _hours(newest["weekly"])["sat"] == ["10:00-14:00"]


async def test_a_table_says_at_its_place_what_is_wrong(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    form = read_form(await page(admin, CALENDAR_FORM))
    closed = {f"{MONDAY}/starts": [""], f"{MONDAY}/ends": [""]}
    sent = form.inputs | NAMED | closed | {f"{WEDNESDAY}/starts": ["nine"]}
    answer = await send_form(admin, CALENDAR_FORM, sent)
    form = read_form(answer.text)
    assert (answer.status_code, form.faults) == (422, {"f-weekly-4-starts-help"}), said(answer.text)
    assert (form.inputs[f"{WEDNESDAY}/starts"], form.inputs[f"{MONDAY}/starts"]) == (["nine"], [""])

    form = read_form(await page(admin, MATRIX_FORM))
    answer = await send_form(admin, MATRIX_FORM, form.inputs | {"/cells/8/priority": ["P1"]})
    assert (answer.status_code, read_form(answer.text).faults) == (422, {"f-cells-8-priority-help"})
    html = await page(admin, MATRIX_FORM, **{"accept-language": "zh"})
    assert "影响" in html
    answer = await send_form(
        admin,
        MATRIX_FORM,
        form.inputs | {"/cells/8/priority": ["P3"], "/cells/7/priority": ["P3"], "/cells/5/priority": ["P3"]},
    )
    assert answer.status_code == 303, said(answer.text)
    cells = (await admin.read("/v1/priority_matrix"))["cells"]
    assert [cell["priority"] for cell in cells] == ["P1", "P2", "P3", "P2", "P3", "P3", "P3", "P3", "P3"]
    form = read_form(await page(admin, "/desk/settings/priorities"))
    assert form.inputs["/cells/8/priority"] == ["P3"], "a revision begins with the matrix in force"
