"""A server that answers as a test tells it to, on a port that the system chose."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, Optional, Tuple


class Request:
    def __init__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.method = handler.command
        self.path = handler.path
        self.headers = handler.headers
        self.body = body


class Reply:
    """An answer; with ``cut`` its connection ends after so many bytes of the body."""

    def __init__(self, status: int, body: bytes = b"", headers: Optional[Dict[str, str]] = None, cut: Optional[int] = None) -> None:
        self.status, self.body, self.headers, self.cut = status, body, headers or {}, cut

    @staticmethod
    def json(value: Any, status: int = 200, **headers: str) -> "Reply":
        return Reply(status, json.dumps(value).encode(), {name.replace("_", "-"): text for name, text in headers.items()})

    @staticmethod
    def problem(status: int, code: str, **more: Any) -> "Reply":
        return Reply.json({"title": f"It is {code}.", "status": status, "code": code, "remedy": "Do better.", **more}, status)


class FalseServer:
    def __init__(self, answer: Callable[[Request], Optional[Reply]]) -> None:
        self.seen: List[Request] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                request = Request(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                outer.seen.append(request)
                reply = answer(request)
                self.close_connection = True
                if reply is None:
                    # Gone without a word.
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in reply.headers:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])

            do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> "FalseServer":
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def version_with(files: List[Tuple[str, bytes]], digest: str) -> Callable[[Request], Optional[Reply]]:
    """The answers about one version: what it is, its list of files, and (404) nothing else."""
    listed = [{"path": path, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for path, content in files]

    def answer(request: Request) -> Reply:
        if request.path.startswith("/models/m?") or request.path == "/models/m":
            return Reply.json({"name": "m", "model_id": "mdl_1", "version": {"version": "v1", "number": 1, "digest": digest}})
        if request.path == "/models/m/versions/1/files":
            return Reply.json({"items": listed, "next_cursor": None})
        return Reply.problem(404, "file_not_found")

    return answer
