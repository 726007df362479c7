"""What a project says about its image, its stack and the user's choices."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast, get_args

from napari_sam2.core.axes import Axis, FrameLayout
from napari_sam2.core.errors import ProjectError, Sam2Error
from napari_sam2.core.intensity import IntensityLimits
from napari_sam2.project.checks import (
    MOST_FRAMES,
    MOST_PIXELS,
    as_fields,
    as_flag,
    as_list,
    as_real,
    as_text,
    as_whole,
    optional,
)
from napari_sam2.project.encoding import choices_json
from napari_sam2.project.values import (
    Choices,
    Fingerprint,
    ImageReference,
    ModelReference,
    StackGeometry,
)
from napari_sam2.state.settings import Direction
from napari_sam2.state.thresholds import ReviewThresholds

if TYPE_CHECKING:
    from napari_sam2.core.axes import Axes

_MOST_AXES = 32


def read_image(content: Any) -> ImageReference:
    """Check and return the reference to the image."""
    fields = as_fields(content, "the image", _names(ImageReference))
    fingerprint = fields["fingerprint"]
    return ImageReference(
        name=as_text(fields["name"], "the name of the image"),
        path=optional(as_text, fields["path"], "the path of the image"),
        relative_path=optional(
            as_text, fields["relative_path"], "the path of the image"
        ),
        series=optional(as_whole, fields["series"], "the series of the image"),
        dataset=optional(as_text, fields["dataset"], "the dataset of the image"),
        fingerprint=None if fingerprint is None else _fingerprint(fingerprint),
    )


def read_stack(content: Any) -> StackGeometry:
    """Check and return the axes, and how the stack is followed."""
    where = "the stack"
    names = {
        "axes", "frame_axis", "plane_axes", "channel_axis", "at", "frame_count",
        "shape_hw", "is_colour",
    }  # fmt: skip
    fields = as_fields(content, where, names)
    height, width = (
        as_whole(n, "the size of the frames", 1, MOST_PIXELS)
        for n in as_list(fields["shape_hw"], where, 2)
    )
    if height * width > MOST_PIXELS:
        raise ProjectError(f"The frames have {height} × {width} pixels: too many.")
    axes = tuple(_axis(one) for one in as_list(fields["axes"], "the axes"))
    if not 2 <= len(axes) <= _MOST_AXES:
        raise ProjectError(f"The stack has {len(axes)} axes.")
    return StackGeometry(
        axes=axes,
        layout=_layout(fields, axes),
        frame_count=as_whole(
            fields["frame_count"], "the number of frames", 1, MOST_FRAMES
        ),
        shape_hw=(height, width),
        is_colour=as_flag(fields["is_colour"], where),
    )


def read_choices(content: Any) -> Choices:
    """Check and return what the user chose; what is not said has its default."""
    where = "the choices"
    fields = _completed(content, choices_json(Choices()))
    fields = as_fields(fields, where, _names(Choices))
    if fields["direction"] not in get_args(Direction):
        raise ProjectError("The direction of runs is none.")
    span = fields["frame_range"]
    return Choices(
        model=as_text(fields["model"], "the model"),
        device=as_text(fields["device"], "the device"),
        axis=as_whole(fields["axis"], "the axis", -_MOST_AXES, _MOST_AXES),
        channels=_channels(fields["channels"]),
        limits=read_limits(fields["limits"]),
        direction=fields["direction"],
        frame_range=span and cast("tuple[int, int]", _wholes(span, "the range", 2)),
        only_selected=as_flag(fields["only_selected"], where),
        thresholds=_thresholds(fields["thresholds"]),
    )


def read_model(content: Any) -> ModelReference:
    """Check and return which weights were used."""
    fields = as_fields(content, "the model", _names(ModelReference))
    return ModelReference(
        as_text(fields["name"], "the name of the model"),
        optional(as_text, fields["sha256"], "the checksum of the model"),
    )


def read_saved(content: Any) -> tuple[dict[str, str], str, str]:
    """Check and return versions of software, and when it was made and saved."""
    fields = as_fields(content, "the dates", {"software", "created", "saved"})
    software = fields["software"]
    if type(software) is not dict:
        raise ProjectError("The versions of software are no mapping.")
    versions = {name: as_text(v, f"version of {name}") for name, v in software.items()}
    created, saved = (as_text(fields[name], name) for name in ("created", "saved"))
    return versions, created, saved


def read_limits(content: Any) -> IntensityLimits | None:
    """Check and return intensity limits."""
    if content is None:
        return None
    where = "the intensity limits"
    fields = as_fields(content, where, {"low", "high"})
    low, high = (
        tuple(as_real(n, where) for n in as_list(fields[name], where))
        for name in ("low", "high")
    )
    try:
        return IntensityLimits(low, high)
    except Sam2Error as error:
        raise ProjectError(f"{where}: {error}") from error


def _fingerprint(content: Any) -> Fingerprint:
    where = "the fingerprint of the image"
    fields = as_fields(content, where, _names(Fingerprint))
    return Fingerprint(
        shape=cast("tuple[int, int, int]", _wholes(fields["shape"], where, 3)),
        dtype=as_text(fields["dtype"], where),
        pixels=as_text(fields["pixels"], where),
        size=optional(as_whole, fields["size"], where),
        mtime_ns=optional(_nanoseconds, fields["mtime_ns"], where),
    )


def _nanoseconds(value: Any, where: str) -> int:
    return as_whole(value, where, -(2**63), 2**63)


def _axis(content: Any) -> Axis:
    fields = as_fields(content, "an axis", _names(Axis))
    return Axis(
        name=as_text(fields["name"], "the name of an axis"),
        size=as_whole(fields["size"], "the length of an axis", 1),
        scale=as_real(fields["scale"], "the scale of an axis"),
        unit=as_text(fields["unit"], "the unit of an axis"),
    )


def _layout(fields: dict[str, Any], axes: Axes) -> FrameLayout:
    where, last = "the layout of the frames", len(axes) - 1

    def index(value: Any, where: str) -> int:
        return as_whole(value, where, 0, last)

    rows, columns = (index(n, where) for n in as_list(fields["plane_axes"], where, 2))
    at = []
    for pair in as_list(fields["at"], where):
        axis, position = as_list(pair, where, 2)
        axis = index(axis, where)
        at.append((axis, as_whole(position, where, 0, axes[axis].size - 1)))
    layout = FrameLayout(
        optional(index, fields["frame_axis"], where),
        (rows, columns),
        optional(index, fields["channel_axis"], where),
        tuple(at),
    )
    used = [layout.frame, layout.channel, rows, columns, *(axis for axis, _ in at)]
    given = [axis for axis in used if axis is not None]
    if len(set(given)) < len(given):
        raise ProjectError(f"{where} uses an axis twice.")
    return layout


def _thresholds(content: Any) -> ReviewThresholds:
    where = "the thresholds"
    fields = _completed(content, asdict(ReviewThresholds()))
    fields = as_fields(fields, where, _names(ReviewThresholds))
    return ReviewThresholds(**{n: optional(as_real, v, n) for n, v in fields.items()})


def _channels(content: Any) -> tuple[int, ...] | None:
    if content is None:
        return None
    found = _wholes(content, "the channels")
    if not 1 <= len(found) <= 3:
        raise ProjectError(f"{len(found)} channels are shown.")
    return found


def _wholes(content: Any, where: str, length: int | None = None) -> tuple[int, ...]:
    return tuple(as_whole(n, where) for n in as_list(content, where, length))


def _completed(content: Any, defaults: dict[str, Any]) -> Any:
    return {**defaults, **content} if type(content) is dict else content


def _names(kind: type) -> set[str]:
    """Return the names of a dataclass's fields."""
    return set(kind.__dataclass_fields__)  # type: ignore[attr-defined]
