"""The refusal of a mail. Its sentences are in i18n/en.toml and i18n/zh.toml, as `webhook_failure`."""

from __future__ import annotations


class MailRefused(Exception):
    """The mail cannot be accepted. `code` is the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
