"""The contract as screens need it: lists with their filters, the fields of records, lists within a record,
and forms. All screens follow from it, so that a kind that is added has them at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from app.api.contract_parts import contract_document
from app.api.service.pages import CONTRACT
from app.contract.schemas import Schema, resolved
from app.desk.forms.fields import Form, FormField, form_of

#: Parameters of lists that are no filters.
NO_FILTERS = frozenset({"limit", "cursor", "sort", "fields", "view", "count", "expand", "include", "q"})
#: Lists within a record that a page shows by itself or not at all.
OTHER_LISTS = frozenset(
    {"events", "notices", "kpis", "text_blocks", "approval_preview", "page", "invitation.ics", "chart.svg"}
)
JSON = "application/json"
PATH_PARAMETER = re.compile(r"{(\w+)}")
#: Slashes in the path of a file that belongs to the record as a whole.
RECORD_FILE_SLASHES = 4
#: Members of an action's response that are not part of the record: they are shown on the next page, or listed
#: within the record.
OF_THE_ANSWER = frozenset({"warnings", "open_duties", "moving_duties", "staying_duties"})


@dataclass(frozen=True, slots=True)
class ListScreen:
    """The list of a kind: its filters as fields of a form, its sort orders, whether words can be searched,
    and the fields of a record in it with their schemas.
    """

    filters: tuple[FormField, ...]
    sorts: tuple[str, ...]
    is_searched: bool
    fields: Mapping[str, Schema]
    on_request: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChildScreen:
    """A list within a record: the last segment of its path, its label by language, and the fields of what it
    lists.
    """

    name: str
    words: Mapping[str, str]
    fields: Mapping[str, Schema]


@dataclass(frozen=True, slots=True)
class FileAddress:
    """The address of a file or a page to print, with `{id}` for the record; the id of its operation. For a
    row within the record it also has `{row}`: the value of the row's member `row_member`.
    """

    path: str
    operation: str
    row_member: str = ""


class ScreenContract:
    """An OpenAPI document, asked for what screens show."""

    def __init__(self, document: Schema) -> None:
        self._document = document

    @property
    def document(self) -> Schema:
        """The whole document."""
        return self._document

    def resolved(self, schema: Schema) -> Schema:
        """Return the schema without references at its top."""
        return resolved(schema, self._document)

    def component(self, name: str) -> Schema:
        """Return the schema of that name."""
        return dict(self._document["components"]["schemas"][name])

    def component_at(self, reference: str) -> Schema:
        """Return the component that a reference names."""
        return self.component(reference.rpartition("/")[2])

    @lru_cache(maxsize=2048)  # noqa: B019 - there is one such object in a process
    def form(self, schema: str) -> Form:
        """Return the form of the payload with that schema."""
        return form_of(self._document, self.component(schema))

    def payload_fields(self, schema: str) -> Mapping[str, Schema]:
        """Return the fields of the payload with that schema."""
        return self._fields(self.component(schema)) or {}

    def operation(self, method: str, path: str) -> Schema | None:
        """Return the operation at that path of the contract, or None."""
        operation = self._document["paths"].get(path, {}).get(method.lower())
        return None if operation is None else dict(operation)

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def listing(self, plural: str) -> ListScreen | None:
        """Return the list of that kind, or None."""
        operation = self.operation("get", f"/v1/{plural}")
        fields = None if operation is None else self._listed_fields(operation)
        if operation is None or fields is None:
            return None
        parameters = {p["name"]: p for p in map(self.resolved, operation.get("parameters", ()))}
        filters = {
            name: {**parameter["schema"], "description": parameter.get("description", "")}
            for name, parameter in parameters.items()
            if parameter["in"] == "query" and name not in NO_FILTERS
        }
        return ListScreen(
            form_of(self._document, {"type": "object", "properties": filters}).fields,
            tuple(self.resolved(parameters["sort"]["schema"])["enum"]) if "sort" in parameters else (),
            "q" in parameters,
            fields,
            self._included(parameters.get("include")),
        )

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def record_fields(self, plural: str) -> Mapping[str, Schema] | None:
        """Return the fields of a record by their names; None if the kind has no page of its own."""
        operation = self.operation("get", f"/v1/{plural}/{{id}}")
        return None if operation is None else self._fields(self._answer(operation))

    @lru_cache(maxsize=2048)  # noqa: B019 - as above
    def secret_fields(self, method: str, path: str, plural: str) -> Mapping[str, Schema]:
        """Return the fields that the operation at that path answers and that no later answer about such a
        record has: secrets.
        """
        operation = self.operation(method, path)
        answered = None if operation is None else self._fields(self._answer(operation))
        lasting = {*(self.record_fields(plural) or ()), *OF_THE_ANSWER}
        return {name: schema for name, schema in (answered or {}).items() if name not in lasting}

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def record_extras(self, plural: str) -> frozenset[str]:
        """Return the fields of a record of that kind that are shown on request."""
        operation = self.operation("get", f"/v1/{plural}/{{id}}") or {}
        parameters = (self.resolved(parameter) for parameter in operation.get("parameters", ()))
        return self._included(next((p for p in parameters if p["name"] == "include"), None))

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def listed_fields(self, path: str) -> Mapping[str, Schema] | None:
        """Return the fields of what the operation at that path lists, or None."""
        operation = self.operation("get", path)
        return None if operation is None else self._listed_fields(operation)

    @lru_cache(maxsize=1024)  # noqa: B019 - as above
    def query_parameters(self, path: str) -> frozenset[str]:
        """Return the names of the query parameters of the list at that path of the contract."""
        parameters = map(self.resolved, (self.operation("get", path) or {}).get("parameters", ()))
        return frozenset(parameter["name"] for parameter in parameters if parameter["in"] == "query")

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def children(self, plural: str) -> tuple[ChildScreen, ...]:
        """Return the lists within a record of that kind, in the order of the contract."""
        prefix = f"/v1/{plural}/{{id}}/"
        names = [path.removeprefix(prefix) for path in self._document["paths"] if path.startswith(prefix)]
        lists = (
            (name, self.operation("get", f"{prefix}{name}"), self._child_fields(f"{prefix}{name}"))
            for name in names
            if "/" not in name and name not in OTHER_LISTS
        )
        return tuple(
            ChildScreen(name, operation["x-label"], fields)
            for name, operation, fields in lists
            if operation is not None and fields is not None
        )

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def record_files(self, plural: str) -> tuple[FileAddress, ...]:
        """Return the files and pages to print that a record of that kind has."""
        files = (
            (path, operation["operationId"])
            for path, operation in self._files(f"/v1/{plural}/{{id}}/")
            if path.count("/") == RECORD_FILE_SLASHES
        )
        return tuple(FileAddress(path, operation) for path, operation in files)

    @lru_cache(maxsize=1024)  # noqa: B019 - as above
    def row_file(self, plural: str, child: str) -> FileAddress | None:
        """Return the file, or page to print, of each row of a list within a record, or None."""
        for path, operation in self._files(f"/v1/{plural}/{{id}}/{child}/"):
            parameter = PATH_PARAMETER.findall(path)[-1]
            member = "id" if parameter.endswith("_id") else parameter
            address = path.replace(f"{{{parameter}}}", "{row}")
            return FileAddress(address, operation["operationId"], member)
        return None

    def _files(self, prefix: str) -> Iterator[tuple[str, Schema]]:
        """Yield the paths with that prefix whose response is a file (not JSON) and which need no query
        parameter, each with its operation.
        """
        for path in self._document["paths"]:
            operation = self.operation("get", path) if path.startswith(prefix) else None
            if operation is not None and not self._needs_query(operation):
                content = self.resolved(operation["responses"]["200"]).get("content", {})
                if any("json" not in media_type for media_type in content):
                    yield path, operation

    def _needs_query(self, operation: Schema) -> bool:
        parameters = map(self.resolved, operation.get("parameters", ()))
        return any(parameter.get("required") and parameter["in"] == "query" for parameter in parameters)

    def field_label(self, name: str, schema: Schema, language: str) -> str:
        """Return the label of an answer's field."""
        words = schema.get("x-label") or self._labels.get(name) or {}
        text: str = words.get(language) or name.removesuffix("_id").replace("_", " ").capitalize()
        return text

    @cached_property
    def _labels(self) -> Mapping[str, Mapping[str, str]]:
        labels: Mapping[str, Mapping[str, str]] = self._document["x-labels"]
        return labels

    def _included(self, parameter: Schema | None) -> frozenset[str]:
        """Return the fields that a parameter may ask for; it is None if there is no such one."""
        if parameter is None:
            return frozenset()
        entry = self.resolved(self.resolved(parameter["schema"])["items"])
        return frozenset(entry["enum"] if "enum" in entry else [entry["const"]])

    def _child_fields(self, path: str) -> Mapping[str, Schema] | None:
        operation = self.operation("get", path)
        if operation is None or self._needs_query(operation):
            return None
        return self._listed_fields(operation)

    def _listed_fields(self, operation: Schema) -> Mapping[str, Schema] | None:
        """Return the fields of what the operation lists; None if it answers with no list of objects."""
        entries = self._answer(operation).get("properties", {}).get("items")
        return None if entries is None else self._fields(self.resolved(self.resolved(entries)["items"]))

    def _fields(self, schema: Schema) -> Mapping[str, Schema] | None:
        properties: Mapping[str, Schema] | None = schema.get("properties")
        return properties

    def _answer(self, operation: Schema) -> Schema:
        """Return the schema of the operation's answer; an empty one if that is no JSON."""
        for status in ("200", "201"):
            if status in operation["responses"]:
                content = self.resolved(operation["responses"][status]).get("content", {})
                return self.resolved(content[JSON]["schema"]) if JSON in content else {}
        return {}


@cache
def screen_contract() -> ScreenContract:
    """Return the contract, as the build has made it. Raises FileNotFoundError."""
    return ScreenContract(contract_document(CONTRACT))
