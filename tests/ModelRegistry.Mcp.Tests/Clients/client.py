"""The Python client, called line by line: {"call", "args", "named"} on stdin, {"value"} or {"error"} on stdout. Address and token
come from the environment."""

import json
import sys
from types import GeneratorType

from modelregistry import Registry, RegistryError

registry = Registry(**json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})
for line in sys.stdin:
    asked = json.loads(line)
    named, progress = asked.get("named", {}), []
    if named.get("progress"):
        named["progress"] = lambda *step: progress.append(step)
    try:
        value = getattr(registry, asked["call"])(*asked.get("args", []), **named)
        said = {"value": list(value) if isinstance(value, GeneratorType) else value, "progress": progress}
    except RegistryError as e:
        said = {"error": {"type": type(e).__name__, "code": e.code, "remedy": e.remedy, "status": e.status, "promotion": e.promotion}}
    print(json.dumps(said), flush=True)
