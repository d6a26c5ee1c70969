"""What is known about models and versions: edits, cards, measurements, lineage, and deleting."""

from __future__ import annotations

import uuid
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Type, TypeVar, Union

from ._line import Line, segment
from .errors import RevisionChanged
from .views import CardEditView, CardView, EditedView, LineageView, MeasuredView, MeasurementView, View

Tags = Union[Mapping[str, str], Sequence[str]]
Reference = Union[str, int]
V = TypeVar("V", bound=View)


class Metadata:
    """What a ``Registry`` knows and is told about models and versions.

    Whatever changes something takes ``revision``: what a look (``get_model``, or its ``version``) or the edit before gave. If it has
    changed since, nothing is done and ``RevisionChanged`` is raised.
    """

    _line: Line

    def set_metadata(self, name: str, version: Optional[Reference] = None, *, revision: Optional[str] = None, **fields: Any) -> EditedView:
        """Edits what is known about a model (``description``, ``model_type``, ``owner``, ``card``, ``tags``, ``is_active``, ``name``;
        ``remove_aliases``, a list of those that are to point at none of its versions any more), or about a version (``release_notes``,
        ``dataset``, ``code_commit``, ``framework``, ``card``, ``metrics``, ``tags``, ``alias``, ``deprecated``; ``hyperparameters``,
        ``dependencies``, ``signature`` and ``lineage``, each as a whole). A tag that is None is taken away.

        Args:
            revision: What it must still have. The answer's ``revision`` is that of after the edit: the next one may name it.
        """
        if isinstance(fields.get("tags"), (list, tuple)):
            fields["tags"] = tags_of(fields["tags"])
        return EditedView(self._line.ask("PATCH", _at(name, version), body=fields, **once(None, revision)).json())

    # Cards

    def card(self, name: str, version: Optional[Reference] = None) -> CardView:
        """The card of a version, or of the model; a version that has none of its own has the model's (``origin``)."""
        return CardView(self._line.ask("GET", f"{_at(name, version)}/card", again=True).json())

    def set_card(self, name: str, text: Optional[str] = None, version: Optional[Reference] = None, *, edit: Optional[str] = None, revision: Optional[str] = None) -> EditedView:
        """Writes a card: Markdown, with YAML front matter where there is any. ``warnings`` of what comes back is what its author
        should look at.

        Args:
            text: The card; left out with ``edit``.
            edit: An earlier edit, whose text becomes the card again.
        """
        return self.set_metadata(name, version, revision=revision, **said(card=text, card_from=edit))

    def card_history(self, name: str, version: Optional[Reference] = None) -> Iterator[CardEditView]:
        """The edits of a card, newest first."""
        return self._pages(f"{_at(name, version)}/card/history", CardEditView, {})

    def card_edit(self, name: str, edit: str, version: Optional[Reference] = None, *, against: Optional[str] = None) -> View:
        """One edit with its ``text``, and its ``difference`` to the one before or to another one: lines after a blank, ``-`` or ``+``."""
        return View(self._line.ask("GET", f"{_at(name, version)}/card/history/{segment(edit)}", {"against": against}, again=True).json())

    # Measurements

    def measure(self, name: str, version: Reference, metric: Union[str, Sequence[Mapping[str, Any]]], value: Optional[float] = None, *, current: bool = False, **evidence: Any) -> MeasuredView:
        """Records a measurement, or several at once.

        Args:
            metric: The metric's name; or a list of mappings, each with ``metric``, ``value`` and what is known beside them.
            current: Whether gates look at these values from now on. Otherwise they are history, and change nothing that a
                promotion waits for.
            evidence: What it was measured on: ``dataset``, ``split``, ``count`` (samples), ``standard_error`` or ``low`` and
                ``high`` (a 95 % interval), ``measured_at`` (RFC 3339).
        """
        body: Dict[str, Any] = {"metric": metric, "value": value, **evidence} if isinstance(metric, str) else {"measurements": [dict(one) for one in metric], **evidence}
        return MeasuredView(self._line.ask("POST", f"{_at(name, version)}/metrics", body={**said(**body), "current": current}, **once(None)).json())

    def measurements(self, name: str, version: Reference, metric: Optional[str] = None) -> Iterator[MeasurementView]:
        """The measurements of a version, newest recorded first; of one metric where it is named."""
        return self._pages(f"{_at(name, version)}/metrics", MeasurementView, {"metric": metric})

    # Lineage

    def lineage(self, name: str, version: Reference = "default") -> LineageView:
        """What a version comes from, and what was derived from it."""
        return LineageView(self._line.ask("GET", f"{_at(name, version)}/lineage", again=True).json())

    def add_lineage(self, name: str, version: Reference, *, base_model: Optional[str] = None, parents: Sequence[str] = (), datasets: Sequence[str] = (), **other: Any) -> EditedView:
        """Adds to what a version is said to come from; what was said before stays. ``base_model`` is a model of the
        registry (``resnet``, ``resnet:3``, ``resnet@champion``) or of elsewhere; each of ``parents`` as well, where a bare label such as
        ``v6`` is a version of the same model.

        It is one edit of what stands there: when somebody else edits the version meanwhile, it is tried again on what they left.
        """
        for attempt in range(5):
            found: Dict[str, Any] = self._line.ask("GET", _at(name, version), again=True).json()
            document = {**found["lineage"], **said(base_model=base_model), **other}
            for key, added in (("parents", parents), ("datasets", datasets)):
                if added:
                    there = document.get(key, [])
                    there = list(there) if isinstance(there, list) else [there]
                    document[key] = there + [one for one in dict.fromkeys(added) if one not in there]
            try:
                return self.set_metadata(name, found["number"], revision=found["revision"], lineage=document)
            except RevisionChanged:
                if attempt == 4:
                    raise
                self._line.pause(attempt)
        raise AssertionError("unreachable")

    # Deleting

    def delete_version(self, name: str, version: Reference, reason: Optional[str] = None, *, revision: Optional[str] = None) -> EditedView:
        """Deletes a version, by number or label. Both are never given again, and its history stays. What serves, stands on a target,
        is proposed or has to be kept is not deleted."""
        return EditedView(self._line.ask("DELETE", _at(name, version), {"reason": reason}, **once(None, revision)).json())

    def delete_model(self, name: str, reason: Optional[str] = None, *, revision: Optional[str] = None) -> EditedView:
        """Deletes a model with its versions. Its name becomes free, and its history stays. One that serves a governed stage, or is
        proposed, is not deleted."""
        return EditedView(self._line.ask("DELETE", _at(name, None), {"reason": reason}, **once(None, revision)).json())

    def _pages(self, path: str, kind: Type[V], query: Mapping[str, Any]) -> Iterator[V]:
        cursor: Optional[str] = None
        while True:
            page: Dict[str, Any] = self._line.ask("GET", path, {**query, "limit": 100, "cursor": cursor}, again=True).json()
            for item in page["items"]:
                yield kind(item)
            cursor = page.get("next_cursor")
            if cursor is None:
                return


def said(**members: Any) -> Dict[str, Any]:
    """Without what was left out."""
    return {name: value for name, value in members.items() if value is not None}


def once(key: Optional[str], revision: Optional[str] = None) -> Dict[str, Any]:
    """A request that the server does once, however often it comes: so it may be sent again. With a revision, it must still hold."""
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    if revision is not None:
        headers["If-Match"] = f'"{revision}"'
    return {"headers": headers, "again": True}


def tags_of(tags: Optional[Tags]) -> Optional[Dict[str, str]]:
    if tags is None or isinstance(tags, Mapping):
        return None if tags is None else dict(tags)
    return {key: value for key, _, value in (tag.partition(":") for tag in tags)}


def _at(name: str, version: Optional[Reference]) -> str:
    return f"/models/{segment(name)}" + ("" if version is None else f"/versions/{segment(version)}")


__all__: List[str] = ["Metadata", "Reference", "Tags", "once", "said", "tags_of"]
