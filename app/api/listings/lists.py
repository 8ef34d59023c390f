"""Definition of a list: the records, their shape, filters and sort orders; and the Pydantic models that
follow.

The models are the contract of `GET /v1/incidents` and `GET /v1/incidents/{id}`. They are generated from the
names of fields, so that nothing is declared twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import new_class
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.api.contract.record_fields import NAMES, Total, TotalAtLeast
from app.api.listings.filters import Parameter, multi_value, parameters
from app.api.listings.list_queries import ACTIONS, ListQuery, ListSelection, RecordQuery, on_request
from app.api.listings.searching import SEARCH
from app.api.listings.unknown_names import FilterWarning, warns_of_names
from app.api.records.custom import CUSTOM
from app.api.records.plans import ALWAYS_INCLUDED, on_request_fields
from app.api.records.shapes import OutputModel, RecordOut, Renderer, TicketOut
from app.common.lazy_attribute import lazy_attribute
from app.common.records import Record, all_codecs
from app.common.tickets import Ticket
from app.kernel.access.descriptions import IN_ANSWERS
from app.kernel.actions.lifecycle import Lifecycle
from app.platform.db import Database

WARNINGS = "Names in the filters that no record here has; left out if there are none, and on further pages."


class WarnedPage(OutputModel):
    """A page whose warnings are left out if there are none."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)


@dataclass(frozen=True, slots=True)
class ExpandTarget:
    """The kind of record that a field can be expanded to. The field contains the record's id, in a stub, or
    its key, depending on `by`. `process`: the process that the key belongs to, if keys are unique only within
    a process.
    """

    listing: Listing
    by: Literal["id", "key"]
    process: str | None = None

    def key_in(self, value: Any) -> Any:
        """Return the id or key of the record that the field's value refers to, or None."""
        return value["id"] if self.by == "id" and value is not None else value


@dataclass(frozen=True, slots=True)
class ListExtension:
    """Additional columns and filters of a list, from another table that a consumer of the log keeps up to
    date.

    `join` is SQL that joins that table to the records' table `t`. `sorts` are the SQL values to sort by, by
    name, `parameters` the filters, and `fields` the fields of the shape that are shown on request. A request
    that uses one of them waits a moment until the consumer has passed the log's end (`wait`), and the page
    says in `lag_field`, described in `lag_about`, how old the first event is that it has not.
    """

    join: str
    sorts: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    fields: tuple[str, ...]
    lag_field: str
    lag_about: str
    wait: Callable[[Database], Awaitable[float]]

    def is_requested(self, sort: str, *queries: BaseModel | None) -> bool:
        """Return whether one of these queries filters by the extension or asks for its fields, or the page is
        sorted by it.
        """
        names = {parameter.name for parameter in self.parameters}
        filtered = any(query is not None and names & query.model_fields_set for query in queries)
        requested = {name for query in queries if query is not None for name in on_request(query)}
        return filtered or sort.removeprefix("-") in self.sorts or not requested.isdisjoint(self.fields)


@dataclass(frozen=True)
class Listing:
    """The list of one kind of record: what it can filter, sort and expand.

    `filters` name fields of the record, or conditions on child records (`filters._CHILD_FILTERS`); `sorts`
    name its fields: the first, descending, is the default order. `shape` is the model that shows a record, if
    not all of its fields as they are declared there.
    `expands` are the listings whose records can be shown whole where this one refers to them by id.
    `renderer` shows the records. `own_parameters` are filters by what is no field, `extension` is what the
    list offers from another table. `known_names` are names in filters that code defines, by parameter:
    answers warn of others that no record has. The models of its queries and pages are made when they are
    first needed.
    """

    lifecycle: Lifecycle[Any]
    filters: tuple[str, ...]
    sorts: tuple[str, ...]
    shape: type[OutputModel] = OutputModel
    expands: tuple[Listing, ...] = ()
    renderer: type[Renderer] = Renderer
    own_parameters: tuple[Parameter, ...] = ()
    extension: ListExtension | None = None
    known_names: Mapping[str, Collection[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.shape is OutputModel:
            object.__setattr__(self, "shape", _shape_of(self.lifecycle.record))

    @lazy_attribute
    def parameters(self) -> dict[str, Parameter]:
        """The filter parameters, by name."""
        own_parameters = {parameter.name: parameter for parameter in self.own_parameters}
        by_name = parameters(self.lifecycle.record, self.shape, self.filters) | own_parameters
        if self.lifecycle.lookup.searched_fields:
            by_name[SEARCH.name] = SEARCH
        if issubclass(self.lifecycle.record, Ticket):
            by_name[CUSTOM.name] = CUSTOM
        if self.extension is not None:
            by_name.update({parameter.name: parameter for parameter in self.extension.parameters})
        return by_name

    @lazy_attribute
    def refers(self) -> dict[str, ExpandTarget]:
        """The targets of expansion, by field."""
        return _expand_targets(self)

    @lazy_attribute
    def selection(self) -> type[ListSelection]:
        """The part of a query that a saved view keeps."""
        return create_model(f"{self._name}ListSelection", __base__=ListSelection, **self._selected)

    @lazy_attribute
    def query(self) -> type[ListQuery]:
        """The query of the list."""
        include = {"include": _include(self.shape)} if ACTIONS in self.shape.model_fields else {}
        fields = self._selected | _shaping(self) | include
        return create_model(f"{self._name}Query", __base__=ListQuery, **fields)

    @lazy_attribute
    def record_query(self) -> type[RecordQuery]:
        """The query of one record."""
        include = {"include": _include_of_one(self.shape)} if on_request_fields(self.shape) else {}
        return create_model(f"{self._name}RecordQuery", __base__=RecordQuery, **_shaping(self), **include)

    @lazy_attribute
    def item(self) -> type[OutputModel]:
        """A record as the list shows it."""
        return _item_model(self.shape, self._name)

    @lazy_attribute
    def page(self) -> type[OutputModel]:
        """A page of the list."""
        return _page_model(self, f"{self._name}Page", self.item)

    @property
    def _name(self) -> str:
        return self.shape.__name__.removesuffix("Out")

    @property
    def _selected(self) -> dict[str, Any]:
        """Return the fields of the filters and the sort order."""
        selected: dict[str, Any] = {p.name: (p.annotation, None) for p in self.parameters.values()}
        extension_sorts = () if self.extension is None else self.extension.sorts
        return selected | {"sort": _sort((*self.sorts, *extension_sorts))}


def _shape_of(record: type[Record]) -> type[RecordOut]:
    """Return the model that shows all fields of a record of this kind as they are declared there."""
    base = TicketOut if issubclass(record, Ticket) else RecordOut
    about = " ".join((record.__doc__ or "").split("\n\n", maxsplit=1)[0].split())
    texts = {"__doc__": about, "__module__": record.__module__}
    return new_class(f"{record.__name__}Out", (base,), {"of": record}, lambda body: body.update(texts))


def _expand_targets(listing: Listing) -> dict[str, ExpandTarget]:
    lists = {listed.lifecycle.kind: listed for listed in listing.expands}
    targets = {name: _expand_target(listing, lists, name) for name in listing.shape.model_fields}
    refers = {name: referred for name, referred in targets.items() if referred is not None}
    named = {referred.listing.lifecycle.kind for referred in refers.values()}
    assert lists.keys() == named, "nothing refers to one of these"
    return refers


def _expand_target(listing: Listing, lists: Mapping[str, Listing], name: str) -> ExpandTarget | None:
    """Return the target that the field can be expanded to, or None."""
    record: type[Record] = listing.lifecycle.record
    fields = all_codecs(record)
    by_id, by_key = fields.get(f"{name}_id"), fields.get(name)
    if by_id is not None and by_id.refers is not None and by_id.refers.kind in lists:
        return ExpandTarget(lists[by_id.refers.kind], "id")
    if by_key is not None and by_key.key_of is not None and by_key.key_of.kind in lists:
        process = listing.lifecycle.kind if by_key.key_of.per_process else None
        return ExpandTarget(lists[by_key.key_of.kind], "key", process)
    return None


def _sort(names: tuple[str, ...]) -> Any:
    choices: Any = Literal[tuple(choice for name in names for choice in (name, f"-{name}"))]
    about = (
        "Field to sort the records by, with a leading `-` for descending order. Records with equal "
        "values are sorted by id; records without a value come last."
    )
    return Annotated[choices, Field(description=about)], f"-{names[0]}"


def _shaping(listing: Listing) -> dict[str, Any]:
    """Return the parameters that choose how a record is shown."""
    fields: Any = Literal[tuple(listing.shape.model_fields)]
    always = ", ".join(sorted(ALWAYS_INCLUDED & listing.shape.model_fields.keys()))
    about = f"Fields of a record to return; {always} are always returned. See PartialRecord."
    shaping: dict[str, Any] = {
        "fields": (multi_value(fields, about, most=len(listing.shape.model_fields)), None)
    }
    if listing.refers:
        about = (
            "Fields to expand: the record itself replaces its id or key. A record that the caller "
            "may not see "
            "stays an id; a key without a record that the caller may see becomes null."
        )
        shaping["expand"] = (multi_value(Literal[tuple(listing.refers)], about), None)
    return shaping


def _include(shape: type[OutputModel]) -> Any:
    """Return the parameter that asks for fields that a list does not show by default."""
    about = "`actions` adds the names of the actions that the caller may take on each record."
    requested_fields = on_request_fields(shape)
    if not requested_fields:
        return multi_value(Literal[ACTIONS], about), None
    entry: Any = Literal[(ACTIONS, *requested_fields)]
    return multi_value(entry, f"{about} {_shown_on_request(requested_fields)}"), None


def _include_of_one(shape: type[OutputModel]) -> Any:
    """Return the parameter that asks for fields that a single record does not show by default either."""
    requested_fields = on_request_fields(shape)
    entry: Any = Literal[requested_fields]
    return multi_value(entry, _shown_on_request(requested_fields)), None


def _shown_on_request(names: Sequence[str]) -> str:
    """Describe the entries of `include` that show a field of that name."""
    sentences = [f"`{name}` returns the field `{name}`, which is null otherwise." for name in names]
    return " ".join(sentences)


def _item_model(shape: type[OutputModel], name: str) -> type[OutputModel]:
    """Return the model of a record in a list, where actions are only named."""
    if ACTIONS not in shape.model_fields:
        return shape
    about = (
        f"{shape.__doc__} Lists return this form: with `include=actions` it has the names of the possible "
        "actions, without the reasons for refusals."
    )
    return create_model(f"{name}Item", __base__=shape, __doc__=about, actions=(NAMES, ...))


def _page_model(listing: Listing, name: str, entry: Any) -> type[OutputModel]:
    more: dict[str, Any] = {}
    if listing.extension is not None:
        extension = listing.extension
        more[extension.lag_field] = (float | None, Field(description=extension.lag_about))
    if listing.lifecycle.lookup.searched_fields:
        about = (
            "Age in seconds of the oldest event that `q` does not search yet; 0 if there is no such "
            "event, and null if the list is not searched with `q`."
        )
        more["lag_seconds"] = (float | None, Field(description=about))
    if warns_of_names(listing.parameters):
        more["warnings"] = (list[FilterWarning] | None, Field(default=None, description=WARNINGS))
    return create_model(
        name,
        __base__=WarnedPage if "warnings" in more else OutputModel,
        __doc__="A page of the list.",
        items=(list[entry], Field(description=IN_ANSWERS["items"])),
        next_cursor=(str | None, Field(description=IN_ANSWERS["next_cursor"])),
        total=(Total, ...),
        total_at_least=(TotalAtLeast, ...),
        **more,
    )
