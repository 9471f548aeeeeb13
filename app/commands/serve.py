"""`trustdesk serve`: the app, on loopback unless told otherwise."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import click

from app.commands.plumbing import note, one_line_errors, warehouse_option
from app.errors import AppError
from app.settings import Settings, load_settings


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port (default: the setting `port`, 8501).")
@click.option("--address", help="Address to listen on (default: the setting `address`, 127.0.0.1).")
@warehouse_option
@one_line_errors
def serve(port: int | None, address: str | None, warehouse: Path | None) -> None:
    """Serve the app and print its URL."""
    given = {"port": port, "address": address, "warehouse": str(warehouse.absolute()) if warehouse else None}
    overrides = {name: value for name, value in given.items() if value is not None}
    settings = load_settings(overrides=overrides)
    if settings.targets:
        _check_targets(settings)
    if settings.server_url:
        _check_model_server(settings)
    _check_free(settings.address, settings.port)
    shown = f"[{settings.address}]" if ":" in settings.address else settings.address
    note(f"TrustDesk is at http://{shown}:{settings.port} (Ctrl+C ends it)")
    environment = {**os.environ, **{f"TRUSTDESK_{name.upper()}": str(value) for name, value in overrides.items()}}
    # The same process goes on as the server: a signal to it ends the server, and the launcher's memory is gone.
    os.execve(sys.executable, [sys.executable, "-m", "app.server"], environment)


def _check_targets(settings: Settings) -> None:
    """A file of targets that can't be used is said here, and not first on a page. Raises SettingsError."""
    from app.services.runtime import Runtime, use_runtime
    from app.services.targets import targets

    with use_runtime(Runtime(settings)):
        targets()


def _check_model_server(settings: Settings) -> None:
    """A server that may not be asked is said here, and not first on a draft. Raises LlmError."""
    from llm.server import check_server

    check_server(settings.server_url, settings.server_allow)


def _check_free(address: str, port: int) -> None:
    """Raises AppError for an address that is none or that another program listens on."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise AppError(
            "TrustDesk can't listen on {address}, port {port} ({error}): choose others with --address and --port.",
            address=address,
            port=port,
            error=error.strerror or error,
        ) from error
