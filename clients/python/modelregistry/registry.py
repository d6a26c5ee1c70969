"""The registry, as a pipeline or a service uses it."""

from __future__ import annotations

import os
import ssl
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from . import _download, _upload
from ._metadata import Metadata, Reference, Tags, once, said, tags_of
from ._line import Line, address, segment
from ._upload import PathLike, Progress
from .errors import RegistryError
from .views import DeploymentView, FileView, ModelInfo, ModelStage, ModelView, PromotionView, RegisteredView, ServingView, TargetView, VersionView, View

Loader = Callable[[Path], Any]
Tagged = Union[str, Sequence[str], None]
Bounds = Mapping[str, float]

#: The longest wait of one request, in seconds; longer ones are made of several.
_WAIT = 50
#: How long a server may be away while a decision is waited for, in seconds.
_OUTAGE = 300
_DECIDED = ("applied", "rejected", "withdrawn", "expired", "superseded", "revoked", "failed")


class Registry(Metadata):
    """One registry. An instance keeps no connection open and may be used by several threads at once.

    Args:
        url: Such as ``https://registry.example.org``; default: ``MODELREGISTRY_SERVER``, else ``http://localhost:8003``.
        token: A bearer token of an agent or a service; default: ``MODELREGISTRY_TOKEN``, else none. It goes to this
            server only, never over plain http to another machine, and is in no text that this package writes.
        timeout: Seconds that the server may be silent.
        retries: How often in a row a request is sent again that may be.
        context: For servers with certificates of your own.
        loader: What ``load_model`` calls with the folder of a version's files. Nothing is ever loaded without one:
            loading many formats runs code that is in them.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = 60,
        retries: int = 6,
        context: Optional[ssl.SSLContext] = None,
        loader: Optional[Loader] = None,
    ) -> None:
        token = token if token is not None else os.environ.get("MODELREGISTRY_TOKEN") or None
        self._line = Line(address(url), token, timeout, retries, context)
        self._loader = loader

    def __repr__(self) -> str:
        return f"<Registry {self._line.shown}>"

    # Looking

    def list_models(self, **filters: Any) -> List[ModelView]:
        """Every model, by name. Filters: ``search``, ``model_type``, ``stage``, ``tag``, ``is_active``, ``at_least``, ``at_most``
        (see ``models``)."""
        return list(self.models(**filters))

    def models(self, *, search: Optional[str] = None, model_type: Optional[str] = None, stage: Optional[str] = None, tag: Tagged = None, is_active: Union[bool, str, None] = None, at_least: Optional[Bounds] = None, at_most: Optional[Bounds] = None) -> Iterator[ModelView]:
        """As ``list_models``, a page at a time as it is walked.

        Args:
            tag: ``key`` or ``key:value``, of the model or a version; several must all hold. ``framework:NAME`` is a framework too.
            at_least: What metrics must have at least, such as ``{"accuracy": 0.9}``. Stage, tags and bounds are held against
                one and the same version.
            at_most: What they may have at most, such as ``{"latency_ms": 50}``.
        """
        return self._pages("/models", ModelView, {"search": search, "model_type": model_type, "stage": _text(stage), "tag": _several(tag), "is_active": is_active, **_bounds(at_least, at_most)})

    def list_versions(self, name: str, **filters: Any) -> List[VersionView]:
        """Every version of a model, newest first. Filters: ``stage``, ``status``, ``is_default``, ``tag``, ``at_least``,
        ``at_most`` (see ``models``)."""
        return list(self.versions(name, **filters))

    def versions(self, name: str, *, stage: Optional[str] = None, status: Optional[str] = None, is_default: Optional[bool] = None, tag: Tagged = None, at_least: Optional[Bounds] = None, at_most: Optional[Bounds] = None) -> Iterator[VersionView]:
        """As ``list_versions``, a page at a time as it is walked."""
        return self._pages(f"/models/{segment(name)}/versions", VersionView, {"stage": _text(stage), "status": status, "is_default": is_default, "tag": _several(tag), **_bounds(at_least, at_most)})

    def get_model(self, name: str, version: Optional[Reference] = None) -> ModelInfo:
        """A model with one of its versions in full: by number, label, ``latest``, ``default`` or ``@alias``; without one, the default."""
        found = ModelInfo(self._line.ask("GET", f"/models/{segment(name)}", {"version": version}, again=True).json())
        if found["version"] is not None:
            found["version"] = VersionView({**found["version"], "model_name": found["name"], "model_id": found["model_id"]})
        return found

    def get_model_metadata(self, model_name: str, version: Optional[Reference] = None, stage: Union[str, ModelStage, None] = None) -> VersionView:
        """Everything known about one version: the one named, or the one that serves a stage."""
        if stage is not None:
            serving = self.serving(model_name, stage)
            if not serving.serving:
                raise RegistryError("not_serving", f"Nothing of '{model_name}' serves {_text(stage)}.", "Propose a version for it, and have a person approve.")
            version = serving.number
        found = self.get_model(model_name, version)
        if found["version"] is None:
            raise RegistryError("version_not_found", f"'{model_name}' has no version yet.", "Register one.", 404)
        return found["version"]

    def compare(self, name: str, *versions: Reference) -> View:
        """Metrics of several versions side by side, with their differences to the first one named and what is better."""
        return View(self._line.ask("GET", f"/models/{segment(name)}/compare", {"versions": ",".join(str(v) for v in versions)}, again=True).json())

    def serving(self, name: str, stage: Union[str, ModelStage] = "production", *, at: Optional[str] = None, wait: float = 0, known: Optional[ServingView] = None) -> ServingView:
        """What serves a stage now, or at a time (RFC 3339).

        Args:
            wait: Seconds to wait until it is something else than ``known``.
            known: What an earlier call gave. It is given back, the same object, when nothing changed.
        """
        until = time.monotonic() + wait
        while True:
            left = int(min(_WAIT, max(0, until - time.monotonic()))) if wait and not at else 0
            answer = self._line.ask(
                "GET",
                f"/models/{segment(name)}/serving",
                {"stage": _text(stage), "at": at, "wait": left or None},
                headers={"If-None-Match": known.etag} if known is not None and known.etag and at is None else {},
                again=True,
                wait=left,
            )
            if answer.status != 304:
                view = ServingView(answer.json())
                view.etag = answer.headers.get("ETag", "")
                return view
            if known is not None and time.monotonic() + 1 > until:
                return known

    def history(self, name: str, *, at: Optional[str] = None) -> Iterator[View]:
        """What served when, and who approved it, newest first; only what served at a time where one is named."""
        return self._pages(f"/models/{segment(name)}/history", View, {"at": at})

    # Bringing in

    def create_model(self, name: str, *, description: Optional[str] = None, model_type: Optional[str] = None, owner: Optional[str] = None, tags: Optional[Tags] = None, versioning: Optional[str] = None) -> ModelInfo:
        """Makes a model without a version. ``versioning``: ``auto`` (v1, v2 …) or ``semver``."""
        return ModelInfo(self._line.ask("POST", "/models", body=said(name=name, description=description, model_type=model_type, owner=owner, tags=tags_of(tags), versioning=versioning), **once(None)).json())

    def register_model(
        self,
        name: str,
        version: Optional[str] = None,
        path: Union[PathLike, Iterable[PathLike], None] = None,
        metrics: Optional[Mapping[str, float]] = None,
        *,
        tags: Optional[Tags] = None,
        progress: Optional[Progress] = None,
        idempotency_key: Optional[str] = None,
        **metadata: Any,
    ) -> RegisteredView:
        """Registers a version with its files. The model is made where it is not there yet.

        Args:
            version: A label such as ``v7`` or ``1.2.0``; left out, the next one is given.
            path: A file, a folder, or several of them. Each file is hashed, then sent unless the registry has it.
            tags: Of the version: a mapping, or a list of ``key`` or ``key:value``.
            progress: Called with a file's path, the bytes sent, and those it has.
            idempotency_key: Sent again with the same key and content, even by another process, it gives the version that is
                there already, and makes no other one. Left out, each call has one of its own, for its own retries.
            metadata: Whatever else is known: ``description``, ``model_type``, ``owner`` of the model; ``format``,
                ``framework``, ``dataset``, ``code_commit``, ``hyperparameters``, ``dependencies``, ``signature``,
                ``lineage``, ``release_notes``, ``card``, ``run_id``, ``bump``, ``alias``, ``versioning``.
        """
        if path is None:
            raise RegistryError("invalid_arguments", "No file was named.", "A version has at least one: give path.")
        found = _upload.collect([path] if isinstance(path, (str, os.PathLike)) else path)
        for file in found:
            _upload.put(self._line, file, progress)
        body = said(version=version, metrics=dict(metrics) if metrics else None, tags=tags_of(tags), **metadata)
        body["files"] = [{"path": file.path, "sha256": file.sha256} for file in found]
        return RegisteredView(self._line.ask("POST", f"/models/{segment(name)}/versions", body=body, **once(idempotency_key)).json())

    # Moving

    def promote(self, name: str, version: Reference, stage: Union[str, ModelStage], reason: Optional[str] = None, *, idempotency_key: Optional[str] = None) -> PromotionView:
        """Moves a version to a stage, or asks for it: a governed stage parks the promotion until a person decides, and no
        token decides. ``parked``, ``approve_url`` and ``next`` of what comes back say how it goes on. What a gate stops is
        raised as ``blocked``, with the gate report in the error's ``promotion``."""
        body = said(stage=_text(stage), reason=reason, idempotency_key=idempotency_key or str(uuid.uuid4()))
        return PromotionView(self._line.ask("POST", f"/models/{segment(name)}/versions/{segment(version)}/promotions", body=body, again=True).json())

    def promote_model(self, model_name: str, version: Reference, target_stage: Union[str, ModelStage], approved_by: Optional[str] = None, reason: Optional[str] = None) -> PromotionView:
        """As ``promote``. ``approved_by`` approves nothing: it goes into the reason as what it is, a claim."""
        claim = f"{approved_by} is said to have approved it." if approved_by else None
        return self.promote(model_name, version, target_stage, " ".join(filter(None, [reason, claim])) or None)

    def rollback(self, name: str, to_version: Optional[Reference] = None, reason: Optional[str] = None, *, stage: Union[str, ModelStage, None] = None, idempotency_key: Optional[str] = None) -> PromotionView:
        """Back to what served before, or to a version that once did. It waits for a person where the stage is governed."""
        body = said(to_version=None if to_version is None else str(to_version), stage=_text(stage), reason=reason, idempotency_key=idempotency_key or str(uuid.uuid4()))
        return PromotionView(self._line.ask("POST", f"/models/{segment(name)}/rollback", body=body, again=True).json())

    def promotion(self, promotion_id: str) -> PromotionView:
        """A promotion as it stands."""
        return PromotionView(self._line.ask("GET", f"/promotions/{segment(promotion_id)}", again=True).json())

    def promotions(self, *, status: Optional[str] = None, model: Optional[str] = None) -> Iterator[PromotionView]:
        """Promotions, newest first. ``status``: one of theirs, ``live`` or ``all``."""
        return self._pages("/promotions", PromotionView, {"status": status, "model": model})

    def wait_for_decision(self, promotion_id: str, timeout: Optional[float] = None) -> PromotionView:
        """Waits until a person has decided and it is applied, or until it is over otherwise. After ``timeout`` seconds it
        comes back as it stands: still ``parked``. A server that is away for less than five minutes is waited for, too."""
        until = None if timeout is None else time.monotonic() + timeout
        heard = time.monotonic()
        while True:
            left = _WAIT if until is None else int(min(_WAIT, max(0, until - time.monotonic())))
            try:
                seen = PromotionView(self._line.ask("GET", f"/promotions/{segment(promotion_id)}", {"wait": left}, again=True, wait=left).json())
            except RegistryError as e:
                now = time.monotonic()
                if e.code not in ("connection_lost", "storage_unavailable") or now - heard > _OUTAGE or (until is not None and now > until):
                    raise
                self._line.pause(4)
                continue
            heard = time.monotonic()
            if seen["status"] in _DECIDED or (until is not None and heard + 1 > until):
                return seen

    def withdraw(self, promotion_id: str, reason: Optional[str] = None) -> PromotionView:
        """Takes back a promotion that this token, or another of its owner's, asked for."""
        return PromotionView(self._line.ask("POST", f"/promotions/{segment(promotion_id)}/withdraw", body=said(reason=reason)).json())

    # Fetching

    def files(self, name: str, version: Reference) -> List[FileView]:
        """The files of a version with their sizes and digests."""
        return [FileView(f) for f in self._line.ask("GET", f"/models/{segment(name)}/versions/{segment(version)}/files", again=True).json()["items"]]

    def download(self, name: str, version: Reference = "default", to: PathLike = ".", *, digest: Optional[str] = None, progress: Optional[Progress] = None) -> VersionView:
        """Fetches every file of a version into a folder that is new or empty: all of them, each of the digest that was
        registered, or none.

        Args:
            digest: Of the version, as ``serving`` gave it. Another one is refused, whatever the server says now.
            progress: Called with a file's path, the bytes that came, and those it has.
        """
        found = self.get_model_metadata(name, version)
        if digest is not None and digest != found.digest:
            raise RegistryError("digest_mismatch", f"Version {found.version} of '{name}' is not the one that was asked for.", "Ask what serves once more.")
        # By number: a label or alias may be another version's by now.
        files = self.files(name, found.number)
        _download.check(files, found.digest)
        _download.fetch(self._line, name, found.number, files, to, progress)
        return found

    def verify(self, name: str, version: Reference, folder: PathLike) -> bool:
        """Whether a folder has exactly the files of a version, byte for byte."""
        return bool(_download.folder_digest(folder) == self.get_model_metadata(name, version).digest)

    def load_model(self, model_name: str, version: Optional[Reference] = None, stage: Union[str, ModelStage, None] = None, *, loader: Optional[Loader] = None, to: Optional[PathLike] = None) -> Tuple[Any, VersionView]:
        """Fetches a version, by default what serves production, and gives what the loader makes of its folder, with its metadata.
        The folder is gone afterwards unless ``to`` names one."""
        load = loader or self._loader
        if load is None:
            raise RegistryError("invalid_arguments", "There is no loader.", "Give one that takes the folder: loader=lambda folder: onnxruntime.InferenceSession(folder / 'model.onnx').")
        found = self.get_model_metadata(model_name, version, stage if stage is not None or version is not None else "production")
        if to is not None:
            self.download(model_name, found.number, to, digest=found.digest)
            return load(Path(to)), found
        with tempfile.TemporaryDirectory(prefix="modelregistry-") as scratch:
            folder = Path(scratch) / "model"
            self.download(model_name, found.number, folder, digest=found.digest)
            return load(folder), found

    # Deployments

    def deploy(
        self,
        model_name: str,
        version: Reference,
        deployment_target: str,
        deployed_by: Optional[str] = None,
        deployment_config: Optional[Mapping[str, Any]] = None,
        *,
        reason: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> PromotionView:
        """Asks for a version on a target that the policy declares. It is a promotion to the stage that the target requires:
        where that is governed it is ``parked``, and a person decides on version, target and configuration together.
        ``deployed_by`` is kept as a claim."""
        body = said(
            model_name=model_name,
            version=str(version),
            deployment_target=deployment_target,
            deployed_by=deployed_by,
            deployment_config=dict(deployment_config) if deployment_config is not None else None,
            reason=reason,
            idempotency_key=idempotency_key or str(uuid.uuid4()),
        )
        return PromotionView(self._line.ask("POST", "/deploy", body=body, again=True).json())

    def stop_deployment(self, deployment_id: str, reason: Optional[str] = None) -> DeploymentView:
        """Takes a version off a target that no gate guards. Where one does, a rollback or another deployment does it, with a person."""
        return DeploymentView(self._line.ask("POST", f"/deployments/{segment(deployment_id)}/stop", body=said(reason=reason), **once(None)).json())

    def deploy_model(self, model_name: str, version: Reference, endpoint_name: str, **options: Any) -> PromotionView:
        """As ``deploy``; the endpoint is a target's name."""
        return self.deploy(model_name, version, endpoint_name, **options)

    def deployments(self, *, model: Optional[str] = None, target: Optional[str] = None, status: Optional[str] = None) -> Iterator[DeploymentView]:
        """What is to run where, and was, newest first. ``status``: pending, active, replaced, rolled_back, stopped, cancelled."""
        return self._pages("/deployments", DeploymentView, {"model": model, "target": target, "status": status})

    def targets(self) -> List[TargetView]:
        """The targets that the policy declares."""
        return [TargetView(t) for t in self._line.ask("GET", "/targets", again=True).json()["items"]]

    def observed(self, model_name: str, deployment_target: str, version: Reference, status: str = "running", *, message: Optional[str] = None, instance: Optional[str] = None) -> DeploymentView:
        """Tells what runs on a target: ``starting``, ``running``, ``failed`` or ``stopped``. Nothing moves by it; who looks sees
        whether it is what is wanted."""
        body = said(model_name=model_name, deployment_target=deployment_target, version=str(version), status=status, message=message, instance=instance)
        return DeploymentView(self._line.ask("POST", "/deployments/observed", body=body, again=True).json())


def _text(stage: Union[str, ModelStage, None]) -> Optional[str]:
    return None if stage is None else str(stage.value if isinstance(stage, ModelStage) else stage)


def _several(tag: Tagged) -> Optional[List[str]]:
    return None if tag is None else [tag] if isinstance(tag, str) else list(tag)


def _bounds(at_least: Optional[Bounds], at_most: Optional[Bounds]) -> Dict[str, float]:
    """``min_accuracy=0.9``, ``max_latency_ms=50``."""
    return {f"{end}_{metric}": value for end, bounds in (("min", at_least), ("max", at_most)) for metric, value in (bounds or {}).items()}
