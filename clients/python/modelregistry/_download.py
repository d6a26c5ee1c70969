"""Files on their way out: hashed as they come, gone on with after a cut, written where nothing was before."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Sequence

from ._line import ConnectionCut, Line, segment
from ._paths import segments
from ._upload import PathLike, Progress, digest_of
from .errors import RegistryError

_PIECE = 1024 * 1024


def manifest_digest(files: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the canonical JSON (RFC 8785) of every file's path, digest and size, in order of path: what a person
    approves, and what ``serving`` names."""
    ordered = sorted(files, key=lambda f: f["path"].encode("utf-16-be"))
    entries = [{"path": f["path"], "sha256": f["sha256"], "size": f["size_bytes"]} for f in ordered]
    return hashlib.sha256(json.dumps(entries, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8")).hexdigest()


def check(files: Sequence[Mapping[str, Any]], digest: str) -> None:
    """That these are the files of that digest, each at a path that may be written."""
    for file in files:
        segments(file["path"])
        if not re.fullmatch("[0-9a-f]{64}", str(file["sha256"])) or not isinstance(file["size_bytes"], int) or file["size_bytes"] < 0:
            raise RegistryError("answer_unreadable", "The list of files is not as it should be.", "Tell whoever runs the registry.")
    if manifest_digest(files) != digest:
        raise RegistryError("digest_mismatch", "The list of files is not the one that the version's digest stands for.", "Nothing was written. Tell whoever runs the registry.")


def fetch(line: Line, model: str, number: int, files: Sequence[Mapping[str, Any]], to: PathLike, progress: Optional[Progress]) -> Path:
    """Writes the files into a folder that is new, or empty; all of them or none."""
    target = Path(to)
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise RegistryError("folder_not_empty", f"{target} is there, and is not an empty folder.", "Name a folder that is new or empty.")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Fresh and this user's alone: no link that somebody left can lead out of it.
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        for file in files:
            _fetch_one(line, f"/models/{segment(model)}/versions/{number}/files/" + "/".join(urllib.parse.quote(s, safe="") for s in segments(file["path"])), file, fresh, progress)
        fresh.chmod(0o755)
        if target.exists():
            target.rmdir()
        fresh.replace(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return target


def folder_digest(folder: PathLike) -> str:
    """The digest of a version that had exactly the files of this folder, read anew. It needs no registry: a service can hold
    what it kept against the digest it was told. A link in the folder is refused."""
    top = Path(folder)
    found = [p for p in top.rglob("*") if p.is_symlink() or not p.is_dir()]
    if any(p.is_symlink() or not p.is_file() for p in found):
        raise RegistryError("invalid_arguments", f"{top} has a link in it, or something that is no file.", "A version has files only.")
    entries = []
    for file in found:
        size, sha256 = digest_of(file)
        entries.append({"path": file.relative_to(top).as_posix(), "size_bytes": size, "sha256": sha256})
    return manifest_digest(entries)


def _fetch_one(line: Line, address: str, file: Mapping[str, Any], folder: Path, progress: Optional[Progress]) -> None:
    place = folder.joinpath(*segments(file["path"]))
    place.parent.mkdir(parents=True, exist_ok=True)
    size, digest, failures = file["size_bytes"], hashlib.sha256(), 0
    with place.open("xb") as out:
        while True:
            before = out.tell()
            try:
                _go_on(line, address, file, out, digest, progress)
                if out.tell() == size:
                    break
                why = RegistryError("connection_lost", f"{file['path']} broke off at byte {out.tell()} of {size}.", "See that the server runs and can be reached.")
                answer = None
            except ConnectionCut as cut:
                why, answer = line.lost(cut), None
            except _Later as later:
                why, answer = line.problem(later.answer), later.answer
            failures = 0 if out.tell() > before else failures
            if failures >= line.retries:
                raise why
            line.pause(failures, answer)
            failures += 1
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != file["sha256"]:
        raise RegistryError("digest_mismatch", f"{file['path']} is not what was registered.", "Nothing was kept. Try again; then have 'modelregistry audit verify' run where the registry is.")


class _Later(Exception):
    def __init__(self, answer: Any) -> None:
        super().__init__(answer.status)
        self.answer = answer


def _go_on(line: Line, address: str, file: Mapping[str, Any], out: Any, digest: Any, progress: Optional[Progress]) -> None:
    at, size = out.tell(), file["size_bytes"]
    headers = {"Accept": "application/octet-stream", "Accept-Encoding": "identity"}
    if at > 0:
        headers.update({"Range": f"bytes={at}-", "If-Range": f'"{file["sha256"]}"'})
    connection, response = line.send("GET", address, headers)
    try:
        if at > 0 and response.status == 200:
            raise RegistryError("digest_mismatch", f"{file['path']} became another file while it was fetched.", "Nothing was kept. Look at what the version is now.")
        if response.status != (206 if at > 0 else 200):
            answer = line.read(response)
            if answer.status in (429, 503):
                raise _Later(answer)
            raise line.problem(answer)
        if at > 0 and not str(response.headers.get("Content-Range", "")).startswith(f"bytes {at}-"):
            raise RegistryError("answer_unreadable", "The server sent another part than the one asked for.", "See what stands before it.", response.status)
        while True:
            try:
                piece = response.read(_PIECE)
            except (OSError, http.client.HTTPException) as e:
                raise ConnectionCut(type(e).__name__) from None
            if not piece:
                return
            if out.tell() + len(piece) > size:
                raise RegistryError("digest_mismatch", f"{file['path']} is longer than what was registered.", "Nothing was kept.")
            out.write(piece)
            digest.update(piece)
            if progress:
                progress(file["path"], out.tell(), size)
    finally:
        connection.close()


