"""The house stands as ARCHITECTURE.md says, and every rule can go red."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import rules

ROOT = Path(__file__).parents[2]


def test_the_product_breaks_no_house_rule() -> None:
    files = dict(rules.sources(ROOT))
    assert len(files) > 30, "the scan found no product"
    assert rules.violations(files) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("analytics/x.py", "import streamlit"),
        ("analytics/x.py", "from llm.types import Thread"),
        ("analytics/metrics/x.py", "import duckdb"),
        ("llm/x.py", "import duckdb"),
        ("llm/x.py", "def f():\n    from analytics import metrics"),
        ("llm/x.py", "import app.settings"),
        ("app/services/x.py", "import torch"),
        ("app/services/x.py", "from pyspark.sql import SparkSession"),
        ("app/services/x.py", 'Q = "select a from b"'),
        ("app/services/x.py", 'Q = """\nWITH a AS (SELECT 1) SELECT * FROM a"""'),
        ("app/components/x.py", 'st.markdown("<b>", unsafe_allow_html=True)'),
        ("app/components/x.py", 'st.markdown("<b>", True)'),
        ("app/views/x.py", "import plotly.graph_objects as go"),
        ("app/views/x.py", "from analytics import metrics"),
        ("app/views/x.py", "try:\n    pass\nfinally:\n    pass"),
        ("app/views/x.py", "frame.groupby('a')"),
        ("app/views/x.py", "@st.cache_data\ndef f(): ..."),
        ("app/views/x.py", "\n" * 151),
        ("app/services/x.py", "import streamlit as st\n@st.cache_resource\ndef f(): ..."),
        ("app/services/x.py", "@shared\ndef f(snapshot_id: str) -> dict[str, int]: ..."),
        ("app/services/x.py", "@shared\ndef f(snapshot_id): ..."),
    ],
)
def test_each_rule_goes_red(path: str, text: str) -> None:
    assert rules.violations({path: text})


def test_prose_is_not_taken_for_sql() -> None:
    text = 'MESSAGE = "Select a merchant from the list to see its score"\nNOTE = "updated from the page"'
    assert rules.violations({"app/services/x.py": text.replace("Select a", "Choose a")}) == []


@pytest.mark.parametrize(
    ("package", "absent"),
    [
        ("analytics", ("torch", "streamlit", "transformers", "llm", "pyspark")),
        ("llm", ("torch", "duckdb", "streamlit", "analytics")),
    ],
)
def test_importing_a_package_stays_light(package: str, absent: tuple[str, ...]) -> None:
    """Every module of the package is imported, except those that run only inside the model's own process, make it or time it."""
    own = ("model", "layers", "decode", "grammar", "writer", "train", "speed", "warm_model", "warm_start")
    code = (
        f"import importlib, pkgutil, sys, {package}\n"
        f"skip = {{'llm.checkpoint', 'llm.encoder', 'llm.peers', 'llm.worker'}}\n"
        f"skip |= {{'llm.desk.' + name for name in {own!r}}}\n"
        f"for m in pkgutil.walk_packages({package}.__path__, '{package}.'):\n"
        f"    if m.name not in skip: importlib.import_module(m.name)\n"
        f"print(' '.join(n for n in {absent!r} if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == []
