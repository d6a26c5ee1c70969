"""The one way this package says no."""

from __future__ import annotations

from typing import Any, Mapping, Optional


def plain(text: object) -> str:
    """A text of the server's as one line without controls: it is shown on terminals and in logs."""
    return "".join(c if c.isprintable() else " " for c in str(text)).strip()


class RegistryError(Exception):
    """A no, or an outage, with what to do about it.

    A promotion that waits for a person is no error: it comes back as a view whose ``parked`` is true.

    Attributes:
        code: A stable word, such as ``model_not_found``; every one of the server's stands in docs/refusals.md. Codes of
            this package itself: ``connection_lost``, ``token_needs_tls``, ``redirect_refused``, ``digest_mismatch``,
            ``path_unsafe``, ``folder_not_empty``, ``file_changed``, ``answer_unreadable``, ``invalid_arguments``.
        remedy: What to do next.
        status: The HTTP status; 0 when the server gave no answer.
        errors: Of ``invalid_arguments``: what is wrong with which field.
        promotion: Of ``blocked`` and ``promotion_over``: the promotion with its gate report.
    """

    def __init__(
        self,
        code: str,
        message: str,
        remedy: str = "",
        status: int = 0,
        errors: Optional[Mapping[str, str]] = None,
        promotion: Optional[Mapping[str, Any]] = None,
    ) -> None:
        self.code = code
        self.message = plain(message)
        self.remedy = plain(remedy)
        self.status = status
        self.errors = {plain(name): plain(what) for name, what in (errors or {}).items()}
        self.promotion = promotion
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"{self.code}: {self.message}{' ' + self.remedy if self.remedy else ''}"

    def __reduce__(self) -> Any:
        return (type(self), (self.code, self.message, self.remedy, self.status, self.errors, self.promotion))


class RevisionChanged(RegistryError):
    """What was to be changed is no longer as it was when it was looked at (412, ``revision_changed``). Nothing was done: look
    again, and repeat the change with the new revision if it is still wanted."""
