"""One HTTP request at a time, with retries where a request may be sent again. The standard library's http.client: it
follows no redirect and knows nothing of cookies, so the token goes to the server named and nowhere else."""

from __future__ import annotations

import email.utils
import http.client
import ipaddress
import json
import os
import random
import re
import ssl
import time
import urllib.parse
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Optional, Tuple

from .errors import RegistryError, RevisionChanged

_MOST_JSON = 64 * 1024 * 1024
_LONGEST_PAUSE = 30.0


class ConnectionCut(Exception):
    """The connection ended before the answer did. Never leaves this package."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise RegistryError("answer_unreadable", "The answer is not JSON.", "See that the address is that of a model registry, and what stands before it.", self.status) from None


class Line:
    """The way to one server."""

    def __init__(self, url: str, token: Optional[str], timeout: float, retries: int, context: Optional[ssl.SSLContext]) -> None:
        parts = urllib.parse.urlsplit(url if "//" in url else "http://" + url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise RegistryError("invalid_arguments", "The server's address must be like https://registry.example.org, without a name, password or query in it.", "Give it as url, or in MODELREGISTRY_SERVER.")
        if token is not None and not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token):
            # It is not shown: it may be a token with a line break at its end.
            raise RegistryError("invalid_arguments", "The token has characters that no token has.", "Look for blanks and line breaks around it.")
        if token is not None and parts.scheme == "http" and not _loopback(parts.hostname):
            raise RegistryError("token_needs_tls", f"The token would go over plain http to {parts.hostname}, for everybody on the way to read.", "Use https; plain http is for this machine only.")
        self.shown = urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
        self._tls = parts.scheme == "https"
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._context = context or (ssl.create_default_context() if self._tls else None)
        self._token = token
        self._timeout = timeout
        self.retries = retries
        # Where tests take the place of the clock.
        self.sleep: Callable[[float], None] = time.sleep

    def __repr__(self) -> str:
        return f"<Line to {self.shown}>"

    def ask(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
        again: bool = False,
        accept: Tuple[int, ...] = (200, 201, 202, 304),
        wait: float = 0,
    ) -> Answer:
        """Sends a request and gives its answer; any status but those accepted is raised.

        Args:
            again: It may be sent twice: it reads, or the server knows it by its key. It is then sent again, after a
                growing pause, when the connection is cut or the storage is away (503). What came too often (429) is
                turned away before anything is done, so that any request may be sent again.
            wait: Seconds that the server itself may take, on top of the timeout.
        """
        payload = None if body is None else json.dumps(body, allow_nan=False).encode("utf-8")
        sent = dict(headers or {})
        if payload is not None:
            sent["Content-Type"] = "application/json"
        tried = 0
        while True:
            try:
                answer = self._once(method, self._target(path, query), sent, payload, wait)
            except ConnectionCut as cut:
                if not again or tried >= self.retries:
                    raise self.lost(cut, again) from None
                answer = None
            if answer is not None:
                if answer.status in accept:
                    return answer
                if not (answer.status == 429 or (answer.status == 503 and again)) or tried >= self.retries:
                    raise self.problem(answer)
            self.pause(tried, answer)
            tried += 1

    def send(self, method: str, path: str, headers: Mapping[str, str], body: Iterable[bytes] = (), wait: float = 0) -> Tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Sends a request whose body or answer is long, once. The caller closes the connection."""
        return self._open(method, self._target(path, None), headers, body, wait)

    def read(self, response: http.client.HTTPResponse) -> Answer:
        """All of a short answer."""
        try:
            body = response.read(_MOST_JSON + 1)
        except (OSError, http.client.HTTPException) as e:
            raise ConnectionCut(type(e).__name__) from None
        if len(body) > _MOST_JSON:
            raise RegistryError("answer_unreadable", f"The answer is longer than {_MOST_JSON} bytes.", "Ask for smaller pages.", response.status)
        if response.length:
            # http.client gives what came, and keeps to itself how much is missing.
            raise ConnectionCut("the answer broke off")
        return Answer(response.status, response.headers, body)

    def pause(self, tried: int, answer: Optional[Answer] = None) -> None:
        """Waits as long as the server says, else twice as long each time, a little at random so that not all come at once."""
        said = None if answer is None else _retry_after(answer.headers.get("Retry-After"))
        self.sleep(min(_LONGEST_PAUSE, said) if said is not None else min(_LONGEST_PAUSE, 0.25 * 2**tried) * (0.75 + random.random() / 2))

    def lost(self, cut: Exception, again: bool = True) -> RegistryError:
        remedy = "See that the server runs and can be reached." if again else "It may or may not have been done: look, before you send it again."
        return RegistryError("connection_lost", f"No whole answer from {self.shown} ({cut}).", remedy)

    def problem(self, answer: Answer) -> RegistryError:
        """A no, as the server says it (RFC 9457); or as its status says, where there is nothing to read."""
        if 300 <= answer.status < 400:
            return RegistryError("redirect_refused", f"{self.shown} answers with a redirect, which is not followed: the token is for this server.", "Give the address that it leads to, if you trust it.", answer.status)
        try:
            said = json.loads(answer.body.decode("utf-8", "replace").replace(self._token, "…") if self._token else answer.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            said = {}
        errors = said.get("errors")
        promotion = said.get("promotion")
        code = str(said.get("code") or {401: "token_required", 403: "forbidden", 404: "not_found", 429: "rate_limited", 503: "storage_unavailable"}.get(answer.status, f"http_{answer.status}"))
        return (RevisionChanged if answer.status == 412 else RegistryError)(
            code,
            str(said.get("title") or f"The server answered {answer.status}."),
            str(said.get("remedy") or ""),
            answer.status,
            errors if isinstance(errors, dict) else None,
            promotion if isinstance(promotion, dict) else None,
        )

    def _once(self, method: str, target: str, headers: Mapping[str, str], payload: Optional[bytes], wait: float) -> Answer:
        connection, response = self._open(method, target, {**headers, "Content-Length": str(len(payload))} if payload is not None else headers, () if payload is None else (payload,), wait)
        try:
            return self.read(response)
        finally:
            connection.close()

    def _open(self, method: str, target: str, headers: Mapping[str, str], body: Iterable[bytes], wait: float) -> Tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        seconds = self._timeout + wait
        connection: http.client.HTTPConnection
        if self._tls:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=seconds, context=self._context)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        try:
            connection.putrequest(method, target)
            for name, value in {"User-Agent": "modelregistry-python/1.0", "Accept": "application/json", "Connection": "close", **headers}.items():
                connection.putheader(name, value)
            if self._token is not None:
                connection.putheader("Authorization", f"Bearer {self._token}")
            connection.endheaders()
            try:
                for piece in body:
                    connection.send(piece)
            except (OSError, http.client.HTTPException):
                # A server that has seen enough answers and reads no further; what it says is worth more than that it left.
                return connection, connection.getresponse()
            return connection, connection.getresponse()
        except (OSError, http.client.HTTPException) as e:
            connection.close()
            raise ConnectionCut(type(e).__name__) from None
        except BaseException:
            connection.close()
            raise

    def _target(self, path: str, query: Optional[Mapping[str, Any]]) -> str:
        asked = [(name, _word(one)) for name, value in (query or {}).items() if value is not None for one in (value if isinstance(value, (list, tuple)) else [value])]
        return self._base + path + ("?" + urllib.parse.urlencode(asked) if asked else "")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def segment(text: object) -> str:
    """A part of an address. Dots alone would be read as steps by whoever stands on the way."""
    part = str(text)
    if part.strip() in ("", ".", ".."):
        raise RegistryError("invalid_arguments", f"{part!r} names nothing.", "Give a name, version or id as the server gives it.")
    return urllib.parse.quote(part, safe="")


def address(url: Optional[str]) -> str:
    return url or os.environ.get("MODELREGISTRY_SERVER") or "http://localhost:8003"


def _loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _retry_after(said: Optional[str]) -> Optional[float]:
    """Seconds, or a date (RFC 9110, section 10.2.3)."""
    if said is None:
        return None
    if said.strip().isdigit():
        return float(said)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


__all__ = ["Answer", "ConnectionCut", "Line", "address", "segment"]
