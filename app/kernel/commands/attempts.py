"""How often a command is decided while others write what it reads."""

from __future__ import annotations

import time

from app.kernel.ledger import Ledger

#: So often at least a command is decided, and again for so many seconds, before it is refused because others
#: keep writing what it reads: most of them only add rows, and nothing contradicts it.
ATTEMPTS, RETRY_SECONDS = 5, 2.0


class Attempts:
    """Remaining attempts of a command, from its first one on."""

    def __init__(self) -> None:
        self._attempts = 1
        self._end = time.monotonic() + RETRY_SECONDS

    def may_retry(self, ledger: Ledger) -> bool:
        """Return whether the command is decided once more, on new reads."""
        if self._attempts >= ATTEMPTS and time.monotonic() >= self._end:
            return False
        self._attempts += 1
        # The conflict may come from the erasure of a person, so cached encryption keys must not be used.
        ledger.vault.forget()
        ledger.directory.forget_configuration()
        return True
