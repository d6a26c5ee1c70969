"""Files on their way in: hashed first, sent under their digest, gone on with where a cut left them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple, Union

from ._line import Answer, ConnectionCut, Line
from ._paths import segments
from .errors import RegistryError

#: Called with the file's path in the version, the bytes that have arrived or are on their way, and those it has.
Progress = Callable[[str, int, int], None]
PathLike = Union[str, "os.PathLike[str]"]

_PIECE = 1024 * 1024


class Found(NamedTuple):
    """A file that is to be part of a version."""

    path: str
    file: Path
    size: int
    sha256: str


def collect(paths: Iterable[PathLike]) -> List[Found]:
    """Files by their own names; folders with all that is in them, by the paths below the folder. Links are refused: what
    they lead to is no part of what was named."""
    places: Dict[str, Path] = {}
    for given in paths:
        top = Path(given)
        inner = [(p.relative_to(top).as_posix(), p) for p in sorted(top.rglob("*")) if p.is_symlink() or not p.is_dir()] if top.is_dir() else [(top.name, top)]
        for name, file in inner:
            segments(name)
            if file.is_symlink() and file != top:
                raise RegistryError("invalid_arguments", f"{file} is a link.", "Put the file itself into the folder.")
            if not file.is_file():
                raise RegistryError("invalid_arguments", f"{file} is not there, or is no file.", "Name files, or folders of files.")
            if name in places:
                raise RegistryError("invalid_arguments", f"Two files would be called {name}.", "Put them into one folder and name that.")
            places[name] = file
    if not places:
        raise RegistryError("invalid_arguments", "No file was named.", "A version has at least one.")
    return [Found(name, file, *digest_of(file)) for name, file in places.items()]


def put(line: Line, found: Found, progress: Optional[Progress]) -> None:
    """Sends a content unless the server has it. It goes on after cuts as long as any byte arrives between them."""
    target = f"/blobs/{found.sha256}"
    failures, furthest = 0, -1
    while True:
        there = line.ask("HEAD", target, again=True, accept=(200, 404))
        if there.status == 200:
            break
        said = there.headers.get("Upload-Offset", "")
        if not said.isdigit():
            raise line.problem(there)
        offset = int(said) if int(said) <= found.size else 0
        failures, furthest = (0, offset) if offset > furthest else (failures, furthest)
        try:
            answer = _send(line, target, found, offset, progress)
        except ConnectionCut as cut:
            answer, why = None, line.lost(cut)
        if answer is not None:
            if answer.status == 201:
                break
            why = line.problem(answer)
            # Busy: the server has not noticed yet that the one before was cut. Another offset: it is asked for anew.
            if not (answer.status in (202, 429, 503) or why.code in ("upload_busy", "upload_offset")):
                raise why
        if failures >= line.retries:
            raise why
        if answer is None or answer.status != 202:
            line.pause(failures, answer)
            failures += 1
    if progress:
        progress(found.path, found.size, found.size)


def _send(line: Line, target: str, found: Found, offset: int, progress: Optional[Progress]) -> Answer:
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(found.size - offset)}
    if offset > 0:
        last = "" if offset == found.size else str(found.size - 1)
        headers["Content-Range"] = f"bytes {offset}-{last}/{found.size}"
    connection, response = line.send("PUT", target, headers, _pieces(found, offset, progress))
    try:
        return line.read(response)
    finally:
        connection.close()


def _pieces(found: Found, offset: int, progress: Optional[Progress]) -> Iterator[bytes]:
    left = found.size - offset
    with found.file.open("rb") as content:
        content.seek(offset)
        while left > 0:
            piece = content.read(min(_PIECE, left))
            if not piece:
                raise RegistryError("file_changed", f"{found.file} became shorter while it was sent.", "Register it once it is written to its end.")
            left -= len(piece)
            yield piece
            if progress:
                progress(found.path, found.size - left, found.size)


def digest_of(file: Path) -> Tuple[int, str]:
    """A file's bytes and their SHA-256."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as content:
        for piece in iter(lambda: content.read(_PIECE), b""):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
