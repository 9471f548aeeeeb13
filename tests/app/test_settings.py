"""Settings: one table, three sources, and one clear line for whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import SettingsError
from app.services.runtime import Runtime
from app.settings import load_settings, project_root, table


def test_defaults_lie_in_the_clone_whatever_the_working_directory(tmp_path: Path) -> None:
    settings = load_settings({}, cwd=tmp_path)
    assert settings.warehouse == project_root() / "data" / "warehouse"
    assert settings.workspace_url == f"sqlite:///{project_root()}/data/workspace/workspace.sqlite"
    assert settings.is_loopback


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "trustdesk.toml").write_text('port = 1\nthreads = 3\nwarehouse = "w"\nwebhook_allow = ["https://a"]\n')
    environ = {"TRUSTDESK_PORT": "2", "TRUSTDESK_ADDRESS": "0.0.0.0", "HOME": "/x"}
    settings = load_settings(environ, cwd=tmp_path, overrides={"warehouse": "v"})
    assert (settings.port, settings.threads, settings.warehouse) == (2, 3, tmp_path / "v")
    assert settings.webhook_allow == ("https://a",)
    assert not settings.is_loopback


def test_a_files_relative_paths_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    file = tmp_path / "conf" / "desk.toml"
    file.write_text('warehouse = "w"\nworkspace_url = "sqlite:///x.sqlite"\n')
    settings = load_settings({"TRUSTDESK_CONFIG": "conf/desk.toml"}, cwd=tmp_path)
    assert settings.warehouse == tmp_path / "conf" / "w"
    assert settings.workspace_url == f"sqlite:///{tmp_path}/conf/x.sqlite"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"TRUSTDESK_PROT": "1"}, "Unknown setting prot in the environment: did you mean port?"),
        ({"TRUSTDESK_PORT": "x"}, "Setting port in the environment needs a whole number, found 'x'."),
        ({"TRUSTDESK_PORT": "70000"}, "needs a port from 1 to 65535, found '70000'"),
        ({"TRUSTDESK_THREADS": "0"}, "at least 1"),
        ({"TRUSTDESK_TIME_ZONE": "Mars/Olympus"}, "IANA time zone"),
        ({"TRUSTDESK_MEMORY_LIMIT": "lots"}, "an amount such as 2GB"),
        ({"TRUSTDESK_MEMORY_LIMIT": ""}, "an amount such as 2GB"),
        ({"TRUSTDESK_SPILL_LIMIT": "50%"}, "an amount such as 20GB, or nothing"),
        ({"TRUSTDESK_QUERY_TIMEOUT_SECONDS": "0"}, "at least 1"),
        ({"TRUSTDESK_LANGUAGE": "de"}, "auto, en or zh-Hans"),
        ({"TRUSTDESK_ENCODER": "maybe"}, "true or false"),
        ({"TRUSTDESK_WEBHOOK_ALLOW": "ftp://x"}, "http"),
        ({"TRUSTDESK_WAREHOUSE": " "}, "a folder"),
        ({"TRUSTDESK_CONFIG": "nope.toml"}, "nope.toml, which is not a file"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(environ, cwd=tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_warehouse_keeps_to_the_settings(tmp_path: Path) -> None:
    environ = {
        "TRUSTDESK_WAREHOUSE": "w",
        "TRUSTDESK_MEMORY_LIMIT": "300MB",
        "TRUSTDESK_SPILL_LIMIT": "5 gb",
        "TRUSTDESK_QUERY_TIMEOUT_SECONDS": "7",
    }
    warehouse = Runtime(load_settings(environ, cwd=tmp_path)).warehouse
    assert (warehouse.memory_limit, warehouse.spill_limit, warehouse.query_seconds) == ("300MB", "5 gb", 7)


def test_a_broken_file_says_which(tmp_path: Path) -> None:
    (tmp_path / "trustdesk.toml").write_text("port = = 1")
    with pytest.raises(SettingsError, match=r"trustdesk\.toml can't be read as TOML"):
        load_settings({}, cwd=tmp_path)


def test_every_setting_has_a_help_text() -> None:
    assert all(help_text for _, _, _, help_text in table())
