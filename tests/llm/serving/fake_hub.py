"""A hub on this machine's loopback: one model at one commit, with ranges, hashes, gates and cut lines as a test asks for."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class FakeHub:
    """`files` of the model `name`. `cut_after` bytes of the file `cut_file` the line breaks, once; `spoilt` comes with a byte changed."""

    files: dict[str, bytes]
    name: str = "someone/Tiny"
    card: dict[str, object] = field(default_factory=lambda: {"license": "apache-2.0"})
    status: int = 200
    error_code: str = ""
    is_gated: bool = False
    cut_file: str = ""
    cut_after: int = 0
    spoilt: str = ""
    keeps_ranges: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    def description(self) -> dict[str, object]:
        """What `/api/models/NAME/revision/REVISION` answers."""
        siblings: list[dict[str, object]] = []
        for path, content in self.files.items():
            sibling: dict[str, object] = {"rfilename": path, "size": len(content)}
            if path.endswith(".safetensors"):
                lfs = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 130}
                sibling |= {"lfs": lfs, "blobId": "0" * 40}
            else:
                sibling["blobId"] = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            siblings.append(sibling)
        return {"id": self.name, "sha": COMMIT, "siblings": siblings, "cardData": self.card, "tags": []}


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        hub = self.hub
        hub.requests.append((self.path, self.headers.get("Range")))
        if hub.status != 200:
            self._error(hub.status, hub.error_code)
        elif self.path.startswith(f"/api/models/{hub.name}/revision/"):
            if self.path.split("?")[0].rpartition("/")[2] not in ("main", COMMIT):
                self._error(404, "RevisionNotFound")
            else:
                self._send(json.dumps(hub.description()).encode())
        elif self.path.startswith(f"/{hub.name}/resolve/{COMMIT}/"):
            self._file(self.path.rpartition("/")[2])
        else:
            self._error(404, "RepoNotFound")

    def _file(self, name: str) -> None:
        hub = self.hub
        if hub.is_gated:
            self._error(403, "GatedRepo")
            return
        content = hub.files[name]
        if name == hub.spoilt:
            content = bytes([content[0] ^ 1]) + content[1:]
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and hub.keeps_ranges else 0
        cut = None
        if name == hub.cut_file:
            hub.cut_file, cut = "", hub.cut_after
        self._send(content[start:], 206 if start else 200, cut)

    def _send(self, body: bytes, status: int = 200, cut: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])

    def _error(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def serve(hub: FakeHub) -> Iterator[FakeHub]:
    """The hub at `hub.url` until the block ends."""
    handler: Any = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a checkpoint folder, as a hub holds them."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
