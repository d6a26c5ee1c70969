"""From a training run to a registered version, in one call."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Tuple

from .registry import Registry
from .views import VersionView

#: Writes a trained model into a folder, in whatever format will be served.
Save = Callable[[Any, Path], Any]


def register_trained_model(
    model: Any,
    model_name: str,
    *,
    save: Save,
    metrics: Optional[Mapping[str, float]] = None,
    promote_to_staging: bool = False,
    registry: Optional[Registry] = None,
    **metadata: Any,
) -> VersionView:
    """Saves a trained model, registers what was saved, and gives the version.

    Args:
        save: Called with the model and an empty folder.
        promote_to_staging: Ask for ``staging`` at once. What came of it is the version's ``promotion``: where staging is
            governed it is ``parked``, and a person decides.
        registry: Default: the one that the environment names.
        metadata: As for ``Registry.register_model``.
    """
    reached = registry or Registry()
    with tempfile.TemporaryDirectory(prefix="modelregistry-") as scratch:
        folder = Path(scratch)
        save(model, folder)
        registered = reached.register_model(model_name, path=folder, metrics=metrics, **metadata)
    promotion = reached.promote(model_name, registered.number, "staging", "straight from training") if promote_to_staging else None
    version = reached.get_model_metadata(model_name, registered.number)
    version["promotion"] = promotion
    return version


def train_and_register_model(
    *,
    train: Callable[..., Any],
    save: Save,
    model_name: str,
    description: Optional[str] = None,
    tags: Any = None,
    promote_to_staging: bool = False,
    registry: Optional[Registry] = None,
    metadata: Optional[Mapping[str, Any]] = None,
    **training: Any,
) -> Tuple[Any, VersionView]:
    """Trains, saves and registers; gives the model and its version.

    Args:
        train: Called with everything else that is named, such as ``tfrecord_paths`` and ``config``. It gives the model, or the
            model and its metrics.
        metadata: Further members as for ``Registry.register_model``.
    """
    trained = train(**training)
    model, metrics = trained if isinstance(trained, tuple) and len(trained) == 2 and isinstance(trained[1], Mapping) else (trained, None)
    known = {"description": description, "tags": tags, **(metadata or {})}
    version = register_trained_model(
        model, model_name, save=save, metrics=metrics, promote_to_staging=promote_to_staging, registry=registry, **{k: v for k, v in known.items() if v is not None}
    )
    return model, version
