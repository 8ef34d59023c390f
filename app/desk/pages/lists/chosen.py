"""The filters of a list in words; and the people whose names were typed into its search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.desk.contract import ListScreen
from app.desk.forms.fields import FormField
from app.desk.pages.context import Desk
from app.desk.pages.lists.addresses import address_of_list
from app.desk.pages.lists.tabs import ALL, ANY_STATE, TAB, ListTab, accepts_reader, open_states
from app.i18n.entries import joined
from app.kernel.actions.lifecycle import Lifecycle

#: Parameters of the list's address that choose no records, or that have an input of their own.
NOT_FILTERS = frozenset({"q", "sort", "limit", "cursor", "view", "fields", "count", "expand", "include"})
#: The most people that the search of a list offers.
MOST_PEOPLE = 3
#: Filters by a person that a search stands for, the best first.
OF_PEOPLE = ("requester", "assignee", "owner", "person")


@dataclass(frozen=True, slots=True)
class ListChoice:
    """Choices of the page: the parameters of its address, the tabs, the open one (None: the address alone
    chooses), and the filters in effect, without those of the tab.
    """

    parameters: Mapping[str, str]
    tabs: Sequence[ListTab]
    tab: ListTab | None
    filters: Mapping[str, str]

    @property
    def selection(self) -> dict[str, str]:
        """All filters, and the order if one is chosen."""
        own = {} if self.tab is None else self.tab.filters
        return {**own, **self.filters}


@dataclass(frozen=True, slots=True)
class ChosenFilter:
    """A filter that is in effect: its name, the label of its field, the chosen values in words, the address
    of the list without it, and the values as people type them.
    """

    name: str
    label: str
    values: str
    without: str
    typed: str


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A person whose name was typed: the name, and the labels and addresses of the lists of their records."""

    name: str
    lists: Sequence[tuple[str, str]]


async def chosen_filters(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    filters: Sequence[FormField],
    choice: ListChoice,
    effective: Mapping[str, str],
) -> list[ChosenFilter]:
    """Return the filters in effect, also those that the form does not offer and those of a saved view. That
    of open states is removed by choosing any state. Raises CallRefused.
    """
    offered, states = {field.name: field for field in filters}, ",".join(open_states(lifecycle))
    in_address = {
        name: value for name, value in choice.parameters.items() if name in effective or name == TAB
    }
    names = await _names(desk, lifecycle, effective)
    chosen = []
    for name, text in effective.items():
        if name in NOT_FILTERS:
            continue
        words = {
            choice.code: desk.choice_label(offered[name], choice)
            for choice in (offered[name].choices if name in offered else ())
        } | {"none": desk.sentence("without"), "me": desk.sentence("me")}
        is_open = name == "state" and text == states
        spoken = [words.get(value) or names.get((name, value), value) for value in text.split(",")]
        values = desk.sentence("open") if is_open else joined(spoken, desk.language)
        remaining = {**(effective if "view" in choice.parameters else in_address)}
        remaining.pop(name, None)
        if name == "state" and choice.tab is not None:
            remaining["state"] = ANY_STATE
        label = desk.contract.field_label(name, {}, desk.language)
        without = address_of_list(lifecycle.kind, remaining)
        chosen.append(ChosenFilter(name, label, values, without, _typed(desk, name, text, names)))
    return chosen


def _typed(desk: Desk, name: str, text: str, names: Mapping[tuple[str, str], str]) -> str:
    """Return the values with the names that people can type for them."""
    called = {value: names.get((name, value), value) for value in text.split(",")}
    return ", ".join(
        value if "," in word or word == desk.sentence("somebody") else word for value, word in called.items()
    )


async def _names(
    desk: Desk, lifecycle: Lifecycle[Any], effective: Mapping[str, str]
) -> dict[tuple[str, str], str]:
    """Return what people call the records that the filters name, by the filter and its value. One of nobody's
    name, or that the reader may not see, is a record without a name.
    """
    pairs = [(name, value) for name, text in effective.items() for value in text.split(",")]
    pairs = [pair for pair in pairs if pair[0] not in NOT_FILTERS]
    # A record has the ids of those that it names in fields that are called so.
    rows = [{f"{name}_id": value, name: value} for name, value in pairs]
    named = await desk.names.replaced_in_all(lifecycle, rows)
    called = {}
    for (name, value), row in zip(pairs, named, strict=True):
        record = next((each for each in row.values() if isinstance(each, dict)), None)
        if record is not None:
            called[name, value] = str(record["name"])
        elif None in row.values():
            called[name, value] = desk.sentence("somebody")
    return called


def people_filters(desk: Desk, screen: ListScreen) -> list[str]:
    """Return the filters of the list by which staff find the records of a person."""
    by_name = {field.name: field for field in screen.filters}
    filters = [name for name in OF_PEOPLE if name in by_name and accepts_reader(desk.contract, by_name[name])]
    return filters if desk.is_staff else []


async def people_found(
    desk: Desk, lifecycle: Lifecycle[Any], screen: ListScreen, typed: str
) -> list[PersonFound]:
    """Return the people whose names were typed into the search, with the lists of their records: the words of
    a record do not have the names of its people.
    """
    filters = people_filters(desk, screen)
    if not typed.strip() or not filters:
        return []
    parameters = {"kind": "person", "q": typed.strip()[:200], "limit": str(MOST_PEOPLE)}
    answer = await desk.calls.send("GET", "/v1/lookup", parameters=parameters)
    persons = answer.document["items"] if answer.is_success else ()
    return [
        PersonFound(
            person["label"],
            [
                (
                    desk.contract.field_label(name, {}, desk.language),
                    address_of_list(lifecycle.kind, {TAB: ALL, "state": ANY_STATE, name: person["id"]}),
                )
                for name in filters
            ],
        )
        for person in persons
    ]
