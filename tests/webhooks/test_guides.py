"""Each tool has a page that says what its adapter does."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from app.processes.incidents.records import IncidentState
from app.webhooks.adapters import adapter, tools
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.updates import TicketUpdate
from app.webhooks.sources import guides

NOW = datetime(2026, 5, 5, 9, tzinfo=UTC)


def test_every_tool_has_a_page_with_what_its_adapter_says() -> None:
    pages = dict(guides.pages())
    assert pages.keys() == set(tools())
    for tool, page in pages.items():
        document = adapter(tool).document
        assert document.guide is not None, tool
        sentences = (
            document.guide.where,
            *document.guide.events,
            *document.guide.becomes,
            *document.guide.remarks,
        )
        assert all(sentence in page for sentence in sentences), tool
        headers = [each.header for each in document.verification if each.header]
        assert all(f"`{header}`" in page for header in headers), tool
        assert ("Deliveries have no id" in page) is (document.delivery.id is None), tool


def test_a_page_shows_what_each_code_means_here() -> None:
    page = dict(guides.pages())["pagerduty"]
    assert "| `acknowledged` | `acknowledged` |" in page
    assert "HMAC-SHA256 in hex, after the prefix `v1=`" in page


def pasted(tool: str, language: str) -> str:
    """Return the text in that language that the tool's page has to paste."""
    guide = adapter(tool).document.guide
    assert guide is not None
    (text,) = (paste.text for paste in guide.paste if paste.language == language)
    return text


def read(tool: str, body: object) -> TicketUpdate:
    (update,) = adapter(tool).evaluate(Delivery({}, json.dumps(body).encode(), NOW)).news
    assert isinstance(update, TicketUpdate)
    assert update.irregular == ()
    return update


@pytest.mark.parametrize("empty", [False, True], ids=["all fields set", "optional fields empty"])
@pytest.mark.parametrize("tool", ["zendesk", "freshservice"])
def test_the_body_on_a_page_is_read_as_a_ticket(tool: str, empty: bool) -> None:
    values = {"id": "7", "status": "Open", "updated_at_with_timestamp": "2026-05-05T08:00Z"}
    optional = {"priority": "High", "urgency": "High", "impact": "High", "email": "ann@example.org"}
    optional |= {"updated_at": "2026-05-05T08:00:00Z", "created_at": "2026-05-05T08:00:00Z"}
    optional["created_at_with_timestamp"] = "2026-05-05T08:00Z"

    words = 'Some "text" in C:\\new\\temp\\'

    def value(placeholder: re.Match[str]) -> str:
        name = placeholder[1].rpartition(".")[2]
        usual = words if placeholder[2] else "Some text"
        text = values.get(name) or ("" if empty else optional.get(name, usual))
        for search, replacement in re.findall(r"replace: '([^']*)', '([^']*)'", placeholder[2]):
            text = text.replace(search, replacement)
        return text

    placeholders = re.compile(r"""\{\{([\w.]+)((?: \| replace: '[^']*', '[^']*')*)\}\}""")
    update = read(tool, json.loads(placeholders.sub(value, pasted(tool, "json"))))
    assert update.case == "7"
    assert empty or tool == "zendesk" or update.fields["title"] == words
    assert update.state in (IncidentState.new, IncidentState.in_progress)
    assert update.occurred_at == (NOW if empty and tool == "freshservice" else NOW.replace(hour=8))


def test_the_script_for_servicenow_sends_every_field_that_its_adapter_reads() -> None:
    sent = set(re.findall(r'"(\w+)"[,\n ]', pasted("servicenow", "js").partition("[\n")[2].partition("]")[0]))
    document = adapter("servicenow").document
    read_fields = set(re.findall(r"item\.(\w+)", document.model_dump_json(include={"news"})))
    assert len(read_fields) > 15
    assert read_fields <= sent
    body = {name: {"value": "", "display_value": ""} for name in sent}
    body |= {
        "sys_id": {"value": "7", "display_value": "7"},
        "state": {"value": "3", "display_value": "On Hold"},
    }
    body["sys_updated_on"] = {"value": "2026-05-05 08:00:00", "display_value": "05.05.2026 10:00:00"}
    update = read("servicenow", body | {"table_name": "incident"})
    assert (update.case, update.state) == ("7", IncidentState.on_hold)
    assert update.occurred_at == NOW.replace(hour=8)
