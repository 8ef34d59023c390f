"""Faces: what people need of a kind of record on its pages, next to what its lifecycle permits (data, read in
process). A kind without one has the usual face: see `usual_primary` and `FormFace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.common.people import Role

#: In the place of an action: the reader of the page takes the record.
TAKE_ACTION = "take"
#: Actions that end or undo something, on every kind. Pages offer them apart from the others, and ask first.
USUALLY_DANGEROUS = frozenset(
    {
        "accept_risk",
        "archive",
        "back_out",
        "cancel",
        "deactivate",
        "decline",
        "destroy_document",
        "disable",
        "discard",
        "downgrade",
        "drop_task",
        "end",
        "end_series",
        "erase",
        "mark_duplicate",
        "merge",
        "pause",
        "refuse",
        "reject",
        "remove",
        "remove_logo",
        "retire",
        "reverse_cost",
        "reverse_work",
        "revert",
        "revoke",
        "revoke_licence",
        "revoke_role",
        "roll_back",
        "stop",
        "stop_pilot",
        "suspend",
        "terminate",
        "withdraw",
        "withdraw_attachment",
        "withdraw_cause",
        "withdraw_comment",
        "withdraw_decision",
    }
)


@dataclass(frozen=True, slots=True)
class BilingualLabel:
    """A label in both languages."""

    en: str
    zh: str

    def text(self, language: str) -> str:
        """Return the label in that language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class ActionChain:
    """Actions that lists offer as one: `action` has the form. Those `before` are carried out first on the
    records that still need them, and those `after` on the records for which they are then allowed.
    """

    label: BilingualLabel
    before: tuple[str, ...]
    action: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """An answer that people can choose, and the values that it stands for, by the members of the payload."""

    code: str
    label: BilingualLabel
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """One question in the place of several members of the payload. `usual` is the answer that is chosen
    already; nothing: people must choose one.
    """

    name: str
    label: BilingualLabel
    answers: tuple[QuestionAnswer, ...]
    usual: str = ""

    @property
    def members(self) -> frozenset[str]:
        """The members that every answer gives a value."""
        return frozenset.intersection(*(frozenset(answer.values) for answer in self.answers))


@dataclass(frozen=True, slots=True)
class FormSection:
    """Fields of a form under a heading."""

    label: BilingualLabel
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """The values of another field with which a field is asked for."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormGrid:
    """Rows of a form that are a table: a line for each choice of the member `line`, and a column for each
    choice of the member `column`; without one, `repeats` places in each line. `usual` are the rows with which
    the table of a new record begins.
    """

    line: str
    column: str = ""
    repeats: int = 1
    usual: tuple[Mapping[str, object], ...] = ()

    @property
    def fixed(self) -> frozenset[str]:
        """The members that identify a row: people fill in the others."""
        return frozenset({self.line, self.column} - {""})


@dataclass(frozen=True, slots=True)
class FileAlong:
    """One file that can be sent along with a form: its label, the action that takes it after the form's own,
    the member for its name, and the media types that browsers offer.
    """

    label: BilingualLabel
    action: str
    name_member: str
    accepted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFace:
    """How the form of an action asks people for its payload.

    `first` are the fields of the first screen in their order, members or names of `questions`; `sections`
    come after them. Other members are folded, except those in `unasked`, which programs send or a question
    supplies. `defaults` are chosen already. `prefills` are texts that are filled in already, with values of
    the record between braces; a prefill is left out if the record lacks the value. `only_with` are members
    that are shown only with certain values of others. `labels` replace the labels of members, `blanks`
    describe an empty choice. `title_from` is the member whose first line is the default title. `takes_files`:
    files can be sent along, which are attached to the record; `file_along`: one file can be, for an action of
    its own. `lists` are the lists from which members are chosen whose contract takes any text; those of rows
    are named with a slash. `grids` are members whose rows are tables. `filled_from` is the part of the record
    with whose values the form begins (empty: the record itself; None: the form begins blank); `filled_rows`
    are members whose rows begin as those of the list of that name within the record, each with the members
    that the list calls otherwise; `filled_as` are members of the form that the record, or its address, calls
    otherwise. `sent_by` is the member whose choices are the buttons that send the form. `from_record` are
    members that are sent with the value that the record has as its reader sees it, such as the number of the
    text that they sign.
    `demanded` are members that people must fill in where they are asked for them, though programs need not.
    """

    first: tuple[str, ...] = ()
    sections: tuple[FormSection, ...] = ()
    unasked: frozenset[str] = frozenset()
    defaults: Mapping[str, str] = field(default_factory=dict)
    prefills: Mapping[str, BilingualLabel] = field(default_factory=dict)
    only_with: Mapping[str, FieldCondition] = field(default_factory=dict)
    questions: tuple[FormQuestion, ...] = ()
    labels: Mapping[str, BilingualLabel] = field(default_factory=dict)
    blanks: Mapping[str, BilingualLabel] = field(default_factory=dict)
    title_from: str = ""
    takes_files: bool = False
    file_along: FileAlong | None = None
    sent_by: str = ""
    lists: Mapping[str, str] = field(default_factory=dict)
    grids: Mapping[str, FormGrid] = field(default_factory=dict)
    filled_from: str | None = None
    filled_rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    filled_as: Mapping[str, str] = field(default_factory=dict)
    from_record: frozenset[str] = frozenset()
    demanded: frozenset[str] = frozenset()

    @property
    def placed(self) -> tuple[str, ...]:
        """The fields that have a place: those of the first screen and of the sections."""
        return (*self.first, *(name for section in self.sections for name in section.fields))

    @property
    def names(self) -> frozenset[str]:
        """All names of members that the face uses."""
        question_names = {question.name for question in self.questions}
        values = {name for question in self.questions for name in question.members}
        conditions = {condition.field for condition in self.only_with.values()}
        named = {*self.placed, *self.unasked, *self.defaults, *self.prefills, *self.only_with, *self.labels}
        named |= self.grids.keys() | self.blanks.keys() | {path.partition("/")[0] for path in self.lists}
        named |= (
            conditions | self.from_record | self.demanded | self.filled_rows.keys() | self.filled_as.keys()
        )
        return frozenset((named - question_names) | values | ({self.title_from, self.sent_by} - {""}))


#: Actions whose values replace those of the edition in force, so that their forms begin with these: what a
#: person leaves unchanged must stay.
NEW_EDITIONS = frozenset({"revise", "propose_revision", "maintain_text"})
#: Faces of forms that many kinds share, used where a kind has no form face of its own.
USUAL_FORMS: Mapping[str, FormFace] = {
    "comment": FormFace(first=("text", "visibility"), unasked=frozenset({"folded"}), takes_files=True),
    "vote": FormFace(first=("decision", "comment"), sent_by="verdict"),
    "decide": FormFace(first=("decision", "comment"), sent_by="verdict"),
    "log_work": FormFace(lists={"role_class": "role_class"}),
    **{name: FormFace(filled_from="") for name in NEW_EDITIONS},
}


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page that leads on from that of a record: its label, its address with fields of the record between
    braces (`id`, `key`, `name`, `number`, `title`), the roles that see it, and the states in which they do
    (empty: all). `on_form_of`: the form of that action offers it, too.
    """

    label: BilingualLabel
    address: str
    roles: frozenset[Role]
    states: frozenset[str] = frozenset()
    on_form_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededField:
    """A field that must be filled in before the record can go on: in these states, while it is empty, the
    action comes next, and the page says why. `only_with` limits it to records with those values.
    """

    name: str
    states: tuple[str, ...]
    action: str
    reason: BilingualLabel
    only_with: FieldCondition

    def is_missing(self, record: Mapping[str, object]) -> bool:
        """Return whether the record still needs the field."""
        is_concerned = record.get(self.only_with.field) in self.only_with.values
        return is_concerned and record.get("state") in self.states and record.get(self.name) is None


@dataclass(frozen=True, slots=True)
class ActionPart:
    """The mark of a part of an action that several people do: the person in the field `person` has done it
    once the list `marks` of the record has `mark`.
    """

    marks: str
    mark: str
    person: str

    def is_finished_by(self, record: Mapping[str, Any], reader_id: str | None) -> bool:
        """Return whether the reader has done that part."""
        person = record.get(self.person) or {}
        return self.mark in (record.get(self.marks) or ()) and person.get("id") == reader_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFace:
    """Presentation of a record to people.

    `essentials` are fields that the page shows even if they are empty, such as the assignee. `called` is the
    name of a record that has neither number nor name, with values of the record between braces. `texts` are
    those that stand open on the page (None: all), `spoken_fields` those in its conversation. `spans` are
    pairs of fields with the beginning and the end of a plan: the head shows the first pair with values.
    `primary` are, by the code of a state, the actions that come next, the likeliest first; the first possible
    one is the button; `needed` fields come before. `quick` are actions that stand next to it. `dangerous`
    ones stand apart, besides the usual ones. `next_pages` are the addresses that follow actions, with `{id}`
    for the record; `pages` lead further from the record's page. `done_by_reply` is the action that a public
    reply of staff is, too, as long as it is possible. `forms` are the forms of actions at the desk,
    `portal_forms` those of requesters. `judged` are, by action, fields that stand open next to its form: they
    say what is agreed to; `refusals` is the action by which somebody refuses what they are asked for, by
    the action asked for; `done` says when a reader has done their part of an action. `chains` are actions
    that lists offer as one for several records. `by_agreement` are the states that hold only once a second
    person agrees, each with the sentence that is shown until then.
    """

    essentials: tuple[str, ...] = ()
    called: BilingualLabel | None = None
    texts: tuple[str, ...] | None = None
    spoken_fields: tuple[str, ...] = ()
    spans: tuple[tuple[str, str], ...] = ()
    primary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needed: tuple[NeededField, ...] = ()
    quick: tuple[str, ...] = ()
    dangerous: frozenset[str] = frozenset()
    next_pages: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[RecordPage, ...] = ()
    done_by_reply: str = ""
    forms: Mapping[str, FormFace] = field(default_factory=dict)
    portal_forms: Mapping[str, FormFace] = field(default_factory=dict)
    judged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    done: Mapping[str, tuple[ActionPart, ...]] = field(default_factory=dict)
    chains: Mapping[str, ActionChain] = field(default_factory=dict)
    by_agreement: Mapping[str, str] = field(default_factory=dict)

    def is_dangerous(self, action: str) -> bool:
        """Return whether the action ends or undoes something, so that it stands apart."""
        return action in self.dangerous or action in USUALLY_DANGEROUS


#: Face of a kind without a face of its own.
USUAL_FACE = RecordFace()
