"""Texts from the box of a reply: a reply can be a question, and a note for staff must not become public."""

from __future__ import annotations

from dataclasses import replace

from app.api.pages.sent_forms import SentForm
from app.desk.pages.form.files_along import INTERNAL, VISIBILITY
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs, inputs_of

#: Text in the reply box, and its field in an action that asks a question.
TEXT, QUESTION = "/text", "question"


def with_question(screen: ActionScreen, form: SentForm) -> SentForm:
    """Return the form with what was written into the box of a reply as its question, if it asks one."""
    names = {field.name for field in screen.form.fields}
    if TEXT not in form.inputs or QUESTION not in names or TEXT.removeprefix("/") in names:
        return form
    return replace(form, inputs={**form.inputs, f"/{QUESTION}": form.inputs[TEXT]})


def would_publish(screen: ActionScreen, form: SentForm) -> bool:
    """Return whether the action would publish a text that was written for staff only: its form has no choice
    of readers, as the question of a hold is always public.
    """
    names = {field.name for field in screen.form.fields}
    return VISIBILITY not in names and INTERNAL in form.inputs.get(f"/{VISIBILITY}", ())


def refused_to_publish(screen: ActionScreen, form: SentForm) -> SentInputs:
    """Return the form with the refusal to publish a text for staff. The form has no choice of readers, so a
    person who has read the refusal may send it with a question for the requester.
    """
    desk, sent = screen.desk, inputs_of(form)
    fault = {"pointer": f"/{QUESTION}", "members": [], "message": desk.sentence("question_is_public")}
    detail = desk.sentence("correct_marked", n=1)
    problem = {"title": desk.sentence("not_sent_yet"), "detail": detail, "errors": [fault]}
    return replace(sent, problem=problem)
