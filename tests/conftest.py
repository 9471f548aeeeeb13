"""The small demo marketplace, shared by every test that wants a whole warehouse."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, settings

# A busy machine may pause for seconds: no property is judged by the clock.
settings.register_profile("untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def demo_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small demo, made once a session; read it, do not change it."""
    from app.commands import main

    root = tmp_path_factory.mktemp("demo") / "warehouse"
    result = CliRunner().invoke(main, ["demo", "--scale", "small", "--seed", "7", "--warehouse", str(root)])
    assert result.exit_code == 0, result.output
    return root
