"""Templates: the requests that write to a tool, one file of data for each tool."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.expressions.language import LONGEST_EXPRESSION, Expression, ExpressionEnvironment

_SUFFIX = ".toml"
#: Stands between a tool and its edition in the name of a file.
_EDITION = "-"
#: The variables of requests: the subscription's address and settings, the ticket as the tool calls it, our
#: record and comment, the fields that change, the last answer, the choice made from it, the account that we
#: write with, the mark of what is ours, and since when it is looked for.
REQUESTS: Final = ExpressionEnvironment(
    ("tool", "ticket", "record", "comment", "changes", "answer", "picked", "account", "marker", "since")
)
ExpressionText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_EXPRESSION)]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class _TemplateModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ToolRequest(_TemplateModel):
    """A request: its method, and expressions of its address and its body (None: no body)."""

    method: Method = "GET"
    url: ExpressionText
    body: ExpressionText | None = None


class AccountRequest(ToolRequest):
    """The request that asks which account the tool knows us by; `account` is its id or name in the
    answer.
    """

    account: ExpressionText


class ReadRequest(ToolRequest):
    """The request that reads a ticket. `delivery` makes a delivery of the answer, for the source's
    mapping.
    """

    delivery: ExpressionText


class SearchRequest(ToolRequest):
    """The request that looks for earlier writes; `matches` is a list of it. A write that is not found counts
    as not made after `settle_seconds`: the search of some tools is late.
    """

    matches: ExpressionText
    settle_seconds: int = Field(default=0, ge=0, le=3_600)


class OpeningRequest(ToolRequest):
    """The request that opens a ticket. `ticket` is what the other requests call it by, of the answer or of
    what was found.
    """

    ticket: ExpressionText
    find: SearchRequest


class OptionsRequest(ToolRequest):
    """A question before a write: `options` is a list of the answer, of which the first is picked."""

    options: ExpressionText


class FieldRequest(ToolRequest):
    """The request that changes one field. `answers`: it answers with the ticket, as a reading does. `each`:
    a request for each of several names, which is `picked`.
    """

    field: Literal["title", "priority", "state", "labels_added", "labels_removed", "assignee"]
    ask: OptionsRequest | None = None
    answers: bool = False
    each: bool = False


class CommentRequest(ToolRequest):
    """The request that adds a comment; `key` and `time` are its id and time in the answer."""

    key: ExpressionText
    time: ExpressionText
    find: SearchRequest


class Template(_TemplateModel):
    """The requests that write to a tool. `authorization` is the scheme of its secret: a bearer token, or
    a text `user:token` for basic authentication. `groups` has the states that the tool does not distinguish,
    by state. `settings` are the names of a subscription's required settings. Labels of the tool have at most
    `longest_label` characters, and none of `not_in_labels`. `find_person` looks for the login of a person by
    their address, which is `picked`. `place` reads the repository or project, to test the address. Characters
    in `escaped` are markup of the tool, which a backslash makes text.
    """

    tool: str
    title: str
    authorization: tuple[Literal["basic", "bearer"], ...]
    headers: Mapping[str, str] = {}
    settings: tuple[str, ...] = ()
    longest_label: int = 50
    not_in_labels: str = ""
    escaped: str = ""
    groups: Mapping[str, str]
    account: AccountRequest
    place: ToolRequest
    read: ReadRequest
    open: OpeningRequest
    change: tuple[FieldRequest, ...]
    comment: CommentRequest
    correction: CommentRequest | None = None
    withdrawal: ToolRequest | None = None
    find_person: SearchRequest | None = None


class CompiledTemplate:
    """A template, and its expressions ready to be evaluated."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._compiled = {text: REQUESTS.compile(text) for text in _expressions(template)}

    def expression(self, text: str) -> Expression:
        """Return one of its expressions, by its text."""
        return self._compiled[text]

    def change_of(self, name: str) -> FieldRequest | None:
        """Return the request that changes the field; None: the tool has no such field."""
        return next((each for each in self.template.change if each.field == name), None)


def _expressions(part: BaseModel) -> Iterator[str]:
    plain = {"method", "field", "tool", "title", "not_in_labels", "escaped"}
    for name in type(part).model_fields:
        each: Any = getattr(part, name)
        if isinstance(each, BaseModel):
            yield from _expressions(each)
        elif isinstance(each, str) and name not in plain and isinstance(part, ToolRequest):
            yield each
        elif name == "change":
            for call in each:
                yield from _expressions(call)


@cache
def template_keys() -> frozenset[str]:
    """Return the keys of the tools that are written to."""
    return frozenset(name.partition(_EDITION)[0] for name in _names())


def _names() -> frozenset[str]:
    files = resources.files(__name__).iterdir()
    return frozenset(f.name.removesuffix(_SUFFIX) for f in files if f.name.endswith(_SUFFIX))


@cache
def template_of(tool: str, edition: str | None = None) -> CompiledTemplate:
    """Return the template of a tool, or of an edition that has another interface. Raises KeyError for an
    unknown one.
    """
    name = f"{tool}{_EDITION}{edition}" if edition else tool
    if name not in _names():
        raise KeyError(name)
    text = resources.files(__name__).joinpath(name + _SUFFIX).read_text(encoding="utf-8")
    return CompiledTemplate(Template.model_validate(tomllib.loads(text)))
