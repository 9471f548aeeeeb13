"""`trustdesk model pull` against a hub on loopback: pulled, resumed, pinned; refused in one line; and nothing else goes online."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import Result

from llm.chat import ChatMessage, GenerateOptions
from llm.checkpoint import Checkpoint
from llm.checkpoint_files import inspect_checkpoint
from llm.engine import Engine
from llm.errors import CheckpointError
from llm.worker import WorkerConfig
from tests.app.conftest import Invoke
from tests.llm.serving.fake_hub import COMMIT, FakeHub, files_of, serve
from tests.llm.serving.tiny_checkpoint import make_checkpoint

NEVER = (
    "pytorch_model.bin",
    "modeling_tiny.py",
    "model.gguf",
    "consolidated.safetensors",
    "pulled.json",
    "training_args.pt",
    "onnx/config.json",
    "../config.json",
    "model/../../x.safetensors",
    "..\\config.json",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("models") / "Tiny")


@pytest.fixture(autouse=True)
def fresh_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The hub's library as in a new process, online and without a proxy."""
    from huggingface_hub import close_session

    close_session()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield
    close_session()


@pytest.fixture
def hub(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    files = files_of(tiny) | dict.fromkeys(NEVER, b"never") | {"LICENSE": b"Apache"}
    with serve(FakeHub(files)) as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
        monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)  # what is lost at most
        yield found


@pytest.fixture
def pull(invoke: Invoke, tmp_path: Path) -> Callable[..., Result]:
    def run(*arguments: str, name: str = "someone/Tiny") -> Result:
        return invoke("model", "pull", name, "--to", tmp_path / "models" / "Tiny", "--accept-licence", *arguments)

    return run


def refused(result: Result, said: str) -> None:
    assert result.exit_code == 1, result.output
    line = result.stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    assert said in line
    assert "Traceback" not in result.output


def test_a_model_is_pulled_pinned_and_writes(hub: FakeHub, pull: Callable[..., Result], tmp_path: Path) -> None:
    result = pull("--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    folder = tmp_path / "models" / "Tiny"
    assert (found["folder"], found["revision"], found["licence"], found["fault"]) == (
        str(folder),
        COMMIT,
        "apache-2.0",
        None,
    )
    assert {path.name for path in folder.iterdir()} == {name for name in hub.files if name not in NEVER} | {
        "pulled.json"
    }
    assert f"Licence: apache-2.0 ({hub.url}/someone/Tiny/blob/{COMMIT}/LICENSE)" in result.stderr
    record = json.loads((folder / "pulled.json").read_text())
    assert (record["name"], record["revision"], record["endpoint"]) == ("someone/Tiny", COMMIT, hub.url)
    assert all(len(file["sha256"]) == 64 for file in record["files"].values())
    assert list(folder.parent.iterdir()) == [folder]
    assert Checkpoint(folder).generate([ChatMessage("user", "Late?")], GenerateOptions(max_tokens=3), print) == "length"


def test_info_says_where_it_was_pulled_from(hub: FakeHub, pull: Callable[..., Result], invoke: Invoke) -> None:
    folder = pull().stdout.strip()
    found = json.loads(invoke("model", "info", folder, "--json").stdout)
    assert (found["pulled"], found["licence"]) == (f"someone/Tiny@{COMMIT[:12]}", "apache-2.0")


def test_pulled_twice_it_is_there_already(hub: FakeHub, pull: Callable[..., Result]) -> None:
    assert pull().exit_code == 0
    before = len(hub.requests)
    result = pull()
    assert result.exit_code == 0
    assert "holds it already" in result.stderr
    assert len(hub.requests) == before + 1  # asked only whether it has moved


def test_a_cut_line_goes_on_where_it_broke(hub: FakeHub, pull: Callable[..., Result], tmp_path: Path) -> None:
    hub.cut_file, hub.cut_after = "model.safetensors", 50_000
    assert pull().exit_code == 0
    assert [asked for path, asked in hub.requests if path.endswith("model.safetensors")] == [None, "bytes=50000-"]


@pytest.mark.parametrize("keeps_ranges", [True, False])
def test_an_interrupted_pull_is_resumed_by_the_next(
    hub: FakeHub, pull: Callable[..., Result], tmp_path: Path, keeps_ranges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.keeps_ranges = keeps_ranges
    hub.cut_file, hub.cut_after = "model.safetensors", 50_000
    with monkeypatch.context() as patch:

        def interrupt(_: float) -> None:
            raise KeyboardInterrupt

        patch.setattr("huggingface_hub.file_download.time.sleep", interrupt)
        assert pull().exit_code == 1
    folder = tmp_path / "models" / "Tiny"
    assert not folder.exists()
    (part,) = folder.parent.iterdir()
    assert (part / "model.safetensors.incomplete").stat().st_size == 50_000
    assert pull().exit_code == 0
    assert [asked for path, asked in hub.requests if path.endswith("model.safetensors")] == [None, "bytes=50000-"]
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]
    assert not part.exists()


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_other_bytes_than_stated_are_thrown_away(
    hub: FakeHub, pull: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    hub.spoilt = name
    refused(pull(), f"{name} of someone/Tiny came with other bytes than the hub states")
    assert not (tmp_path / "models" / "Tiny").exists()
    assert not list((tmp_path / "models").rglob(f"{name}*"))
    hub.spoilt = ""
    assert pull().exit_code == 0


def test_what_cannot_be_had_is_one_line(hub: FakeHub, pull: Callable[..., Result]) -> None:
    refused(pull(name="someone/Absent"), f"{hub.url}: has no model someone/Absent")
    refused(pull("--revision", "v9"), "someone/Tiny: has no revision v9")
    hub.is_gated = True
    refused(pull(), f"someone/Tiny: is gated; ask for access at {hub.url}/someone/Tiny")
    hub.status = 500
    refused(pull(), "answers 500 for someone/Tiny")


def test_a_model_of_pickles_is_not_pulled(hub: FakeHub, pull: Callable[..., Result], tmp_path: Path) -> None:
    del hub.files["model.safetensors"]
    refused(pull(), "holds no safetensors weights (only model.gguf)")
    assert not (tmp_path / "models").exists()


def test_offline_is_one_line(pull: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{probe.getsockname()[1]}")
    refused(pull(), "can't be reached (ConnectError")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    refused(pull(), "HF_HUB_OFFLINE is set")


def test_the_proxy_of_the_environment_is_used(
    hub: FakeHub, pull: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("HTTP_PROXY", hub.url)  # a proxy is asked for the whole address, which this hub does not know
    refused(pull(), "http://hub.invalid: has no model someone/Tiny")
    assert hub.requests[0][0].startswith("http://hub.invalid/api/models/someone/Tiny")


def test_what_answers_as_no_hub_is_one_line(
    hub: FakeHub, pull: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeHub, "description", lambda _: ["a portal"])
    refused(pull(), "does not answer as a hub does")


def test_the_licence_must_be_accepted(
    hub: FakeHub, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = ("model", "pull", "someone/Tiny", "--to", tmp_path / "Tiny")
    result = invoke(*to)
    assert result.exit_code == 2
    assert "--accept-licence" in result.stderr
    hub.card = {"license": "other", "license_name": "tiny-terms", "license_link": "https://tiny.example/terms"}
    monkeypatch.setattr("app.commands.model_pull.sys", type("Terminal", (), {"stdin": _Terminal()}))
    result = invoke(*to, stdin="n\n")
    assert result.exit_code == 1
    assert "Licence: tiny-terms (https://tiny.example/terms)" in result.stderr
    assert not (tmp_path / "Tiny").exists()
    assert invoke(*to, stdin="y\n").exit_code == 0


class _Terminal:
    @staticmethod
    def isatty() -> bool:
        return True


@pytest.mark.parametrize("name", ["../x", "a/b/c", "http://x", "a b", ""])
def test_what_is_no_name_is_wrong_usage(invoke: Invoke, name: str) -> None:
    result = invoke("model", "pull", name, "--accept-licence")
    assert result.exit_code == 2
    assert "is no name of a model" in result.stderr


def test_a_folder_that_holds_something_else_is_left_alone(
    hub: FakeHub, pull: Callable[..., Result], tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "Tiny"
    folder.mkdir(parents=True)
    (folder / "own.txt").write_text("mine")
    refused(pull(), "holds something else; remove it, or name another folder with --to")
    assert (folder / "own.txt").read_text() == "mine"


def change(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "message", "is_seen_unloaded"),
    [
        (change, "model.safetensors: is not what was pulled", False),
        (lambda folder: os.truncate(folder / "tokenizer.json", 10), "tokenizer.json: is not what was pulled", True),
        (lambda folder: (folder / "config.json").unlink(), "lacks config.json, which was pulled with it", True),
        (lambda folder: (folder / "added.json").write_text("{}"), "added.json: was added after", True),
        (lambda folder: (folder / "pulled.json").write_text("{}"), "pulled.json: cannot be read", True),
    ],
)
def test_what_was_changed_after_the_pull_is_not_loaded(
    hub: FakeHub,
    pull: Callable[..., Result],
    tmp_path: Path,
    spoil: Callable[[Path], None],
    message: str,
    is_seen_unloaded: bool,
) -> None:
    pull()
    folder = tmp_path / "models" / "Tiny"
    spoil(folder)
    with pytest.raises(CheckpointError, match=message) as caught:
        Checkpoint(folder)
    assert "\n" not in str(caught.value)
    if is_seen_unloaded:
        with pytest.raises(CheckpointError, match=message):
            inspect_checkpoint(folder)


def test_notes_of_people_may_change(hub: FakeHub, pull: Callable[..., Result], tmp_path: Path) -> None:
    pull()
    folder = tmp_path / "models" / "Tiny"
    (folder / "notes.txt").write_text("ours")
    (folder / "LICENCE.zh.md").write_text("ours")
    inspect_checkpoint(folder)


def test_the_worker_is_offline_whatever_the_environment_says(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with Engine(WorkerConfig(checkpoint=tiny, threads=1)) as engine:
        "".join(engine.generate([ChatMessage("user", "Late?")], GenerateOptions(max_tokens=1)))
        environment = psutil.Process(engine.status().worker_pid).environ()
    assert (environment["HF_HUB_OFFLINE"], environment["TRANSFORMERS_OFFLINE"]) == ("1", "1")
