"""What the client does by itself, whatever server it meets: run by ``python3 -m unittest discover clients/python/tests``."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import logging
import os
import pickle
import sys
import tempfile
import traceback
import unittest
from pathlib import Path
from typing import Any, Callable, List, Optional
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from false_server import FalseServer, Reply, Request, version_with  # noqa: E402
from modelregistry import ModelStage, Registry, RegistryError, RevisionChanged, ServingView, folder_digest  # noqa: E402
from modelregistry._download import manifest_digest  # noqa: E402
from modelregistry._paths import segments  # noqa: E402

TOKEN = "mrt_secret0123456789"


def reach(server: FalseServer, **more: Any) -> Registry:
    registry = Registry(server.url, TOKEN, timeout=5, **more)
    registry.pauses = []  # type: ignore[attr-defined]
    registry._line.sleep = registry.pauses.append  # type: ignore[attr-defined]
    return registry


def in_turn(*replies: Optional[Reply]) -> Callable[[Request], Optional[Reply]]:
    left = list(replies)
    return lambda _: left.pop(0)


class Tokens(unittest.TestCase):
    def test_goes_over_plain_http_to_this_machine_only(self) -> None:
        for url in ("http://registry.example.org", "http://10.0.0.7:8003", "http://127.0.0.1.example.org", "http://[2001:db8::1]"):
            with self.assertRaises(RegistryError) as no:
                Registry(url, TOKEN)
            self.assertEqual("token_needs_tls", no.exception.code)
            self.assertNotIn(TOKEN, str(no.exception))
        for url in ("http://127.0.0.1:8003", "http://[::1]:8003", "http://localhost", "https://registry.example.org"):
            Registry(url, TOKEN)

    def test_is_in_no_text(self) -> None:
        def echo(request: Request) -> Reply:
            return Reply.problem(401, "token_invalid", title=f"What is {request.headers['Authorization']}?", remedy=request.headers["Authorization"])

        log = io.StringIO()
        handler = logging.StreamHandler(log)
        logging.getLogger().addHandler(handler)
        self.addCleanup(logging.getLogger().removeHandler, handler)
        with FalseServer(echo) as server:
            registry = reach(server)
            with self.assertRaises(RegistryError) as no:
                registry.list_models()
        shown = "".join(traceback.format_exception(type(no.exception), no.exception, no.exception.__traceback__)) + repr(no.exception) + no.exception.remedy + repr(registry) + repr(registry._line) + log.getvalue()
        self.assertEqual("token_invalid", no.exception.code)
        self.assertNotIn(TOKEN, shown)
        self.assertEqual("Bearer " + TOKEN, server.seen[0].headers["Authorization"])

    def test_with_a_line_break_is_refused_and_not_shown(self) -> None:
        with self.assertRaises(RegistryError) as no:
            Registry("http://localhost", TOKEN + "\r\nHost: elsewhere")
        self.assertNotIn(TOKEN, str(no.exception))

    def test_follows_no_redirect(self) -> None:
        with FalseServer(lambda _: Reply.json({})) as elsewhere, FalseServer(lambda r: Reply(307, headers={"Location": elsewhere.url + r.path})) as server:
            with self.assertRaises(RegistryError) as no:
                reach(server).get_model("m")
        self.assertEqual(("redirect_refused", []), (no.exception.code, elsewhere.seen))

    def test_comes_from_the_environment(self) -> None:
        with FalseServer(lambda _: Reply.json({"items": [], "next_cursor": None})) as server, mock.patch.dict(os.environ, {"MODELREGISTRY_SERVER": server.url, "MODELREGISTRY_TOKEN": TOKEN}):
            self.assertEqual([], Registry().list_models())
        self.assertEqual("Bearer " + TOKEN, server.seen[0].headers["Authorization"])

    def test_addresses_that_are_none_are_refused(self) -> None:
        for url in ("ftp://x", "http://", "https://ana:pass@registry.example.org", "http://localhost/?token=x"):
            with self.assertRaises(RegistryError):
                Registry(url, TOKEN)


class Retries(unittest.TestCase):
    def test_what_may_be_sent_again_is(self) -> None:
        with FalseServer(in_turn(None, Reply.problem(503, "storage_unavailable"), Reply.json({"items": ["cut"]}, Content_Length="400"), Reply.json({"items": [], "next_cursor": None}))) as server:
            registry = reach(server)
            self.assertEqual([], registry.list_models())
        self.assertEqual(4, len(server.seen))
        self.assertTrue(registry.pauses[0] < registry.pauses[1] < registry.pauses[2])  # type: ignore[attr-defined]

    def test_what_comes_too_often_waits_as_long_as_it_is_told(self) -> None:
        with FalseServer(in_turn(Reply(429, headers={"Retry-After": "3"}), Reply.json({"model_name": "m"}, 201))) as server:
            registry = reach(server)
            registry.create_model("m")
        self.assertEqual([3.0], registry.pauses)  # type: ignore[attr-defined]

    def test_what_may_not_be_sent_again_is_not(self) -> None:
        for reply, code in ((None, "connection_lost"), (Reply.problem(503, "storage_unavailable"), "storage_unavailable")):
            with FalseServer(in_turn(reply)) as server:
                with self.assertRaises(RegistryError) as no:
                    reach(server).withdraw("prm_1")
            self.assertEqual((code, 1), (no.exception.code, len(server.seen)))

    def test_a_proposal_is_sent_again_under_the_same_key(self) -> None:
        with FalseServer(in_turn(None, Reply.json({"status": "pending", "promotion_id": "prm_1"}, 202))) as server:
            self.assertTrue(reach(server).promote("m", 2, ModelStage.PRODUCTION).parked)
        self.assertEqual(server.seen[0].body, server.seen[1].body)
        self.assertIn(b"idempotency_key", server.seen[0].body)

    def test_a_registration_is_sent_again_under_the_same_key(self) -> None:
        replies = in_turn(None, Reply.problem(503, "storage_unavailable"), Reply.json({"version": "v1"}, 201))
        with tempfile.TemporaryDirectory() as folder, FalseServer(lambda r: Reply(200) if r.method == "HEAD" else replies(r)) as server:
            (Path(folder) / "w").write_text("x")
            reach(server).register_model("m", path=folder)
        keys = [r.headers["Idempotency-Key"] for r in server.seen if r.method == "POST"]
        self.assertEqual((3, 1), (len(keys), len(set(keys))))

    def test_it_ends(self) -> None:
        with FalseServer(lambda _: None) as server:
            with self.assertRaises(RegistryError) as no:
                reach(server, retries=2).list_models()
        self.assertEqual(("connection_lost", 3, 0), (no.exception.code, len(server.seen), no.exception.status))


class Edits(unittest.TestCase):
    def test_what_is_searched_for_is_said_as_the_server_reads_it(self) -> None:
        with FalseServer(lambda _: Reply.json({"items": [], "next_cursor": None})) as server:
            reach(server).list_models(tag=["team:ocr", "vision"], at_least={"accuracy": 0.9}, at_most={"latency_ms": 50}, is_active=False)
        self.assertEqual("/models?tag=team%3Aocr&tag=vision&is_active=false&min_accuracy=0.9&max_latency_ms=50&limit=100", server.seen[0].path)

    def test_a_revision_goes_along_and_one_that_changed_is_an_error_of_its_own(self) -> None:
        with FalseServer(lambda _: Reply.problem(412, "revision_changed")) as server:
            for change in (lambda r: r.set_metadata("m", 1, revision="abc", release_notes="x"), lambda r: r.set_card("m", "# x", revision="abc"), lambda r: r.delete_version("m", 1, revision="abc"), lambda r: r.delete_model("m", revision="abc")):
                with self.assertRaises(RevisionChanged) as no:
                    change(reach(server))
                self.assertEqual("revision_changed", no.exception.code)
                self.assertIs(RevisionChanged, type(pickle.loads(pickle.dumps(no.exception))))
        self.assertEqual(['"abc"'] * 4, [r.headers["If-Match"] for r in server.seen])

    def test_lineage_is_added_to_what_others_left(self) -> None:
        there = [{"number": 1, "revision": "one", "lineage": {"dataset": "d", "datasets": "a"}}, {"number": 1, "revision": "two", "lineage": {"datasets": ["a", "c"], "by": "somebody else"}}]
        replies = in_turn(Reply.json(there[0]), Reply.problem(412, "revision_changed"), Reply.json(there[1]), Reply.json({"changed": ["lineage"], "revision": "three"}))
        with FalseServer(replies) as server:
            self.assertEqual("three", reach(server).add_lineage("m", "v1", base_model="b", datasets=["a", "b"]).revision)
        self.assertEqual(['"one"', '"two"'], [r.headers["If-Match"] for r in server.seen if r.method == "PATCH"])
        self.assertEqual({"datasets": ["a", "c", "b"], "by": "somebody else", "base_model": "b"}, json.loads(server.seen[-1].body)["lineage"])


class Answers(unittest.TestCase):
    def test_a_no_has_code_remedy_and_status_and_no_controls(self) -> None:
        with FalseServer(lambda _: Reply.problem(400, "invalid_arguments", title="\x1b[31mred\nline", errors={"limit": "at most 100"})) as server:
            with self.assertRaises(RegistryError) as no:
                reach(server).list_models()
        error = no.exception
        self.assertEqual(("invalid_arguments", "Do better.", 400, {"limit": "at most 100"}), (error.code, error.remedy, error.status, error.errors))
        self.assertTrue(str(error).isprintable())
        self.assertEqual(str(error), str(pickle.loads(pickle.dumps(error))))

    def test_what_a_gate_stops_is_an_error_with_its_report(self) -> None:
        with FalseServer(lambda _: Reply.problem(422, "blocked", promotion={"gates": [{"rule": "metric_min"}]})) as server:
            with self.assertRaises(RegistryError) as no:
                reach(server).promote("m", 1, "production", "r")
        self.assertEqual("metric_min", no.exception.promotion["gates"][0]["rule"])  # type: ignore[index]

    def test_what_is_no_registry_is_told(self) -> None:
        with FalseServer(lambda _: Reply(200, b"<html>")) as server:
            with self.assertRaises(RegistryError) as no:
                reach(server).get_model("m")
        self.assertEqual("answer_unreadable", no.exception.code)

    def test_pages_are_walked(self) -> None:
        with FalseServer(in_turn(Reply.json({"items": [{"name": "a"}], "next_cursor": "c/1"}), Reply.json({"items": [{"name": "b"}], "next_cursor": None}))) as server:
            self.assertEqual(["a", "b"], [m.name for m in reach(server).models(stage=ModelStage.STAGING, is_active=True)])
        self.assertEqual("/models?stage=staging&is_active=true&limit=100&cursor=c%2F1", server.seen[1].path)

    def test_names_cannot_step_out_of_their_place_in_the_address(self) -> None:
        with FalseServer(lambda _: Reply.json({"name": "x", "version": None})) as server:
            registry = reach(server)
            registry.get_model("a/../b?c")
            for name in ("..", ".", " ", ""):
                with self.assertRaises(RegistryError):
                    registry.get_model(name)
        self.assertEqual(["/models/a%2F..%2Fb%3Fc"], [r.path for r in server.seen])

    def test_what_serves_is_told_anew_only_when_it_is_something_else(self) -> None:
        with FalseServer(in_turn(Reply.json({"serving": True, "version": "v1"}, ETag='"1"'), Reply(304), Reply.json({"serving": True, "version": "v2"}, ETag='"2"'))) as server:
            registry = reach(server)
            known = registry.serving("m")
            self.assertIs(known, registry.serving("m", known=known))
            self.assertEqual("v2", registry.serving("m", known=known, wait=60).version)
        self.assertEqual([None, '"1"', '"1"'], [r.headers["If-None-Match"] for r in server.seen])
        self.assertIsInstance(known, ServingView)


class Downloads(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(lambda: __import__("shutil").rmtree(self.folder))

    def serve(self, files: List[Any], content: Callable[[Request], Optional[Reply]], digest: Optional[str] = None) -> FalseServer:
        listed = [{"path": p, "size_bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for p, c in files]
        about = version_with(files, digest or manifest_digest(listed))
        return FalseServer(lambda r: content(r) if "/files/" in r.path else about(r))

    def test_goes_on_where_it_was_cut(self) -> None:
        content = os.urandom(3_000_000)
        digest = hashlib.sha256(content).hexdigest()

        def send(request: Request) -> Reply:
            start = int((request.headers["Range"] or "bytes=0-")[6:-1])
            headers = {"ETag": f'"{digest}"', **({"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {})}
            return Reply(206 if start else 200, content[start:], headers, cut=1_000_000 if start < 2_000_000 else None)

        with self.serve([("a/w.bin", content)], send) as server:
            reach(server).download("m", "v1", self.folder / "out")
        self.assertEqual(content, (self.folder / "out/a/w.bin").read_bytes())
        self.assertEqual([None, "bytes=1000000-", "bytes=2000000-"], [r.headers["Range"] for r in server.seen if "/files/" in r.path])
        self.assertEqual([f'"{digest}"'] * 2, [r.headers["If-Range"] for r in server.seen if r.headers["Range"]])

    def test_keeps_nothing_of_what_is_not_what_was_registered(self) -> None:
        for sent in (b"evil....", b"right...more", b"right"):
            with self.serve([("w.bin", b"right...")], lambda _: Reply(200, sent)) as server:
                with self.assertRaises(RegistryError) as no:
                    reach(server, retries=1).download("m", "v1", self.folder / "out")
            self.assertIn(no.exception.code, ("digest_mismatch", "connection_lost", "answer_unreadable"))
            self.assertEqual([], list(self.folder.iterdir()))

    def test_refuses_paths_that_leave_the_folder_before_a_byte_is_fetched(self) -> None:
        for path in ("../evil", "/etc/evil", "a/../../evil", "a//b", "a\\..\\evil", "C:evil", "nul.txt", "a\u202eb", "x" * 256, "", ".", "a/./b", "end.", "\ud800"):
            with self.assertRaises(RegistryError, msg=repr(path)) as no:
                segments(path)
            self.assertEqual("path_unsafe", no.exception.code)
        with self.serve([("../evil", b"x")], lambda _: Reply(200, b"x")) as server:
            with self.assertRaises(RegistryError) as no:
                reach(server).download("m", "v1", self.folder / "out")
        self.assertEqual("path_unsafe", no.exception.code)
        self.assertFalse(any("/files/" in r.path for r in server.seen))
        self.assertEqual([], list(self.folder.iterdir()))

    def test_refuses_a_list_of_files_that_the_digest_does_not_stand_for(self) -> None:
        with self.serve([("w.bin", b"x")], lambda _: Reply(200, b"x"), digest="0" * 64) as server:
            with self.assertRaises(RegistryError) as no:
                reach(server).download("m", "v1", self.folder / "out")
        self.assertEqual("digest_mismatch", no.exception.code)

    def test_writes_into_no_folder_that_has_something_and_through_no_link(self) -> None:
        (self.folder / "full").mkdir()
        (self.folder / "full/file").write_text("mine")
        (self.folder / "link").symlink_to(self.folder / "full")
        with self.serve([("w.bin", b"x")], lambda _: Reply(200, b"x")) as server:
            for place in ("full", "link"):
                with self.assertRaises(RegistryError) as no:
                    reach(server).download("m", "v1", self.folder / place)
                self.assertEqual("folder_not_empty", no.exception.code)
            (self.folder / "empty").mkdir()
            reach(server).download("m", "v1", self.folder / "empty")
        self.assertEqual(["file"], os.listdir(self.folder / "full"))
        self.assertEqual(b"x", (self.folder / "empty/w.bin").read_bytes())

    def test_a_folder_has_the_digest_of_its_files_and_nothing_else(self) -> None:
        with self.serve([("a/w.bin", b"x"), ("b.txt", b"")], lambda r: Reply(200, b"x" if "w.bin" in r.path else b"")) as server:
            found = reach(server).download("m", "v1", self.folder / "out")
        self.assertEqual(found.digest, folder_digest(self.folder / "out"))
        (self.folder / "out/more").write_text("")
        self.assertNotEqual(found.digest, folder_digest(self.folder / "out"))
        (self.folder / "out/more").unlink()
        (self.folder / "out/a/w.bin").write_bytes(b"y")
        self.assertNotEqual(found.digest, folder_digest(self.folder / "out"))
        (self.folder / "out/link").symlink_to("b.txt")
        with self.assertRaises(RegistryError):
            folder_digest(self.folder / "out")

    def test_loads_nothing_without_a_loader(self) -> None:
        with self.assertRaises(RegistryError):
            Registry("http://localhost").load_model("m", "v1")


class Uploads(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(lambda: __import__("shutil").rmtree(self.folder))

    def test_links_are_not_followed(self) -> None:
        (self.folder / "w").write_text("x")
        (self.folder / "secret").symlink_to("/etc/hostname")
        with FalseServer(lambda _: Reply(500)) as server:
            with self.assertRaises(RegistryError):
                reach(server).register_model("m", path=self.folder)
        self.assertEqual([], server.seen)

    def test_what_the_registry_has_is_not_sent(self) -> None:
        (self.folder / "w").write_text("x")
        with FalseServer(lambda r: Reply(200) if r.method == "HEAD" else Reply.json({"version": "v1"}, 201)) as server:
            told: List[Any] = []
            reach(server).register_model("m", path=self.folder, progress=lambda *p: told.append(p))
        self.assertEqual(["HEAD", "POST"], [r.method for r in server.seen])
        self.assertEqual([("w", 1, 1)], told)

    def test_goes_on_from_where_the_server_says(self) -> None:
        content = os.urandom(100_000)
        (self.folder / "w").write_bytes(content)
        offsets = ["40000", "90000"]

        def answer(request: Request) -> Optional[Reply]:
            if request.method == "HEAD":
                return Reply(404, headers={"Upload-Offset": offsets.pop(0)})
            if request.method == "PUT":
                return None if offsets else Reply.json({}, 201)
            return Reply.json({"version": "v1"}, 201)

        with FalseServer(answer) as server:
            reach(server).register_model("m", path=self.folder / "w")
        puts = [r for r in server.seen if r.method == "PUT"]
        self.assertEqual(["bytes 40000-99999/100000", "bytes 90000-99999/100000"], [r.headers["Content-Range"] for r in puts])
        self.assertEqual(content[90000:], puts[1].body)

    def test_a_no_before_the_end_of_the_upload_is_told(self) -> None:
        (self.folder / "w").write_bytes(b"x" * 10)
        with FalseServer(lambda r: Reply(404, headers={"Upload-Offset": "0"}) if r.method == "HEAD" else Reply.problem(403, "role_missing")) as server:
            with self.assertRaises(RegistryError) as no:
                reach(server).register_model("m", path=self.folder / "w")
        self.assertEqual("role_missing", no.exception.code)


class Package(unittest.TestCase):
    def test_is_of_python_3_9_and_the_standard_library(self) -> None:
        package = Path(__file__).resolve().parent.parent / "modelregistry"
        self.assertTrue((package / "py.typed").exists())
        for file in package.glob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))
            for node in ast.walk(tree):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
                for name in names:
                    self.assertIn(name.split(".")[0], sys.stdlib_module_names if sys.version_info >= (3, 10) else {name.split(".")[0]}, file)


if __name__ == "__main__":
    unittest.main()
