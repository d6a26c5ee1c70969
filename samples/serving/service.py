"""A service that serves whatever the registry says, and changes over when a person has approved something else.

    MODELREGISTRY_SERVER=https://registry.example.org MODELREGISTRY_TOKEN=… \\
        python3 samples/serving/service.py --model digits --folder /var/lib/digits

It waits for changes (a long poll, answered within a moment of the approval), fetches the version's files into a folder of
their own, holds them against the digest that was approved, loads them, and swaps: requests under way finish with the version
they began with. While the registry is away it goes on with what it has, after a restart too. SIGTERM answers what was asked and ends.

Without an ONNX runtime it runs small chains itself (onnx_chain.py, enough for samples/digits). Of any other model it gives the
digest, and says of a prediction that it cannot be made here.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import shutil
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

try:
    import modelregistry  # noqa: F401
except ImportError:
    # Beside this folder, where it is not installed.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients" / "python"))
    import modelregistry  # noqa: F401
from modelregistry import Registry, RegistryError, ServingView, folder_digest
from onnx_chain import Classifier, NotRunnable

log = logging.getLogger("serving")
MOST_BODY = 65_536
BRIGHTEST = 16


class Loaded:
    """A version that is ready. It never changes: another version is another one of these."""

    def __init__(self, version: str, number: int, digest: str, folder: Path) -> None:
        self.version, self.number, self.digest = version, number, digest
        self.classifier: Optional[Classifier] = None
        self.obstacle = "there is no single .onnx file in this version, and no runtime for anything else"
        models = list(folder.rglob("*.onnx"))
        if len(models) == 1:
            try:
                self.classifier, self.obstacle = Classifier.read(models[0]), ""
            except NotRunnable as e:
                self.obstacle = f"there is no ONNX runtime here, and {models[0].name} is no small chain: {e}"

    def shown(self) -> Dict[str, Any]:
        return {"version": self.version, "number": self.number, "digest": self.digest, "runnable": self.classifier is not None}


class Follower(threading.Thread):
    """Keeps what serves here at what the registry says."""

    def __init__(self, registry: Registry, model: str, stage: str, folder: Path, target: Optional[str], instance: str) -> None:
        super().__init__(daemon=True)
        self.model, self.stage = model, stage
        self._target, self._instance = target, instance
        # Read by many threads, written by this one: a reference is swapped in one step.
        self.loaded: Optional[Loaded] = None
        self.trouble: Optional[str] = "the registry was not asked yet"
        self._registry, self._folder = registry, folder
        self._stop = threading.Event()

    def resume(self) -> None:
        """What ran here last, if it is still what was approved, so that a start needs no registry."""
        try:
            kept = json.loads((self._folder / "serving.json").read_text(encoding="utf-8"))
            place = self._place(kept["digest"])
            if (kept["model"], kept["stage"]) == (self.model, self.stage) and folder_digest(place) == kept["digest"]:
                self.loaded = Loaded(kept["version"], kept["number"], kept["digest"], place)
                log.info("going on with %s", kept["version"])
        except (OSError, ValueError, KeyError, TypeError, RegistryError):
            log.info("nothing to go on with in %s", self._folder)

    def run(self) -> None:
        known: Optional[ServingView] = None
        failures = 0
        while not self._stop.is_set():
            try:
                serving = self._registry.serving(self.model, self.stage, wait=50 if known else 0, known=known)
                if serving is not known:
                    self._follow(serving)
                known, self.trouble, failures = serving, None, 0
                # At each answer of the long poll, changed or not: whoever looks sees that it is alive.
                self._report()
            except (RegistryError, OSError) as e:
                # The version that runs goes on running. Asked from the beginning: something may have changed meanwhile.
                known, self.trouble = None, str(e)
                log.warning("%s", e)
                self._stop.wait(min(30, 0.5 * 2**failures))
                failures = min(failures + 1, 10)

    def stop(self) -> None:
        self._stop.set()

    def _follow(self, serving: ServingView) -> None:
        if not serving.serving or serving.digest is None or serving.version is None or serving.number is None:
            # A person took it out of the stage: that is an answer, and no outage.
            self.loaded = None
            log.warning("nothing of '%s' serves %s", self.model, self.stage)
            return
        if self.loaded is not None and self.loaded.digest == serving.digest and self.loaded.number == serving.number:
            return
        place = self._place(serving.digest)
        if not place.exists() or folder_digest(place) != serving.digest:
            shutil.rmtree(place, ignore_errors=True)
            self._registry.download(self.model, serving.number, place, digest=serving.digest)
        before, self.loaded = self.loaded, Loaded(serving.version, serving.number, serving.digest, place)
        self._remember(serving)
        log.info("serving %s (%s), approved by %s", serving.version, serving.digest[:12], ", ".join(serving.approved_by) or "nobody: the stage is not governed")
        for old in self._folder.iterdir():
            # The one before stays, for a rollback without a download.
            if re.fullmatch("[0-9a-f]{64}", old.name) and old.name not in (serving.digest, before.digest if before else ""):
                shutil.rmtree(old, ignore_errors=True)

    def _report(self) -> None:
        """Tells the registry what runs here, where a target was named. That it does not keep track of this target is no trouble of ours."""
        loaded = self.loaded
        if self._target is None or loaded is None:
            return
        try:
            self._registry.observed(self.model, self._target, loaded.number, instance=self._instance, message=loaded.obstacle or None)
        except RegistryError as e:
            log.warning("what runs here could not be told: %s", e)

    def _remember(self, serving: ServingView) -> None:
        fresh = self._folder / "serving.json.new"
        fresh.write_text(json.dumps({"model": self.model, "stage": self.stage, "version": serving.version, "number": serving.number, "digest": serving.digest}), encoding="utf-8")
        fresh.replace(self._folder / "serving.json")

    def _place(self, digest: str) -> Path:
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise ValueError("no digest")
        return self._folder / digest


class Door(BaseHTTPRequestHandler):
    """GET /health; POST /predict {"pixels": [64 numbers from 0 to 16]}."""

    follower: Follower
    timeout = 30

    def do_GET(self) -> None:
        if self.path != "/health":
            return self._answer(404, {"error": "There is /health and /predict."})
        loaded, trouble = self.follower.loaded, self.follower.trouble
        registry = {"reachable": trouble is None, "trouble": trouble}
        self._answer(200 if loaded else 503, {"model": self.follower.model, "stage": self.follower.stage, "serving": loaded is not None, **(loaded.shown() if loaded else {}), "registry": registry})

    def do_POST(self) -> None:
        # Once for the whole request: whatever is swapped meanwhile, this answer is of one version and says which.
        loaded = self.follower.loaded
        if self.path != "/predict":
            return self._answer(404, {"error": "There is /health and /predict."})
        if loaded is None:
            return self._answer(503, {"error": f"Nothing of '{self.follower.model}' serves {self.follower.stage}."})
        if loaded.classifier is None:
            return self._answer(501, {"error": f"No prediction can be made here: {loaded.obstacle}.", **loaded.shown()})
        if not self.headers.get("Content-Length", "").isdigit():
            return self._answer(411, {"error": "The body must have a Content-Length; chunks are not read here."})
        pixels, problem = self._pixels(loaded.classifier.inputs)
        if problem:
            return self._answer(400, {"error": problem})
        chances = loaded.classifier.run([p / BRIGHTEST for p in pixels])
        self._answer(200, {"digit": chances.index(max(chances)), "probabilities": [round(c, 6) for c in chances], **loaded.shown()})

    def _pixels(self, count: int) -> Tuple[list, str]:
        length = int(self.headers["Content-Length"])
        if length > MOST_BODY:
            return [], f"The body may have at most {MOST_BODY} bytes."
        try:
            pixels = json.loads(self.rfile.read(length))["pixels"]
        except (ValueError, KeyError, TypeError, RecursionError):
            pixels = None
        if not isinstance(pixels, list) or len(pixels) != count or any(type(p) not in (int, float) or not 0 <= p <= BRIGHTEST for p in pixels):
            return [], f'The body must be {{"pixels": [{count} numbers from 0 to {BRIGHTEST}]}}.'
        return pixels, ""

    def _answer(self, status: int, body: Dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


class Server(ThreadingHTTPServer):
    # What is under way when it ends is answered first.
    daemon_threads = False
    request_queue_size = 128


def main() -> int:
    wish = argparse.ArgumentParser(description="Serves whatever the registry says.")
    wish.add_argument("--model", required=True)
    wish.add_argument("--stage", default="production")
    wish.add_argument("--folder", required=True, type=Path, help="where files are kept")
    wish.add_argument("--target", help="the target of the policy that this is; what runs is reported there")
    wish.add_argument("--instance", default=socket.gethostname(), help="which of several this is, in reports")
    wish.add_argument("--host", default="127.0.0.1")
    wish.add_argument("--port", type=int, default=8080, help="0: one that is free")
    given = wish.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    given.folder.mkdir(parents=True, exist_ok=True)

    follower = Follower(Registry(), given.model, given.stage, given.folder, given.target, given.instance)
    follower.resume()
    Door.follower = follower
    with Server((given.host, given.port), Door) as server:
        # From another thread: shutdown waits for the loop that this signal interrupts.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        follower.start()
        log.info("listening on http://%s:%d", *server.server_address[:2])
        server.serve_forever(0.1)
        follower.stop()
    log.info("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
