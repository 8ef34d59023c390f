"""How far the first steps of an installation are, for their page and the first page of administrators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from app.desk.first_steps.steps import FIRST_STEPS, FirstStep, StepForm
from app.desk.pages.context import Desk
from app.desk.pages.form.returns import FIRST_STEPS_PATH, RETURN
from app.desk.pages.lists.addresses import address_of_list
from app.desk.pages.lists.tabs import MOST_COUNTED, count_text


@dataclass(frozen=True, slots=True)
class StepLink:
    """A link from a step: its text and its address."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class StepProgress:
    """Progress of a step: the number of its records, whether the step is done, the list of the records, the
    forms that the reader may send, and the remaining work on unfinished records.
    """

    step: FirstStep
    count: str
    is_done: bool
    list_address: str
    forms: Sequence[StepLink]
    unfinished: StepLink | None


@dataclass(frozen=True, slots=True)
class FirstStepsProgress:
    """The progress of all steps."""

    steps: Sequence[StepProgress]

    @property
    def done_count(self) -> int:
        """The number of steps that are done."""
        return sum(each.is_done for each in self.steps)

    @property
    def next_step(self) -> StepProgress | None:
        """The first step that is not done, those without which a desk does not work before others; None: all
        are done.
        """
        left = (each for each in self.steps if not each.is_done)
        return min(left, key=lambda each: each.step.optional, default=None)

    @property
    def is_usable(self) -> bool:
        """Whether all steps are done without which a desk does not work."""
        return all(each.is_done or each.step.optional for each in self.steps)


async def unfinished_steps(desk: Desk) -> FirstStepsProgress | None:
    """Return the first steps for the first page of an administrator; None for others, and once a desk works
    with what is there. Raises CallRefused.
    """
    if not desk.is_administrator:
        return None
    progress = await first_steps_progress(desk)
    return None if progress.is_usable else progress


async def first_steps_progress(desk: Desk) -> FirstStepsProgress:
    """Return how far the first steps are, by one count of what exists. Raises CallRefused."""
    selections = [f"{step.kind}?{step.query}" for step in FIRST_STEPS]
    begun = {step.name: f"{step.kind}?{step.unfinished.query}" for step in FIRST_STEPS if step.unfinished}
    parameters = {"selection": [*selections, *begun.values()], "most": str(MOST_COUNTED)}
    items = {
        item["selection"]: item for item in (await desk.calls.read("/v1/list_counts", parameters))["items"]
    }
    openings = {(each["kind"], each["action"]) for each in await desk.openings()}
    steps = [
        StepProgress(
            step,
            count_text(items[selection]),
            items[selection]["total"] is None or items[selection]["total"] >= step.least,
            address_of_list(step.kind, dict(parse_qsl(step.query))),
            _forms(desk, step, openings),
            _unfinished(desk, step) if step.name in begun and items[begun[step.name]]["total"] != 0 else None,
        )
        for step, selection in zip(FIRST_STEPS, selections, strict=True)
    ]
    return FirstStepsProgress(steps)


def _forms(desk: Desk, step: FirstStep, openings: Collection[tuple[str, str]]) -> list[StepLink]:
    """Return the forms of the step that the reader may send, and that by which they get the role for it."""
    forms = [
        StepLink(form.label.text(desk.language), _form_address(form, desk.language))
        for form in step.forms
        if (form.kind, form.action) in openings
    ]
    if step.role is None or desk.reader_id is None or desk.has_role(step.role):
        return forms
    query = urlencode({"/role/role": step.role.value, RETURN: FIRST_STEPS_PATH})
    label = desk.sentence("take_role", role=step.role.label(desk.language))
    return [StepLink(label, f"/desk/person/{desk.reader_id}/grant_role?{query}"), *forms]


def _form_address(form: StepForm, language: str) -> str:
    path = form.path or f"/desk/new/{form.kind}/{form.action}"
    inputs = [(name, text.text(language)) for name, text in form.inputs]
    return f"{path}?{urlencode([*inputs, (RETURN, FIRST_STEPS_PATH)])}"


def _unfinished(desk: Desk, step: FirstStep) -> StepLink:
    assert step.unfinished is not None, "the step has records that can be begun"
    address = address_of_list(step.kind, dict(parse_qsl(step.unfinished.query)))
    return StepLink(step.unfinished.sentence.text(desk.language), address)
