"""What the server answers with. Each is a plain dict whose members can be read as attributes as well; members that a
newer server adds are there too."""

from __future__ import annotations

from enum import Enum
from typing import Any, Dict, List, Optional


class ModelStage(str, Enum):
    """The stages of the policies that ship; a policy may have others, given as texts."""

    DEVELOPMENT = "development"
    VALIDATION = "validation"
    STAGING = "staging"
    PRODUCTION = "production"
    ARCHIVED = "archived"

    def __str__(self) -> str:
        return self.value


class View(Dict[str, Any]):
    """One answer."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no '{name}'") from None


class ModelView(View):
    """A model in a list. Versions are given by label; None where there is none."""

    name: str
    description: str
    task: str
    latest_version: Optional[str]
    serving_version: Optional[str]
    versions: int
    owner: str
    tags: Dict[str, str]
    is_active: bool
    updated_at: str


class FileView(View):
    """One file of a version."""

    path: str
    size_bytes: int
    sha256: str


class VersionView(View):
    """A version. What only a single look-up gives (files, dataset, card …) is missing in lists."""

    model_name: str
    model_id: str
    version: str
    number: int
    stage: str
    status: str
    metrics: Dict[str, float]
    format: str
    serving: bool
    deprecated: bool
    aliases: List[str]
    digest: str
    size_bytes: int
    created_at: str
    created_by: str
    dataset: str
    code_commit: str
    hyperparameters: Dict[str, Any]
    dependencies: List[str]
    release_notes: str
    card: str
    tags: Dict[str, str]
    revision: str


class ModelInfo(View):
    """A model with one of its versions in full; ``version`` is None while it has none."""

    name: str
    model_id: str
    description: str
    task: str
    owner: str
    versioning: str
    is_active: bool
    tags: Dict[str, str]
    aliases: Dict[str, str]
    latest_version: Optional[str]
    serving_version: Optional[str]
    versions: int
    version: Optional[VersionView]
    revision: str


class ServingView(View):
    """What serves a stage. ``serving`` is False, and the rest None, when nothing does."""

    model_name: str
    serving: bool
    version: Optional[str]
    number: Optional[int]
    stage: str
    digest: Optional[str]
    since: Optional[str]
    promotion_id: Optional[str]
    approved_by: List[str]
    targets: List[str]

    #: What the server calls this answer; a later look names it to hear of changes only.
    etag: str = ""


class RegisteredView(View):
    """What a registration came to."""

    model_name: str
    model_created: bool
    version_id: str
    version: str
    number: int
    stage: str
    digest: str
    size_bytes: int
    files: List[Dict[str, Any]]


class EditedView(View):
    """What an edit or a deletion came to. ``revision`` is that of what was edited, as it is now: the next edit may name it."""

    model_name: str
    version: Optional[str]
    changed: List[str]
    warnings: List[str]
    revision: str


class MeasuredView(View):
    """What recording measurements came to. ``revision`` is the version's, as it is now."""

    model_name: str
    version: str
    recorded: int
    current: bool
    revision: str


class MeasurementView(View):
    """One measurement of a version. What its author did not say (``count``, ``measured_at`` …) is missing."""

    measurement_id: str
    metric: str
    value: float
    made_current: bool
    dataset: str
    split: str
    recorded_at: str
    recorded_by: str
    measured_at: str
    count: int
    standard_error: float
    low: float
    high: float


class CardView(View):
    """A card as it was written (``text``) and as it is read. ``origin`` says whose it is: ``version``, ``model`` or ``none``."""

    model_name: str
    version: Optional[str]
    sha256: str
    text: str
    front_matter: Dict[str, Any]
    markdown: str
    problems: List[Dict[str, Any]]

    @property
    def origin(self) -> str:
        return str(self["from"])


class CardEditView(View):
    """One edit of a card. ``by`` and ``at`` are None where it was written before edits were kept."""

    edit_id: str
    sha256: str
    characters: int
    by: Optional[str]
    at: Optional[str]


class LineageView(View):
    """What a version comes from and what was derived from it, step by step; ``truncated`` when there is more."""

    model_name: str
    version: str
    comes_from: List[Dict[str, Any]]
    derived: List[Dict[str, Any]]
    truncated: bool


class PromotionView(View):
    """A promotion with its gates and decisions."""

    promotion_id: Optional[str]
    status: str
    kind: str
    model_name: str
    version: str
    number: int
    from_stage: str
    to_stage: str
    replaces: Optional[str]
    gates: List[Dict[str, Any]]
    required: Optional[Dict[str, Any]]
    missing: List[str]
    decisions: List[Dict[str, Any]]
    approve_url: Optional[str]
    approve_command: Optional[str]
    expires_at: Optional[str]
    next: str

    @property
    def parked(self) -> bool:
        """It waits for a person, or for being applied after their yes."""
        return self["status"] in ("pending", "approved")

    @property
    def applied(self) -> bool:
        """The version is where it was to go."""
        return bool(self["status"] == "applied")


class DeploymentView(View):
    """A version on a target that serves it: what is wanted there, and what was last seen running."""

    deployment_id: str
    model_name: str
    version: str
    number: int
    target: str
    stage: str
    status: str
    configuration: Dict[str, Any]
    promotion_id: str
    requested_by: str
    deployed_by: Optional[str]
    rollback_reason: str
    observed: Optional[Dict[str, Any]]


class TargetView(View):
    """A target that the policy declares, with the stage it requires."""

    name: str
    stage: str
    governed: bool
