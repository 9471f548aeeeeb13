"""Starts the app on a free loopback port and drives it in headless Chromium. Used by `bench pages` and the browser tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.errors import AppError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str:
    """Return the browser's path; raises AppError with what to install when there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise AppError("No Chromium on this machine: install the package `chromium` and try again.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Served:
    """The app as it is served, and its process."""

    url: str
    pid: int

    def processor_s(self) -> float:
        """Seconds that the process, without the models' worker, has computed so far. Linux only."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(warehouse: Path, workspace: Path, *, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """As `serving`, for those who want the URL alone."""
    with serving(warehouse, workspace, environment=environment) as app:
        yield app.url


@contextmanager
def serving(warehouse: Path, workspace: Path, *, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Serve a warehouse on a free loopback port; the server is stopped by pid afterwards.

    Raises AppError when the server does not answer within 60 seconds, with the end of its log.
    """
    port = free_port()
    log = workspace / "serve.log"
    workspace.mkdir(parents=True, exist_ok=True)
    settings = {
        "TRUSTDESK_WAREHOUSE": str(warehouse),
        "TRUSTDESK_WORKSPACE_URL": f"sqlite:///{workspace / 'workspace.sqlite'}",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.commands", "serve", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **settings, **(environment or {})},
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, log)
            yield Served(url, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AppError(f"The app did not start: {log.read_text(encoding='utf-8', errors='replace')[-1500:]}")


@dataclass
class Watch:
    """What a page did that it must not: console errors, exceptions, requests to other hosts."""

    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        page.on("console", lambda m: self.console.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.console.append(str(e)))
        page.on("request", lambda r: self._request(r.url))

    def _request(self, url: str) -> None:
        if urlsplit(url).scheme in {"http", "https", "ws", "wss"} and urlsplit(url).hostname not in {
            "127.0.0.1",
            "localhost",
        }:
            self.foreign.append(url)


@contextmanager
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def settle(page: Page, *, timeout: float = 60_000) -> None:
    """Wait until the script has run and nothing on the page is stale or a skeleton."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=timeout)
    page.wait_for_function(
        '() => !document.querySelector(\'[data-stale="true"], [data-testid="stSkeleton"], [data-testid="stAppSkeleton"]\')',
        timeout=timeout,
    )
