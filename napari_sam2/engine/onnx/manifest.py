"""What is known of an exported model besides its graphs: ``manifest.json``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import CheckpointError
from napari_sam2.core.json_text import parse_json
from napari_sam2.engine.onnx.interface import parts_of
from napari_sam2.engine.onnx.precision import COMPUTED_IN
from napari_sam2.engine.weights.exported import MANIFEST
from napari_sam2.model.config import config_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_sam2.core.quality import Precision
    from napari_sam2.engine.onnx.precision import GraphPrecision
    from napari_sam2.model.config import Sam2Config

FORMAT = "napari-sam2 ONNX model"
VERSION = 1

_AGAIN = "Export the model again, with napari-sam2 export-onnx."


@dataclass(frozen=True, slots=True)
class GraphFile:
    """The file of one part.

    Attributes
    ----------
    name : str
    size : int
        Bytes.
    sha256 : str
        Hexadecimal.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An exported model.

    Attributes
    ----------
    config : Sam2Config
        Its sizes.
    precision : str
        ``"fp32"``, ``"fp16"`` or ``"int8"``.
    opset : int
        Version of ONNX's operators.
    weights_sha256 : str
        Of the file that it was made from.
    files : mapping of str to GraphFile
        By part.
    no_memory_embedding : tuple of float
        Added to a frame's coarse features where nothing is remembered, by channel.
    no_object_pointer : tuple of float
        The pointer of an object that is not there.
    """

    config: Sam2Config
    precision: GraphPrecision
    opset: int
    weights_sha256: str
    files: Mapping[str, GraphFile]
    no_memory_embedding: tuple[float, ...]
    no_object_pointer: tuple[float, ...]

    @property
    def computed_in(self) -> Precision:
        """What the graphs say to multiply in."""
        return COMPUTED_IN[self.precision]


def look_at_file(path: Path) -> GraphFile:
    """Measure and hash a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return GraphFile(path.name, path.stat().st_size, digest)


def read_manifest(folder: Path, *, checks: bool = True) -> Manifest:
    """Read what a folder says about its graphs, and check that they are whole.

    Parameters
    ----------
    folder : Path
    checks : bool, optional
        Whether the graphs are read and checked, too.

    Raises
    ------
    CheckpointError
        If the folder is no exported model, was made by a newer version, or a file is
        missing or damaged.
    """
    content = _content(folder)
    try:
        manifest = _from_json(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{folder / MANIFEST} is incomplete or was changed ({error!r}). {_AGAIN}"
        ) from error
    for file in manifest.files.values() if checks else ():
        _check_file(folder / file.name, file)
    return manifest


def _content(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        content = parse_json(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged ({error}). {_AGAIN}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(
            f"{folder} holds a {MANIFEST} of some other program: it is no model that "
            "napari-sam2 export-onnx has written."
        )
    version = content.get("version")
    if not isinstance(version, int) or version < 1:
        raise CheckpointError(
            f"{path} is incomplete or was changed (version {version!r}). {_AGAIN}"
        )
    if version > VERSION:
        raise CheckpointError(
            f"{folder} was written by a newer napari-sam2 (version {version} of its "
            f"format; this one reads {VERSION}): update napari-sam2, or export the "
            "model again."
        )
    return content


def _from_json(content: dict[str, Any]) -> Manifest:
    config = config_from_json(content["model"])
    constants = content["constants"]
    return Manifest(
        config=config,
        precision=_precision(content["precision"]),
        opset=int(content["opset"]),
        weights_sha256=str(content["weights_sha256"]),
        files={
            part.name: _file_from_json(content["parts"][part.name])
            for part in parts_of(config)
        },
        no_memory_embedding=_numbers(constants["no_memory_embedding"], config),
        no_object_pointer=_numbers(constants["no_object_pointer"], config),
    )


def _precision(name: object) -> GraphPrecision:
    for known in COMPUTED_IN:
        if name == known:
            return known
    raise ValueError(f"{name} is no precision that is known")


def _file_from_json(part: dict[str, Any]) -> GraphFile:
    name = str(part["file"])
    if "/" in name or "\\" in name:
        raise ValueError(f"{name} lies in another folder")
    return GraphFile(name, int(part["bytes"]), str(part["sha256"]))


def _numbers(values: list[float], config: Sam2Config) -> tuple[float, ...]:
    if len(values) != config.hidden_dim:
        raise ValueError(f"{len(values)} channels instead of {config.hidden_dim}")
    return tuple(map(float, values))


def _check_file(path: Path, expected: GraphFile) -> None:
    try:
        found = look_at_file(path)
    except OSError as error:
        raise CheckpointError(
            f"{path} belongs to the exported model and cannot be read: "
            f"{error.strerror}. {_AGAIN}"
        ) from error
    if found != expected:
        raise CheckpointError(
            f"{path} is damaged: it is not the file that was exported. {_AGAIN}"
        )
