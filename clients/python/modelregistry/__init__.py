"""Client of the model registry. Standard library only.

    from modelregistry import Registry

    registry = Registry("https://registry.example.org")          # token: MODELREGISTRY_TOKEN
    made = registry.register_model("digits", path="model.onnx", metrics={"accuracy": 0.98})
    asked = registry.promote("digits", made.number, "production", "better on the held-out rows")
    if asked.parked:
        print("A person decides:", asked.approve_url)
        asked = registry.wait_for_decision(asked.promotion_id)
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Optional, Union

from ._download import folder_digest, manifest_digest
from ._upload import PathLike
from .errors import RegistryError, RevisionChanged
from .registry import Registry
from .training import register_trained_model, train_and_register_model
from .views import CardEditView, CardView, DeploymentView, EditedView, FileView, LineageView, MeasuredView, MeasurementView, ModelInfo, ModelStage, ModelView, PromotionView, RegisteredView, ServingView, TargetView, VersionView, View

__version__ = "1.0.0"


def register_model(name: str, version: Optional[str], path: Union[PathLike, Iterable[PathLike]], metrics: Optional[Mapping[str, float]] = None, **metadata: Any) -> RegisteredView:
    """Registers a version with the registry that the environment names."""
    return Registry().register_model(name, version, path, metrics, **metadata)


def get_model(name: str, version: Union[str, int, None] = None) -> ModelInfo:
    """A model and one of its versions, from the registry that the environment names."""
    return Registry().get_model(name, version)


__all__ = [
    "CardEditView",
    "CardView",
    "DeploymentView",
    "EditedView",
    "FileView",
    "LineageView",
    "MeasuredView",
    "MeasurementView",
    "ModelInfo",
    "ModelStage",
    "ModelView",
    "PromotionView",
    "RegisteredView",
    "Registry",
    "RegistryError",
    "RevisionChanged",
    "ServingView",
    "TargetView",
    "VersionView",
    "View",
    "folder_digest",
    "get_model",
    "manifest_digest",
    "register_model",
    "register_trained_model",
    "train_and_register_model",
]
