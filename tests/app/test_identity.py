"""Who acts: one person locally, the proxy's user, or the one that OIDC signed in; nobody is nobody."""

from __future__ import annotations

import getpass

import pytest

from app.errors import IdentityError, SignInNeeded
from app.identity import Actor, local_actor, resolve_actor
from app.settings import Settings, load_settings

LOCAL = load_settings({})


def settings(**overrides: object) -> Settings:
    return load_settings({}, overrides=overrides)


def test_locally_the_operating_systems_user_acts() -> None:
    name = getpass.getuser()
    assert resolve_actor(LOCAL, claims=None, headers={}) == Actor(f"local:{name}", name, "local") == local_actor()


def test_an_open_address_without_sign_in_lets_nobody_act() -> None:
    with pytest.raises(IdentityError, match=r"0\.0\.0\.0 and no sign-in"):
        resolve_actor(settings(address="0.0.0.0"), claims=None, headers={})


def test_a_second_person_behind_the_proxy_is_another_actor() -> None:
    behind = settings(address="0.0.0.0", trusted_user_header="X-Forwarded-User")
    ann = resolve_actor(behind, claims=None, headers={"x-forwarded-user": "ann"})
    ben = resolve_actor(behind, claims=None, headers={"X-Forwarded-User": "ben "})
    assert (ann, ben) == (Actor("header:ann", "ann", "header"), Actor("header:ben", "ben", "header"))


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-User": " "}])
def test_without_its_header_the_proxy_was_passed_by(headers: dict[str, str]) -> None:
    with pytest.raises(IdentityError, match="X-Forwarded-User"):
        resolve_actor(settings(trusted_user_header="X-Forwarded-User"), claims=None, headers=headers)


def test_a_header_that_was_not_configured_names_nobody() -> None:
    assert resolve_actor(LOCAL, claims=None, headers={"X-Forwarded-User": "mallory"}).source == "local"


def test_oidc_wins_and_its_subject_is_the_identity() -> None:
    claims = {"is_logged_in": True, "iss": "https://id", "sub": "7", "name": "Ann", "email": "a@x"}
    actor = resolve_actor(settings(trusted_user_header="X-User"), claims=claims, headers={"X-User": "ben"})
    assert actor == Actor("https://id|7", "Ann", "oidc")


def test_signed_out_of_oidc_is_nobody() -> None:
    with pytest.raises(SignInNeeded):
        resolve_actor(LOCAL, claims={"is_logged_in": False}, headers={})
