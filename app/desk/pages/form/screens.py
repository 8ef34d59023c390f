"""The screen of an action: its form, and what it is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response

from app.api.contract.summaries import of_action
from app.api.open_actions import ActionLink, action_link
from app.api.pages.page_paths import DESK
from app.common.faces import USUAL_FORMS, FormFace
from app.desk.forms.fields import Form, FormField, is_file
from app.desk.operation_calls import CallAnswer
from app.desk.pages.context import Desk
from app.desk.pages.form.sent_inputs import SentInputs
from app.desk.pages.records import RecordView
from app.desk.references import with_rows_named
from app.desk.values import ShownField
from app.kernel.actions.lifecycle import Action, Lifecycle

#: The characters of a Chinese verb that a noun can follow at once.
LONGEST_VERB = 2
#: Builds the page that follows an action; None: the usual one does.
PageAfter = Callable[["ActionScreen", RecordView, SentInputs, CallAnswer], Awaitable[Response | None]]
#: The pages that follow actions by whatever form they were sent, by the kind of the record and the action.
PAGES_AFTER: dict[tuple[str, str], PageAfter] = {}


@dataclass(frozen=True, slots=True)
class ActionScreen:
    """The form of an action on a record, or of one that opens a record (None).

    Differences between the page and the payload: `own_form` and `own_face` replace the payload's, `preset`
    are further members to send, `fallback` those to send if they are left blank, `own_path` the form's
    address, `own_label` the name of the action, `own_button` the text of its button, `about` and `facts` the
    content before the form, `before` a template with its values that stands there, too, `refusals` the
    addresses and labels of the forms by which one refuses, and `after` builds the page that follows (None:
    the default page).
    """

    desk: Desk
    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    view: RecordView | None
    own_form: Form | None = None
    own_face: FormFace | None = None
    preset: Mapping[str, Any] = field(default_factory=dict)
    fallback: Mapping[str, Any] = field(default_factory=dict)
    own_path: str | None = None
    own_label: str | None = None
    own_button: str | None = None
    about: str = ""
    facts: tuple[ShownField, ...] = ()
    before: tuple[str, Mapping[str, Any]] | None = None
    refusals: tuple[tuple[str, str], ...] = ()
    after: PageAfter | None = None

    @property
    def link(self) -> ActionLink:
        """Where the action is sent."""
        return action_link(self.lifecycle, self.row)

    @property
    def form(self) -> Form:
        """The form of its payload; rows of the record that it names are chosen."""
        if self.own_form is not None:
            return self.own_form
        form = self.desk.contract.form(self.link.body_schema)
        lists = {child.name for child in self.desk.contract.children(self.lifecycle.plural)}
        return form if self.view is None else replace(form, fields=with_rows_named(form.fields, lists))

    @property
    def face(self) -> FormFace:
        """Presentation of the form to people: at the desk, or at the portal."""
        if self.own_face is not None:
            return self.own_face
        face = self.lifecycle.face
        forms = face.forms if self.desk.root == DESK else face.portal_forms
        return forms.get(self.row.name) or USUAL_FORMS.get(self.row.name) or FormFace()

    @property
    def sent_by(self) -> FormField | None:
        """The field whose choices are the buttons that send the form; None: it has one button."""
        return next((field for field in self.form.fields if field.name == self.face.sent_by), None)

    @property
    def path(self) -> str:
        """The address of the form."""
        if self.own_path is not None:
            return self.own_path
        if self.view is None:
            return f"{self.desk.root}/new/{self.lifecycle.kind}/{self.row.name}"
        return f"{self.view.path}/{self.row.name}"

    @property
    def label(self) -> str:
        """Name of the action."""
        return self.own_label or self.row.label(self.desk.language)

    @property
    def heading(self) -> str:
        """The title of the form: what is opened, or the action, which the record's name follows."""
        if self.view is not None or self.own_label is not None:
            return self.label
        return opening_heading(self.lifecycle, self.row, self.desk.language)

    @property
    def edits(self) -> bool:
        """Say whether the form is a correction of the record's fields."""
        return self.link.method == "PATCH"

    @property
    def takes_file(self) -> bool:
        """Say whether a file is sent with the form."""
        has_along = self.face.takes_files or self.face.file_along is not None
        return has_along or any(is_file(field) for field in self.form.fields)


def opening_heading(lifecycle: Lifecycle[Any], row: Action[Any, Any], language: str) -> str:
    """Return what the action opens, with its verb, such as "Report an incident"."""
    if language == "en":
        return of_action(row.description, lifecycle.kind)
    return opening_in_chinese(row.label(language), lifecycle.zh)


def opening_in_chinese(label: str, kind: str) -> str:
    """Return the Chinese title of a form that opens a record, such as 上报事件."""
    if label in kind:
        return kind
    if len(label) > LONGEST_VERB:
        return f"{label}（{kind}）"
    return f"{label} {kind}" if kind[0].isascii() else f"{label}{kind}"
