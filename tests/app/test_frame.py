"""The frame around pages: an error is one sentence and a reference, the snapshot is one, caching needs no browser."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app.errors import NoData
from app.services.runtime import Runtime, cached, get_runtime, remembering, shared, snapshot_id, use_runtime
from app.settings import load_settings


def raising(text: str) -> AppTest:
    page = f"""
import streamlit as st
from app.page_errors import page_errors
with page_errors():
    st.write("before")
    {text}
st.write("after")
"""
    return AppTest.from_string(page, default_timeout=120).run()


class TestPageErrors:
    def test_a_known_error_is_its_sentence_and_a_reference_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.ERROR, "trustdesk"):
            app = raising("from app.errors import NotFound; raise NotFound('There is no draft {draft}.', draft='d1')")
        text, reference = app.error[0].value.split("Reference: ")
        assert text.strip() == "There is no draft d1."
        assert reference in caplog.text
        assert not app.exception
        assert app.markdown[-1].value == "after"

    def test_what_stops_a_reader_is_said_in_the_readers_language(self) -> None:
        app = raising(
            "from app.i18n import use_language; from analytics.errors import WarehouseError\n"
            "    with use_language('zh-Hans'), page_errors():\n"
            "        raise WarehouseError('The query was stopped after {seconds} s: choose a shorter window or fewer dimensions.', seconds='30')"
        )
        assert "查询在 30 秒后被中止" in app.error[0].value

    def test_an_unknown_error_tells_the_reader_nothing_of_its_inside(self, caplog: pytest.LogCaptureFixture) -> None:
        app = raising("raise RuntimeError('secret /etc/path')")
        assert "secret" not in app.error[0].value
        assert "Something went wrong" in app.error[0].value
        assert "secret /etc/path" in caplog.text

    @pytest.mark.parametrize(
        "error",
        [
            "from analytics.errors import WarehouseError as E",
            "from llm.errors import InputError as E",
        ],
    )
    def test_errors_of_both_packages_are_sentences(self, error: str) -> None:
        assert raising(f"{error}; raise E('what, where, what to do')").error[0].value.startswith("what, where")

    def test_no_data_is_an_invitation_not_an_error(self) -> None:
        app = raising("from app.services.runtime import snapshot_id; snapshot_id()")
        assert len(app.error) == 0
        assert "trustdesk demo" in app.info[0].value

    def test_streamlits_own_control_flow_passes(self) -> None:
        app = raising("st.stop()")
        assert len(app.error) == 0
        assert [item.value for item in app.markdown] == ["before"]


class TestRuntime:
    @pytest.fixture
    def empty(self, tmp_path: Path) -> Runtime:
        return Runtime(load_settings({}, overrides={"warehouse": str(tmp_path / "none")}))

    def test_without_data_there_is_one_clear_line(self, empty: Runtime) -> None:
        with use_runtime(empty), pytest.raises(NoData, match="no data yet"):
            snapshot_id()

    def test_a_runtime_is_put_back(self, empty: Runtime) -> None:
        with use_runtime(empty):
            assert get_runtime() is empty
        assert get_runtime() is not empty

    def test_outside_a_browser_cached_is_a_plain_call(self, capfd: pytest.CaptureFixture[str]) -> None:
        calls: list[str] = []

        @cached
        def double(snapshot: str, n: int) -> int:
            calls.append(snapshot)
            return 2 * n

        assert [double("s", 1), double("s", 1), double("t", n=2)] == [2, 2, 4]
        assert calls == ["s", "s", "t"]
        assert "ScriptRunContext" not in capfd.readouterr().err

    def test_in_a_session_it_is_computed_once_a_snapshot(self) -> None:
        page = """
import streamlit as st
from app.services.runtime import cached
calls = []
@cached
def double(snapshot: str, n: int) -> int:
    calls.append(snapshot)
    return 2 * n
st.write(str([double("s", 1), double("s", 1), double("t", 1), calls]))
"""
        app = AppTest.from_string(page).run()
        assert app.markdown[0].value == "[2, 2, 2, ['s', 't']]"

    def test_what_is_shared_is_computed_once_and_the_same_object_for_all(self) -> None:
        page = """
import streamlit as st
from app.services.runtime import cached, shared
calls = []
def pairs(snapshot: str) -> tuple[tuple[str, int], ...]:
    calls.append(snapshot)
    return ((snapshot, 1), (snapshot, 2))
once, copied = shared(pairs), cached(pairs)
st.write(str([once("s") is once("s"), copied("s") is copied("s"), once("t")[0], calls]))
"""
        app = AppTest.from_string(page).run()
        assert app.markdown[0].value == "[True, False, ('t', 1), ['s', 's', 't']]"

    def test_outside_a_browser_what_is_shared_is_remembered_only_where_asked(self) -> None:
        calls: list[str] = []

        @shared
        def pair(snapshot: str) -> tuple[str, ...]:
            calls.append(snapshot)
            return (snapshot,)

        assert [pair("s"), pair("s")] == [("s",), ("s",)]
        with remembering({}):
            assert pair("s") is pair("s")
        assert calls == ["s", "s", "s"]


class TestServer:
    def test_every_answer_carries_the_security_headers_and_the_page_its_base(self, tmp_path: Path) -> None:
        from app.server import BASE_HINT, HEADERS, app

        with use_runtime(Runtime(load_settings({}, overrides={"warehouse": str(tmp_path)}))), TestClient(app) as client:
            page = client.get("/trust", headers={"accept": "text/html"})
            ready = client.get("/api/ready")
        assert page.status_code == 200
        assert BASE_HINT.decode() in page.text
        assert all(page.headers[name] == value and ready.headers[name] == value for name, value in HEADERS.items())
        assert (ready.status_code, ready.text) == (503, "no data yet")

    def test_a_file_to_save_passes_as_it_is(self) -> None:
        from app.server import BASE_HINT, BaseHint

        async def letter(request: Request) -> HTMLResponse:
            head = {"content-disposition": "attachment"} if request.url.path == "/file" else {}
            return HTMLResponse("<head></head>", headers=head)

        routes = [Route("/file", letter), Route("/page", letter)]
        with TestClient(Starlette(routes=routes, middleware=[Middleware(BaseHint)])) as client:
            assert client.get("/file", headers={"accept": "text/html"}).text == "<head></head>"
            assert BASE_HINT.decode() in client.get("/page", headers={"accept": "text/html"}).text


def test_the_command_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys, app.commands;"
        "print([m for m in ('streamlit','torch','duckdb','pandas','sklearn','sqlalchemy','babel') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
