"""Which paths of a version's files are written here. The server has the same rules; it is not taken at its word."""

from __future__ import annotations

from typing import List

from .errors import RegistryError

_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {f"{name}{digit}" for name in ("COM", "LPT") for digit in "0123456789¹²³"}
_NOT_IN_NAMES = set('<>:"|?*\\')


def segments(path: str) -> List[str]:
    """The folders and the name of a relative path that stays within whatever it is joined to, on every system."""
    problem = _problem(path)
    if problem:
        raise RegistryError("path_unsafe", f"A file of this version is called {path[:80]!r}: {problem}.", "Nothing was written. Tell whoever runs the registry.")
    return path.split("/")


def _problem(path: str) -> str:
    try:
        length = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        return "it is not well-formed Unicode"
    if not 0 < length <= 255:
        return "it is empty or longer than 255 bytes"
    if any(c in _NOT_IN_NAMES or not c.isprintable() for c in path):
        return "it has a character that not every system allows"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "it is absolute, or steps out of its folder"
        if part[-1] in ". ":
            return "a part of it ends in a dot or a blank"
        if part.split(".")[0].rstrip(" ").upper() in _DEVICES:
            return "a part of it is a device on Windows"
    return ""
