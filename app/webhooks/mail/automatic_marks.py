"""Marks of mails that programs have written or passed on (pure): RFC 3834, 3464, 8098 and what is usual.

RFC 3834 lists mails that must not be *answered*. Not all of them are ignored: a list passes on people's
mails, and monitoring writes by itself. A program's answer to our own mails is ignored, and so is a bounce.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.webhooks.mail.addresses import DAEMONS, read_addresses
from app.webhooks.mail.mime import MailPart

#: Reports on our mails, by the media type of their part, or by a header of the whole mail.
_REPORTS = {"message/delivery-status": "delivery-status"}
_REPORTS |= {"message/global-delivery-status": "delivery-status"}
_REPORTS |= {"message/disposition-notification": "disposition-notification"}
_REPORTS |= {"message/global-disposition-notification": "disposition-notification"}
_REPORT_TYPES = frozenset(_REPORTS.values())
_NO = frozenset({"", "0", "false", "no", "none"})
_LISTS = ("list-id", "list-unsubscribe")
_RESPONDERS = ("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-mail-autoreply", "x-vacation")
# Responders put these words and a colon before the subject that they answer, or write nothing else. People
# write about automatic replies and absences, too, so the words alone prove nothing.
_REPLY_WORDS = (
    r"automatic reply|auto(?:matic)?[- ]?reply|automatische antwort|réponse automatique|respuesta automática"
    r"|risposta automatica|resposta automática|odpowiedź automatyczna|autoodpowiedź|автоответ(?:чик)?"
    r"|автоматический ответ|自动回复|自動回覆|自動応答|自動返信"
)
_ABSENCE_WORDS = (
    r"out of (?:the )?office(?: auto-?reply)?|abwesenheits\w+|abwesend|absence du bureau|fuera de la oficina"
    r"|fuori sede|ausência|不在通知"
)
_ANSWERS = re.compile(rf"\s*(?:{_REPLY_WORDS})\s*(?:[:：]|$)", re.IGNORECASE)
_ABSENT = re.compile(rf"\s*(?:{_REPLY_WORDS}|{_ABSENCE_WORDS})\s*(?:[:：]|$)", re.IGNORECASE)
_RETURNED = re.compile(
    r"\s*(?:undeliver(?:able|ed)\b|mail delivery (?:failed|failure|system)|returned mail\b|failure notice\b"
    r"|delivery (?:status notification|failure|has failed)|unzustellbar\b|nicht zugestellt\b"
    r"|non remis\b|no entregado\b|non recapitabile\b|não entregue\b|niedostarczalne\b|не доставлено"
    r"|系统退信|退信|未送达|未傳遞|配信不能)",
    re.IGNORECASE,
)
#: Accounts that only the delivery of mails writes from. A postmaster is also a person, or sends for tools.
_MAILERS = DAEMONS - {"postmaster"}
#: The mark of a mail whose sender wants no mail at all.
NULL_SENDER = "return-path"
#: The mark of a mail that the delivery of mails has written.
MAIL_SERVERS = "sender"
#: Marks of a service that sends mails for others: people write through these, too, and answer us.
_CHANNELS = frozenset({"bulk", "feedback-id"})
_HINTS = ("x-ms-exchange-inbox-rules-loop", "x-ms-exchange-generated-message-source")


@dataclass(frozen=True, slots=True)
class AutomaticMarks:
    """Evidence that a mail is the answer of a program or a bounce; that a program has written it by itself;
    that a list or a server has passed it on, whoever wrote it. None: no evidence. `is_doubtful`: it may be an
    answer of a program, without proof.
    """

    answer: str | None
    program: str | None
    passed_on: str | None
    is_doubtful: bool = False

    def may_answer(self, *, answers_us: bool) -> bool:
        """Return whether a program may have answered by itself. `answers_us`: it answers a mail of ours."""
        by_program = self.program is not None and self.program not in _CHANNELS
        return self.is_doubtful or (by_program and answers_us)


def automatic_marks(mail: MailPart, sender: str, subject: str) -> AutomaticMarks:
    """Return the marks of a mail without a human author, or that did not come from its author alone."""
    # RFC 3834, section 5: `no` marks a mail written by a person; parameters may follow.
    submitted = _first_word(mail.header("Auto-Submitted"))
    precedence = _first_word(mail.header("Precedence"))
    suppressed = _first_word(mail.header("X-Auto-Response-Suppress"))
    # RFC 3834, section 3.3: such a mail must not be answered. Monitoring tools send such mails by themselves.
    is_for_nobody = any(value.strip() == "<>" for value in mail.headers("Return-Path"))
    answers_something = any(name in mail for name in ("In-Reply-To", "References"))
    report = _report(mail)
    program = {
        "auto-submitted": submitted not in ("", "no", "auto-replied"),
        NULL_SENDER: is_for_nobody,
        "junk": precedence == "junk",
        "report": report is not None and report not in _REPORT_TYPES,
        "bulk": precedence == "bulk",
        "feedback-id": "feedback-id" in mail,
    }
    passed_on = {
        **{name: name in mail for name in _LISTS},
        "precedence": precedence == "list",
        "x-auto-response-suppress": suppressed not in ("", "none"),
    }
    is_sure = any(is_set for name, is_set in program.items() if name not in _CHANNELS)
    is_absence = _ABSENT.match(subject) is not None
    # Exchange suppresses answers to absences; some people set that for their mails, too.
    answers_by_itself = answers_something and (suppressed == "all" or any(program.values()))
    by_words = _ANSWERS.match(subject) is not None and is_sure and not _is_for_another(mail, sender)
    answer = {
        "auto-submitted": submitted == "auto-replied",
        "precedence": precedence == "auto_reply",
        **{name: _first_word(mail.header(name)) not in _NO for name in _RESPONDERS},
        "x-failed-recipients": "x-failed-recipients" in mail,
        MAIL_SERVERS: _is_mail_servers(sender, subject, is_sure=is_sure),
        "out-of-office": is_absence and (precedence == "bulk" or answers_by_itself or by_words),
    }
    is_hinted = is_sure or any(name in mail for name in _HINTS)
    is_doubtful = (is_absence and is_hinted) or (is_for_nobody and answers_something)
    proof = report if report in _REPORT_TYPES else None
    return AutomaticMarks(proof or _first(answer), _first(program), _first(passed_on), is_doubtful)


def _is_mail_servers(sender: str, subject: str, *, is_sure: bool) -> bool:
    """Return whether a mail server writes of a mail that it could not deliver."""
    local, _, domain = sender.partition("@")
    is_returned = _RETURNED.match(subject) is not None
    return local in _MAILERS or (local in DAEMONS and is_returned and (is_sure or not domain))


def _is_for_another(mail: MailPart, sender: str) -> bool:
    """Return whether somebody else than the sender is to be answered, as with the mails of forms."""
    return bool({each.address for each in read_addresses(mail.header("Reply-To"))} - {sender})


def _report(mail: MailPart) -> str | None:
    """Return the kind of a report; `multipart/report` if it is none on a mail of ours, but a complaint or a
    statistic.
    """
    if mail.media_type != "multipart/report":
        return None
    declared = (mail.parameter("report-type") or "").strip().lower()
    kinds = (_REPORTS.get(part.media_type) for part in mail.inner_parts)
    usual = declared if declared in _REPORT_TYPES else mail.media_type
    return next((kind for kind in kinds if kind), usual)


def _first(marks: dict[str, bool]) -> str | None:
    return next((name for name, is_set in marks.items() if is_set), None)


def _first_word(value: str) -> str:
    return re.split(r"[;,(\s]", value.strip().lower(), maxsplit=1)[0]
