"""The app behind its own HTTP border: security headers, a readiness check, and no traceback to a browser.

Started by `trustdesk serve` (python -m app.server); no page and no figure here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.page_errors import show_error
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Streamlit's front end needs inline and eval'd script and blob workers; nothing may come from, or go to, another host.
HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


# Without this hint the front end first looks for its server below the page's own path (/trust/_stcore/health): two
# failed requests and an error in the console on every deep link.
BASE_HINT = b'<script>window.__streamlit={BACKEND_BASE_URL:window.location.origin+"/"}</script>'


class BaseHint:
    """Writes BASE_HINT into the HTML page that every address of the app is served with; a download passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = [value for name, value in scope.get("headers", []) if name == b"accept"]
        if scope["type"] != "http" or scope["method"] != "GET" or not any(b"text/html" in value for value in wanted):
            await self.app(scope, receive, send)
            return
        held: list[Message] = []
        body = bytearray()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                held.append(message)
                return
            if not held:
                await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                page = bytes(body).replace(b"<head>", b"<head>" + BASE_HINT, 1)
                headers = [(name, value) for name, value in held[0]["headers"] if name.lower() != b"content-length"]
                await send({**held[0], "headers": [*headers, (b"content-length", str(len(page)).encode())]})
                await send({"type": "http.response.body", "body": page})

        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, hold)


def _is_page(start: Message) -> bool:
    """Whether an answer is an HTML page to show: with a body, and not a file to save."""
    headers = {name.lower(): value for name, value in start["headers"]}
    is_html = headers.get(b"content-type", b"").startswith(b"text/html")
    return bool(is_html and start["status"] != 304 and b"content-disposition" not in headers)


class SecurityHeaders:
    """Adds HEADERS to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


async def ready(request: Request) -> PlainTextResponse:
    """GET /api/ready: 200 once the warehouse has a snapshot to show, 503 before."""
    has_data = get_runtime().warehouse.exists()
    return PlainTextResponse("ready" if has_data else "no data yet", status_code=200 if has_data else 503)


app = st.App(
    Path(__file__).parent / "main.py",
    middleware=[Middleware(SecurityHeaders), Middleware(BaseHint)],
    routes=[Route("/api/ready", ready)],
    on_script_error=show_error,
)

if __name__ == "__main__":
    settings = get_runtime().settings
    app.run(config={"server.port": settings.port, "server.address": settings.address})
