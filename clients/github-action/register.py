"""What the action does: registers, asks for the promotion, waits, and writes the outputs.

Exit codes are those of the command line: 0 done, 8 parked and to fail for that, 64 invalid, 65 a gate stops it, 66 not found,
70 an outage, 75 conflict or decided otherwise, 77 forbidden.
"""

from __future__ import annotations

import glob
import json
import math
import os
import re
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Dict, List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

from modelregistry import Registry, RegistryError  # noqa: E402

DONE, PARKED, INVALID, POLICY_UNMET, NOT_FOUND, BROKEN, CONFLICT, FORBIDDEN = 0, 8, 64, 65, 66, 70, 75, 77
BY_STATUS = {400: INVALID, 401: FORBIDDEN, 403: FORBIDDEN, 404: NOT_FOUND, 409: CONFLICT, 413: INVALID, 422: POLICY_UNMET, 429: CONFLICT}
MOST_TEXT = 4000


def given(name: str) -> str:
    return os.environ.get("INPUT_" + name, "").strip()


def invalid(message: str) -> RegistryError:
    return RegistryError("invalid_arguments", message, "Correct the inputs of the step.", 400)


def one_line(name: str, pattern: str, required: bool = False) -> str:
    text = given(name)
    if (required and not text) or (text and not re.fullmatch(pattern, text)):
        raise invalid(f"The input {name.lower().replace('_', '-')} is missing, or is not as it must be: {pattern}")
    return text


def workspace() -> Path:
    return Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve()


def within(named: str) -> Path:
    """A path of the workspace. What lies elsewhere on a runner (credentials, tools) is nothing to register."""
    place = (workspace() / named).resolve()
    if place != workspace() and workspace() not in place.parents:
        raise invalid(f"{named!r} leads out of the workspace")
    return place


def files() -> List[Path]:
    found: List[Path] = []
    for line in given("FILES").splitlines():
        line = line.strip()
        if line:
            matched = sorted(glob.glob(str(workspace() / line), recursive=True))
            if not matched:
                raise invalid(f"Nothing in the workspace is called {line!r}")
            found += [within(name) for name in matched]
    if not found:
        raise invalid("The input files names nothing")
    return found


def document(name: str) -> Dict[str, Any]:
    if not given(name):
        return {}
    try:
        read = json.loads(within(given(name)).read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise invalid(f"{given(name)!r} cannot be read as JSON ({type(e).__name__})") from None
    if not isinstance(read, dict):
        raise invalid(f"{given(name)!r} holds no object")
    return read


def metrics() -> Dict[str, float]:
    read = document("METRICS_FILE")
    for line in filter(str.strip, given("METRICS").splitlines()):
        name, equals, value = line.partition("=")
        read[name.strip()] = value.strip() if equals else None
    measured = {}
    for name, value in read.items():
        try:
            measured[name] = float(value)
        except (TypeError, ValueError):
            measured[name] = math.nan
        if not name or isinstance(value, bool) or not math.isfinite(measured[name]):
            raise invalid(f"The metric {name!r} must be like accuracy=0.98")
    return measured


def write(variable: str, text: str) -> None:
    if os.environ.get(variable):
        with open(os.environ[variable], "a", encoding="utf-8") as out:
            out.write(text)


def output(**values: Any) -> None:
    for name, value in values.items():
        # A delimiter that no value can know.
        end = uuid.uuid4().hex
        write("GITHUB_OUTPUT", f"{name}<<{end}\n{'' if value is None else value}\n{end}\n")


def say(kind: str, text: str) -> None:
    """A line of the log that GitHub shows above it. What is in it cannot become a command of its own."""
    print(f"::{kind} title=Model registry::" + text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"), flush=True)


def summary(promotion: Optional[Dict[str, Any]], registered: Dict[str, Any]) -> None:
    rows = [("model", registered["model_name"]), ("version", registered["version"]), ("digest", registered["digest"])]
    if promotion:
        rows += [("promotion", f"{promotion['status']} ({promotion['from_stage']} → {promotion['to_stage']})"), ("decide", promotion.get("approve_url") or promotion.get("approve_command") or "")]
    cell = lambda text: re.sub(r"([\\`*_{}\[\]<>|#!])", r"\\\1", str(text))  # noqa: E731
    write("GITHUB_STEP_SUMMARY", "### Model registry\n\n| | |\n|---|---|\n" + "".join(f"| {name} | {cell(value)} |\n" for name, value in rows if value))


def run() -> int:
    server = one_line("SERVER", r"https?://\S+", required=True)
    model = one_line("MODEL", r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}", required=True)
    version, bump = one_line("VERSION", r"[A-Za-z0-9.+-]{1,80}"), one_line("BUMP", "major|minor|patch")
    stage, fail = one_line("STAGE", r"[A-Za-z0-9_-]{1,64}"), one_line("IF_PARKED", "pass|fail") == "fail"
    minutes, reason = one_line("WAIT_MINUTES", r"\d{1,3}") or "0", given("REASON")
    if int(minutes) > 350 or len(reason) > MOST_TEXT:
        raise invalid(f"The input wait-minutes is at most 350, and reason has at most {MOST_TEXT} characters")
    if (int(minutes) > 0 or reason) and not stage:
        raise invalid("The inputs wait-minutes and reason go with stage")
    known = document("METADATA_FILE")
    if os.environ.get("GITHUB_SHA"):
        known.setdefault("code_commit", os.environ["GITHUB_SHA"])
    if os.environ.get("GITHUB_RUN_ID"):
        known.setdefault("run_id", f"{os.environ['GITHUB_RUN_ID']}-{os.environ.get('GITHUB_RUN_ATTEMPT', '1')}")
    for taken in ("metrics", "version", "bump", "files", "path", "progress", "name", "idempotency_key"):
        if taken in known:
            raise invalid(f"The metadata file has {taken!r}, which is an input of its own")
    if bump:
        known["bump"] = bump

    registry = Registry(server)
    registered = registry.register_model(model, version or None, files(), metrics(), **known)
    output(version=registered.version, number=registered.number, digest=registered.digest)
    say("notice", f"{registered.model_name} {registered.version} is registered, digest {registered.digest}.")
    if not stage:
        output(status="registered", parked="false", promotion_id="", approve_url="")
        summary(None, registered)
        return DONE

    try:
        promotion = registry.promote(model, registered.number, stage, reason or None)
    except RegistryError as e:
        if e.promotion is not None:
            output(status=e.promotion.get("status"), parked="false", promotion_id=e.promotion.get("promotion_id"), approve_url="")
            for gate in e.promotion.get("gates", []):
                if gate["verdict"] != "pass":
                    say("warning", f"{gate['rule']}: {gate['measured']} against {gate['threshold']} ({gate['verdict']})")
            summary(dict(e.promotion), registered)
        raise
    if promotion.parked and int(minutes) > 0:
        say("notice", f"A person decides: {promotion.approve_url or promotion.approve_command}")
        until = time.monotonic() + 60 * int(minutes)
        promotion = registry.wait_for_decision(promotion.promotion_id or "", until - time.monotonic())
    output(status=promotion.status, parked=str(promotion.parked).lower(), promotion_id=promotion.promotion_id, approve_url=promotion.approve_url)
    summary(promotion, registered)
    if promotion.parked:
        say("notice", f"Parked: {promotion.next} {promotion.approve_url or ''}".strip())
        return PARKED if fail else DONE
    if promotion.applied:
        say("notice", f"{registered.version} is in {promotion.to_stage}.")
        return DONE
    say("error", f"{registered.version} was not moved: {promotion.status}. {promotion.get('note') or promotion.next}")
    return CONFLICT


def main() -> int:
    try:
        return run()
    except RegistryError as e:
        say("error", str(e))
        return BY_STATUS.get(e.status, INVALID if e.code in ("invalid_arguments", "token_needs_tls", "path_unsafe", "file_changed") else BROKEN)


if __name__ == "__main__":
    sys.exit(main())
