"""Targets: a small file that is read with care, and a verdict on cards and the merchant's page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.components.target import target_words
from app.errors import SettingsError
from app.i18n import use_language
from app.services.runtime import Runtime, use_runtime
from app.services.targets import targets
from app.services.warehouse import filter_options
from app.settings import load_settings
from tests.app.conftest import Invoke

MAIN = Path(__file__).parents[2] / "app" / "main.py"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """An empty file of targets that the settings name."""
    path = tmp_path / "targets.toml"
    path.write_text("")
    with use_runtime(Runtime(load_settings({}, cwd=tmp_path, overrides={"targets": "targets.toml"}))):
        yield path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + len(text) * 1_000_000))


def test_a_target_is_met_on_the_metrics_own_better_side(file: Path) -> None:
    write(file, "late_seller_rate = 0.02\nrating_mean = 4.5\ntrust_score = 80\ndesk_first_reply_seconds = 14400\n")
    found = targets()
    assert [found["late_seller_rate"].is_met(value) for value in (0.0199, 0.02, 0.0201)] == [True, True, False]
    assert [found["rating_mean"].is_met(value) for value in (4.49, 4.5, 4.51)] == [False, True, True]
    assert (found["trust_score"].is_met(79.9), found["desk_first_reply_seconds"].is_met(14401)) == (False, False)


def test_the_verdict_has_an_icon_and_a_word_in_both_languages(file: Path) -> None:
    write(file, "late_seller_rate = 0.02\n")
    with use_language("en"):
        assert target_words("late_seller_rate", 0.01) == ":green[:material/check_circle: target 2.0% met]"
        assert target_words("late_seller_rate", 0.03) == ":red[:material/cancel: target 2.0% missed]"
        assert target_words("late_seller_rate", None) == target_words("rating_mean", 4.0) == ""
    with use_language("zh-Hans"):
        assert "未达目标 2.0%" in target_words("late_seller_rate", 0.03)


def test_a_changed_file_is_read_again(file: Path) -> None:
    write(file, "rating_mean = 4.5\n")
    assert targets()["rating_mean"].value == 4.5
    write(file, "rating_mean = 4.25\n")
    assert targets()["rating_mean"].value == 4.25


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("late_seler_rate = 0.02", "no metric 'late_seler_rate'. Did you mean late_seller_rate"),
        ("late_seller_rate = 2", "late_seller_rate is a number from 0 to 1, found 2."),
        ("late_seller_rate = '2 %'", "found '2 %'."),
        ("late_seller_rate = true", "found True."),
        ("late_seller_rate = nan", "found nan."),
        ("resolution_seconds = inf", "found inf."),
        ("orders = 100", "orders grows with the window"),
        ("buyer_concentration = 0.05", "has no better side"),
        ("[rating_mean]\nvalue = 4", "a number from 1 to 5, found {'value': 4}."),
        ("rating_mean = = 4", "can't be read as TOML"),
    ],
)
def test_a_bad_file_is_one_line_with_its_name(file: Path, text: str, said: str) -> None:
    write(file, text)
    with pytest.raises(SettingsError) as raised:
        targets()
    assert said in str(raised.value)
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_said_before_the_app_starts(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTDESK_TARGETS", str(tmp_path / "nowhere.toml"))
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("the server was started"))
    result = invoke("serve", "--port", "8599")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The targets can't be read from")


def test_cards_and_the_merchant_say_whether_a_target_is_met(demo_warehouse: Path, file: Path) -> None:
    write(file, "late_seller_rate = 1\nrating_mean = 5\ntrust_score = 0\n")
    settings = {"warehouse": str(demo_warehouse), "encoder": False, "targets": str(file)}
    with use_runtime(Runtime(load_settings({}, overrides=settings))) as opened:
        page = AppTest.from_file(str(MAIN), default_timeout=120).run()
        said = [text.value for text in page.markdown if "target" in text.value]
        assert sorted(said) == [
            ":small[:green[:material/check_circle: target 0.0 met]]",
            ":small[:green[:material/check_circle: target 100.0% met]]",
            ":small[:red[:material/cancel: target 5.00 missed]]",
        ]
        largest = next(iter(filter_options(opened.warehouse.snapshot().snapshot_id).merchants))
        page = AppTest.from_file(str(MAIN), default_timeout=120)
        page.query_params["merchant"] = largest
        page.run()
        page.switch_page("views/merchant.py").run()
        assert any("target 0.0 met" in text.value for text in page.caption)
        next(box for box in page.selectbox if box.key == "merchant.metric").select("rating_mean").run()
        assert any("in the page's window" in text.value and "5.00 missed" in text.value for text in page.caption)
