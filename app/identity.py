"""Who acts. OIDC when it is configured, else a trusted proxy's header, else one local person on loopback only.

Every write in the workspace takes an Actor; nothing is done by nobody. Knows no analytics, no llm and no database.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.errors import IdentityError, SignInNeeded
from app.settings import Settings

Source = Literal["oidc", "header", "local", "machine"]


@dataclass(frozen=True)
class Actor:
    """One person, or the answering machine. `actor_id` is stable and unique within `source`; `name` is what pages show."""

    actor_id: str
    name: str
    source: Source


MACHINE = Actor("machine:answering", "Answering machine", "machine")
"""Who writes, approves and sends what no person has looked at."""


def local_actor() -> Actor:
    """The operating system's user: who acts in commands, and in the app when only this machine can reach it."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's user id may have no name
        name = "local"
    return Actor(f"local:{name}", name, "local")


def resolve_actor(settings: Settings, *, claims: Mapping[str, object] | None, headers: Mapping[str, str]) -> Actor:
    """Who sends this request.

    `claims`: those of a signed-in OIDC user, {} when OIDC is configured and nobody is signed in, None when it is not
    configured. Raises IdentityError when nobody can be named: not signed in, the proxy's header is missing, or the app
    is reachable from other machines with neither configured.
    """
    if claims is not None:
        subject = claims.get("sub") or claims.get("email")
        if not claims.get("is_logged_in") or not subject:
            raise SignInNeeded("Please sign in first.")
        name = claims.get("name") or claims.get("email") or subject
        issuer = claims.get("iss") or "oidc"
        return Actor(f"{issuer}|{subject}", str(name), "oidc")
    if settings.trusted_user_header:
        wanted = settings.trusted_user_header.lower()
        user = next((value.strip() for key, value in headers.items() if key.lower() == wanted), "")
        if not user:
            raise IdentityError(
                "The proxy sent no {header} header: reach TrustDesk through the proxy that signs people in.",
                header=settings.trusted_user_header,
            )
        return Actor(f"header:{user}", user, "header")
    if not settings.is_loopback:
        raise IdentityError(
            "TrustDesk listens on {address} and no sign-in is configured: set trusted_user_header or OIDC, "
            "or listen on 127.0.0.1.",
            address=settings.address,
        )
    return local_actor()


def current_actor(settings: Settings) -> Actor:
    """Who uses this browser session. Only for pages; commands act as `local_actor()`."""
    import streamlit as st

    claims: dict[str, object] | None = None
    # Without an [auth] section st.user has no is_logged_in at all.
    if hasattr(st.user, "is_logged_in"):
        claims = {**st.user.to_dict(), "is_logged_in": bool(st.user.is_logged_in)}
    return resolve_actor(settings, claims=claims, headers=st.context.headers.to_dict())
