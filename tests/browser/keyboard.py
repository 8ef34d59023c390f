"""Pages worked by keyboard alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from tests.browser.chromium import Page

#: The key codes of keys that are no letters.
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowRight": 39, "ArrowDown": 40, ".": 190}
MOST_STEPS = 80


@dataclass
class Keyboard:
    """Hands on the keyboard, and no mouse."""

    page: Page

    async def press(self, key: str, *, ctrl: bool = False) -> None:
        """A key, pressed and let go."""
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        code = KEYS.get(key) or ord(key.upper())
        named: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 2 if ctrl else 0}
        down = {**named, "type": "keyDown", **({"text": text} if text and not ctrl else {})}
        await asyncio.gather(
            self.page.send("Input.dispatchKeyEvent", **down),
            self.page.send("Input.dispatchKeyEvent", **named, type="keyUp"),
        )

    async def to(self, key: str, condition: str) -> None:
        """That key again and again, until what has the focus is what is meant."""
        for _ in range(MOST_STEPS):
            if await self.page.run(f"((one) => {condition})(document.activeElement)"):
                return
            await self.press(key)
        raise AssertionError(f"{key} does not lead to {condition}")

    async def act(self, action: str) -> None:
        """The action on the record, or its form: a dot leads to all actions, arrows along them."""
        await self.press(".")
        await self.to("ArrowRight", f"(one.pathname ?? one.form?.action ?? '').endsWith('/{action}')")
        await self.press("Enter")

    async def fill(self, name: str, text: str) -> None:
        """The text into the field of that name."""
        await self.to("Tab", f"one.name === {json.dumps(name)}")
        await self.page.send("Input.insertText", text=text)

    async def choose(self, name: str, value: str) -> None:
        """That value of a list."""
        await self.to("Tab", f"one.name === {json.dumps(name)}")
        await self.to("ArrowDown", f"one.value === {json.dumps(value)}")

    async def arrive(self, path: str) -> None:
        """Waits for the page at that path."""
        await self.see(f"location.pathname === {json.dumps(path)}")

    async def see(self, is_present: str) -> None:
        """Waits for the page of which that is true."""
        refused = "document.querySelector('[role=alert]')"
        await self.page.until(f"{is_present} || {refused}")
        assert (
            await self.page.run("[...document.querySelectorAll('.fault')].map((one) => one.innerText)") == []
        )

    async def send(self, path: str) -> None:
        """Sends the form, which leads to that path."""
        await self.press("Enter", ctrl=True)
        await self.arrive(path)
