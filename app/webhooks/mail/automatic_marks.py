"""Marks of mails that programs have written or passed on (pure): RFC 3834, 3464, 8098 and what is usual.

RFC 3834 says what is not to be *answered*. Not all of that is to be ignored: a list passes on what people
write, and monitoring writes by itself. An answer of a program to our own mails is, and so is a bounce.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.webhooks.mail.addresses import DAEMONS
from app.webhooks.mail.mime import MailPart

_REPORTS = {"message/delivery-status": "delivery-status"}
_REPORTS |= {"message/disposition-notification": "disposition-notification"}
_NO = frozenset({"", "0", "false", "no", "none"})
_LISTS = ("list-id", "list-unsubscribe")
_RESPONDERS = ("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-mail-autoreply", "x-vacation")
# A subject alone proves nothing: people write about their absence, too. Mail servers add one of these.
_ABSENT = re.compile(
    r"\s*(?:automatic reply|auto(?:matic)?[- ]?reply|out of (?:the )?office|automatische antwort|abwesen"
    r"|réponse automatique|absence du bureau|respuesta automática|fuera de la oficina|risposta automatica"
    r"|fuori sede|resposta automática|ausência|odpowiedź automatyczna|autoodpowiedź|автоответ"
    r"|автоматический ответ|自动回复|自動回覆|自動応答|自動返信|不在通知)",
    re.IGNORECASE,
)
#: The mark of a mail whose sender wants no mail at all.
NULL_SENDER = "return-path"
#: Marks of a service that sends mails for others: people write through these, too, and answer us.
_CHANNELS = frozenset({"bulk", "feedback-id"})
_HINTS = ("x-ms-exchange-inbox-rules-loop", "x-ms-exchange-generated-message-source")


@dataclass(frozen=True, slots=True)
class AutomaticMarks:
    """What shows that a mail is the answer of a program or a bounce; that a program has written it by itself;
    that a list or a server has passed it on, whoever wrote it. None: nothing does.
    """

    answer: str | None
    program: str | None
    passed_on: str | None

    @property
    def answers_by_itself(self) -> bool:
        """Whether what it answers was answered by a program."""
        return self.program is not None and self.program not in _CHANNELS


def automatic_marks(mail: MailPart, sender: str, subject: str) -> AutomaticMarks:
    """Return the marks of a mail that nobody wrote, or that did not come from its author alone."""
    # RFC 3834, section 5: `no` says that a person has written it; parameters may follow.
    submitted = _first_word(mail.header("Auto-Submitted"))
    precedence = _first_word(mail.header("Precedence"))
    suppressed = _first_word(mail.header("X-Auto-Response-Suppress"))
    # RFC 3834, section 3.3: nobody is to be answered. Monitoring tools send such mails by themselves; an
    # answer says what it answers.
    is_for_nobody = any(value.strip() == "<>" for value in mail.headers("Return-Path"))
    answers_something = any(name in mail for name in ("In-Reply-To", "References"))
    answer = {
        "auto-submitted": submitted == "auto-replied",
        "precedence": precedence == "auto_reply",
        **{name: _first_word(mail.header(name)) not in _NO for name in _RESPONDERS},
        "return-path": is_for_nobody and answers_something,
    }
    program = {
        "auto-submitted": submitted not in ("", "no", "auto-replied"),
        NULL_SENDER: is_for_nobody,
        "junk": precedence == "junk",
        "bulk": precedence == "bulk",
        "feedback-id": "feedback-id" in mail,
    }
    passed_on = {
        **{name: name in mail for name in _LISTS},
        "precedence": precedence == "list",
        "x-auto-response-suppress": suppressed not in ("", "none"),
    }
    local, _, domain = sender.partition("@")
    is_sure = any(is_set for name, is_set in program.items() if name not in _CHANNELS)
    # Behind the address of a postmaster there is a person who may write to us.
    answer["sender"] = local in DAEMONS and (local != "postmaster" or not domain or is_sure)
    # Exchange sets it in absences; some people set it so that they get none.
    may_be_absence = answers_something and (suppressed == "all" or any(program.values()))
    is_hinted = is_sure or may_be_absence or any(name in mail for name in _HINTS)
    answer["out-of-office"] = bool(_ABSENT.match(subject)) and is_hinted
    return AutomaticMarks(_report(mail) or _first(answer), _first(program), _first(passed_on))


def _report(mail: MailPart) -> str | None:
    if mail.media_type != "multipart/report":
        return None
    kinds = (_REPORTS.get(part.media_type) for part in mail.inner_parts)
    return next((kind for kind in kinds if kind), "multipart/report")


def _first(marks: dict[str, bool]) -> str | None:
    return next((name for name, is_set in marks.items() if is_set), None)


def _first_word(value: str) -> str:
    return re.split(r"[;,(\s]", value.strip().lower(), maxsplit=1)[0]
