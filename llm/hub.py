"""The one way online: a model's files from a Hugging Face hub, at one commit, each checked by hash, resumed where it was cut off.

Asks the hub of HF_ENDPOINT through the proxy of the environment, with HF_TOKEN where one is set, and only when a person asks for it. Takes
safetensors, JSON, tokenizer and licence; never a pickle, never code. Knows nothing of what is in the files.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llm.errors import HubError, one_line
from llm.pinning import Pulled, is_wanted, pinned, read_record, write_record

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

HUB = "https://huggingface.co"
_NAME = re.compile(r"[\w.-]{1,96}(/[\w.-]{1,96})?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_ANSWER_SECONDS = 30.0
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR})


@dataclass(frozen=True)
class HubFile:
    """A file that would be pulled. `sha256` is stated of large files, `git_sha1` (of the blob) of the others."""

    name: str
    bytes: int
    sha256: str | None
    git_sha1: str | None


@dataclass(frozen=True)
class Offer:
    """A model at one commit, as the hub describes it; `licence` is None where its card names none."""

    name: str
    revision: str
    endpoint: str
    licence: str | None
    licence_url: str
    files: tuple[HubFile, ...]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)


def is_model_name(name: str) -> bool:
    """Whether it has the form that hubs give names."""
    return _NAME.fullmatch(name) is not None and ".." not in name and "--" not in name


def endpoint() -> str:
    """The hub that is asked."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def find(name: str, revision: str = "main") -> Offer:
    """Asks the hub for a model. Raises HubError, one line: offline, unknown, private, gated, or without safetensors."""
    from huggingface_hub import HfApi

    where = endpoint()
    with _one_line_errors(name, revision, where):
        found = HfApi(endpoint=where).model_info(name, revision=revision, files_metadata=True, timeout=_ANSWER_SECONDS)
    siblings = found.siblings or []
    names = {sibling.rfilename for sibling in siblings}
    if not any(file.endswith(".safetensors") and is_wanted(file) for file in names):
        others = sorted(file for file in names if file.endswith((".bin", ".pt", ".pth", ".ckpt", ".gguf", ".onnx")))
        also = f" (only {others[0]})" if others else ""
        raise HubError(f"{name}: holds no safetensors weights{also}; pickles are never pulled. Choose another model.")
    if found.sha is None or not _COMMIT.fullmatch(found.sha):
        raise HubError(f"{where}: names no commit of {name}, so it can't be pinned.")
    licence, link = _licence(found)
    licence_file = next((file for file in sorted(names) if re.match(r"LICEN[SC]E", file)), "README.md")
    return Offer(
        name=name,
        revision=found.sha,
        endpoint=where,
        licence=licence,
        licence_url=link or f"{where}/{name}/blob/{found.sha}/{licence_file}",
        files=tuple(_file(sibling) for sibling in siblings if is_wanted(sibling.rfilename)),
    )


def _file(sibling: RepoSibling) -> HubFile:
    lfs = sibling.lfs
    if sibling.size is None:
        raise HubError(f"The hub does not say how large {sibling.rfilename} is, so it can't be checked.")
    return HubFile(
        sibling.rfilename,
        sibling.size,
        sha256=lfs.sha256 if lfs is not None else None,
        git_sha1=sibling.blob_id if lfs is None else None,
    )


def _licence(found: ModelInfo) -> tuple[str | None, str | None]:
    """(name, link) of the model's card, else of its tags."""
    card: dict[str, Any] = dict(vars(found.card_data)) if found.card_data is not None else {}
    named = card.get("license_name") if card.get("license") in (None, "other") else card.get("license")
    named = named or card.get("license")
    if isinstance(named, list):
        named = ", ".join(str(part) for part in named)
    tagged = next((tag.partition(":")[2] for tag in found.tags or () if tag.startswith("license:")), None)
    link = card.get("license_link")
    is_address = isinstance(link, str) and link.startswith(("http://", "https://"))
    return (str(named) if named else tagged), (str(link) if is_address else None)


def pull(offer: Offer, folder: Path, on_file: Callable[[HubFile], None] = lambda _: None) -> bool:
    """Brings the files into the new `folder`, which appears once all of them are whole; False when it holds them already.

    What was cut off goes on from `folder.COMMIT.part` at the next try. Raises HubError, and OSError of the disk.
    """
    from filelock import FileLock, Timeout

    if _has_it(offer, folder):
        return False
    part = folder.with_name(f"{folder.name}.{offer.revision[:12]}.part")
    part.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(part / ".lock", timeout=0):
            _check_space(offer, part)
            for file in offer.files:
                on_file(file)
                _fetch(offer, file, part)
            files = {file.name: pinned(part / file.name) for file in offer.files}
            now = datetime.now(UTC).isoformat(timespec="seconds")
            write_record(part, Pulled(offer.name, offer.revision, offer.endpoint, offer.licence, now, files))
    except Timeout:
        raise HubError(f"{part}: is being pulled by another process; wait for it.") from None
    (part / ".lock").unlink(missing_ok=True)
    os.replace(part, folder)
    return True


def _has_it(offer: Offer, folder: Path) -> bool:
    if not folder.exists():
        return False
    record = read_record(folder)
    if record is None or (record.name, record.revision) != (offer.name, offer.revision):
        holds = f"{record.name} at {record.revision[:12]}" if record else "something else"
        raise HubError(f"{folder}: holds {holds}; remove it, or name another folder with --to.")
    return True


def _check_space(offer: Offer, part: Path) -> None:
    there = sum(path.stat().st_size for path in part.iterdir())
    free = shutil.disk_usage(part).free
    if offer.bytes - there > free:
        raise HubError(f"{part}: {offer.bytes - there:,} bytes are to come, and the disk has {free:,} free.")


def _fetch(offer: Offer, file: HubFile, part: Path) -> None:
    """One file, whole and of the stated hash."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented there

    path, coming = part / file.name, part / f"{file.name}.incomplete"
    if path.is_file() and _is_as_stated(file, path):
        return
    if coming.is_file() and coming.stat().st_size > file.bytes:
        coming.unlink()
    url = hf_hub_url(offer.name, file.name, revision=offer.revision, endpoint=offer.endpoint)
    # A range of a compressed answer would be one of other bytes.
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    with _one_line_errors(offer.name, offer.revision, offer.endpoint), coming.open("ab") as stream:
        http_get(
            url,
            stream,
            resume_size=coming.stat().st_size,
            headers=headers,
            expected_size=file.bytes,
            displayed_filename=file.name,
        )
    if not _is_as_stated(file, coming):
        coming.unlink()
        raise HubError(
            f"{file.name} of {offer.name} came with other bytes than the hub states and was thrown away; try again, or ask whose proxy changes it."
        )
    coming.replace(path)


def _is_as_stated(file: HubFile, path: Path) -> bool:
    if path.stat().st_size != file.bytes:
        return False
    if file.sha256 is not None:
        return pinned(path).sha256 == file.sha256
    if file.git_sha1 is None:
        return True
    # git's name of a blob: SHA-1 over "blob SIZE\0" and the content
    digest = hashlib.sha1(b"blob %d\0" % file.bytes, usedforsecurity=False)
    digest.update(path.read_bytes())
    return digest.hexdigest() == file.git_sha1


@contextmanager
def _one_line_errors(name: str, revision: str, where: str) -> Iterator[None]:
    """Turns what the hub's library raises into HubError; the disk's errors pass."""
    from httpx2 import HTTPError, InvalidURL
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    server = urlsplit(where).netloc or where
    said: tuple[tuple[tuple[type[Exception], ...], str], ...] = (  # the first that fits: some are kinds of later ones
        ((GatedRepoError,), f"{name}: is gated; ask for access at {where}/{name}, then set HF_TOKEN for that account."),
        ((RepositoryNotFoundError,), f"{where}: has no model {name}, or a private one, which needs HF_TOKEN."),
        ((RevisionNotFoundError,), f"{name}: has no revision {revision}."),
        ((OfflineModeIsEnabled,), "HF_HUB_OFFLINE is set, so nothing goes online; unset it to pull a model."),
        ((HFValidationError,), f"{name}: is no name of a model; names look like ORGANISATION/MODEL."),
        ((HfHubHTTPError,), f"{where}: answers STATUS for {name}; try again later."),
        (
            (HTTPError, InvalidURL),
            f"{server}: can't be reached (ERROR); check the network, HF_ENDPOINT and HTTPS_PROXY. What came is kept.",
        ),
        ((OSError,), f"{name}: was cut off (ERROR); run it again to go on from there."),
        ((Exception,), f"{where}: does not answer as a hub does (ERROR)."),
    )
    try:
        yield
    except (HTTPError, InvalidURL, OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            raise
        text = next(text for kinds, text in said if isinstance(error, kinds))
        status = getattr(getattr(error, "response", None), "status_code", "an error")
        raise HubError(text.replace("STATUS", str(status)).replace("ERROR", one_line(error))) from error
