"""What made a result: so that it can be made again, and recognised as a model's."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import napari_sam2
from napari_sam2.core.quality import EXACT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_sam2.core.adapter_card import BaseWeights
    from napari_sam2.core.quality import Precision
    from napari_sam2.core.recipe import Made, OtherAxis

_SOFTWARE = (
    "numpy", "torch", "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "napari"
)  # fmt: skip
NOTE = "Masks predicted by a model (SAM 2) from the prompts below; not ground truth."


@dataclass(frozen=True, slots=True, eq=False)
class Provenance:
    """Where masks come from.

    Attributes
    ----------
    created : str
        ISO 8601, in UTC.
    software : mapping of str to str
        Version by package.
    model : str
    model_sha256 : str or None
        Of the file of weights, hexadecimal.
    model_base : BaseWeights or None
        What the weights change, where they are an adapter.
    settings : mapping of str to value
        From :func:`describe_settings`.
    precision : str or None
        What the machine multiplied in, whatever the quality allowed; None where it is
        not known.
    image : mapping of str to value
        Name, path, and checksum of sampled pixels where they are known.
    prompts : tuple of mapping
        What was said, from :func:`napari_sam2.core.said.describe_said`.
    parents : mapping of int to int
        Of those objects that came of one that divided.
    """

    created: str
    software: Mapping[str, str]
    model: str
    model_sha256: str | None = None
    model_base: BaseWeights | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    precision: Precision | None = None
    image: Mapping[str, Any] = field(default_factory=dict)
    prompts: tuple[Mapping[str, Any], ...] = ()
    parents: Mapping[int, int] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return everything as JSON, always in the same order of fields."""
        content = {
            "note": NOTE,
            "created": self.created,
            "software": dict(sorted(self.software.items())),
            "model": self._model,
            "settings": dict(self.settings),
            "precision": self.precision,
            "image": dict(self.image),
            "prompts": [dict(one) for one in self.prompts],
        }
        if self.parents:
            content["parents"] = {str(i): parent for i, parent in self.parents.items()}
        return json.dumps(content, ensure_ascii=True)

    @property
    def _model(self) -> dict[str, Any]:
        model = {"name": self.model, "sha256": self.model_sha256}
        base = self.model_base
        return model if base is None else {**model, "base": asdict(base)}


def made_by(
    made: Made,
    fused: Sequence[OtherAxis] = (),
    *,
    image: Mapping[str, Any],
    prompts: tuple[Mapping[str, Any], ...] = (),
) -> Provenance:
    """Say now what made masks.

    Parameters
    ----------
    made : Made
        The tracker.
    fused : sequence of OtherAxis, optional
        As for :func:`describe_settings`.
    image, prompts
        As for :class:`Provenance`.
    """
    return Provenance(
        created=now_utc(),
        software=software_versions(),
        model=made.model,
        model_sha256=made.sha256,
        model_base=made.base,
        settings=describe_settings(made, fused),
        precision=made.precision,
        image=image,
        prompts=prompts,
    )


def software_versions() -> dict[str, str]:
    """Return the versions of what computes masks, of those that are installed."""
    return dict(_installed())


@cache  # work is kept every few seconds, where a window waits for it
def _installed() -> dict[str, str]:
    found = {"napari-sam2": napari_sam2.__version__}
    for name in _SOFTWARE:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def now_utc() -> str:
    """Return the time in ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def describe_settings(made: Made, fused: Sequence[OtherAxis] = ()) -> Mapping[str, Any]:
    """Return what the model was shown otherwise than as plain, whole frames.

    What it saw as black and white is said in any case, where it is known.

    Parameters
    ----------
    made : Made
    fused : sequence of OtherAxis, optional
        Axes that objects were followed along besides that of the frames.
    """
    said = {
        "quality": None if made.quality == EXACT else asdict(made.quality),
        "image_size": made.image_size or None,
        "window": None if made.window == "off" else made.window,
        "bleaching": "corrected" if made.corrects_bleaching else None,
        "level": made.level or None,
        "channels_of": list(made.beside) or None,
        "limits": None if made.limits is None else asdict(made.limits),
        "fused_with": [axis.name for axis in fused] or None,
    }
    return {name: one for name, one in said.items() if one is not None}
