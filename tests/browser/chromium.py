"""A real browser, driven by its own protocol (CDP)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.waiting import until

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: Only against a browser that hangs: an answer takes less than two seconds.
SECONDS = 120
LARGEST_MESSAGE = 64 * 1024**2
PORT_AND_PATH = 2
#: How long a page looks for what is awaited until it is asked again, and how often.
LOOKS_MS, LOOK_MS = 1_000, 20
#: What would have it call home, or need more than a container has.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--force-prefers-reduced-motion",
    "--remote-debugging-port=0",
)


def installed() -> str:
    """The browser's program; the test is skipped where there is none."""
    for name in NAMES:
        if (path := shutil.which(name)) is not None:
            return path
    pytest.skip(f"needs chromium: none of {', '.join(NAMES)} is on PATH")


@dataclass
class Page:
    """A tab. `errors` are what its console has complained of so far."""

    connection: ClientConnection
    errors: list[str] = field(default_factory=list)
    _sent: int = 0
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def listen(self) -> None:
        """Takes what the browser says, until it has gone."""
        async for text in self.connection:
            message = json.loads(text)
            if "id" in message:
                self._waiting.pop(message["id"]).set_result(message)
            elif message["method"] == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(message["params"]["exceptionDetails"])[:500])
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                entry = message["params"]["entry"]
                self.errors.append(f"{entry['text']} {entry.get('url', '')}")
            elif message["method"] == "Runtime.consoleAPICalled" and message["params"]["type"] in (
                "error",
                "assert",
            ):
                self.errors.append(json.dumps(message["params"]["args"])[:500])

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command, and what comes of it."""
        self._sent += 1
        answer = self._waiting[self._sent] = asyncio.get_running_loop().create_future()
        await self.connection.send(json.dumps({"id": self._sent, "method": method, "params": parameters}))
        answer_json = await asyncio.wait_for(answer, SECONDS)
        assert "error" not in answer_json, answer_json
        result: dict[str, Any] = answer_json["result"]
        return result

    async def run(self, script: str) -> Any:
        """The value of the expression, in the page."""
        answer = await self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def open(self, url: str) -> None:
        """Goes there."""
        await self.send("Page.navigate", url=url)
        await self.until("true")

    async def until(self, script: str) -> None:
        """Until the expression is true in a page whose scripts have run; nobody hears keys before."""
        # The page looks by itself for a while: asking it again and again keeps both of us busy.
        looks = f"""(async () => {{
          for (const end = performance.now() + {LOOKS_MS}; performance.now() < end;) {{
            if (document.readyState === 'complete' && ({script})) return true;
            await new Promise((again) => setTimeout(again, {LOOK_MS}));
          }}
          return false;
        }})()"""

        async def told() -> bool:
            try:
                return bool(await self.run(looks))
            except AssertionError:  # on its way from one page to the next
                return False

        await until(told)

    async def sized(self, width: int, height: int, *, dark: bool = False) -> None:
        """As on a screen of that size."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def photograph(self) -> bytes:
        """What one sees, as PNG."""
        shot = await self.send("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])


#: A tab of the browser that shares nothing with other tabs, until the block ends.
Browsing = Callable[[], contextlib.AbstractAsyncContextManager[Page]]


@contextlib.asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Browsing]:
    """A browser whose data are in that folder, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        installed(),
        *FLAGS,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
        start_new_session=True,
    )
    try:

        async def listening() -> list[str] | None:
            lines = await asyncio.to_thread(_told, folder / "DevToolsActivePort")
            return lines if len(lines) == PORT_AND_PATH else None

        port, path = await until(listening)
        yield functools.partial(_tab, port, path)
    finally:
        # Its own processes with it: they are of the session that it leads.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _told(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


@contextlib.asynccontextmanager
async def _tab(port: str, path: str) -> AsyncIterator[Page]:
    """A tab of the browser that listens there, as if nobody had used that browser before."""
    async with _listened_to(f"ws://127.0.0.1:{port}{path}") as chromium:
        context = (await chromium.send("Target.createBrowserContext"))["browserContextId"]
        target = await chromium.send("Target.createTarget", url="about:blank", browserContextId=context)
        async with _listened_to(f"ws://127.0.0.1:{port}/devtools/page/{target['targetId']}") as page:
            for domain in ("Page", "Runtime", "Log"):
                await page.send(f"{domain}.enable")
            yield page
        await chromium.send("Target.disposeBrowserContext", browserContextId=context)


@contextlib.asynccontextmanager
async def _listened_to(address: str) -> AsyncIterator[Page]:
    """What answers commands at that address."""
    # On a busy machine a browser may leave a ping unanswered for longer than a connection waits.
    async with connect(address, max_size=LARGEST_MESSAGE, ping_interval=None) as connection:
        page = Page(connection)
        listening = asyncio.create_task(page.listen())
        try:
            yield page
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
