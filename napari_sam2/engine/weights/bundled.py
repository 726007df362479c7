"""The model that comes with the package, so that everything works offline."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from safetensors import SafetensorError, safe_open

from napari_sam2.core.errors import CheckpointError, ModelError

BUNDLED_NAME = "nano"
BUNDLED_PURPOSE = "comes with the package; small and quick, to try things out"

_REINSTALL = "pip install --force-reinstall --no-deps napari-sam2"


def is_bundled(name: str) -> bool:
    """Whether ``name`` means the model that comes with the package."""
    return name.strip().lower() == BUNDLED_NAME


def bundled_path() -> Path:
    """Return the path of the bundled model's safetensors file.

    Its configuration lies beside it, with the ending ``.json``.

    Raises
    ------
    ModelError
        If the installation is incomplete.
    """
    path = Path(str(files("napari_sam2"))) / "bundled" / f"{BUNDLED_NAME}.safetensors"
    for needed in (path, path.with_suffix(".json")):
        if not needed.is_file():
            raise ModelError(
                f"The bundled model {BUNDLED_NAME} is incomplete: {needed} is missing. "
                f"Install again: {_REINSTALL}."
            )
    return path


def verify_bundled() -> Path:
    """Return the path of the bundled model after checking that it is whole.

    Raises
    ------
    ModelError
        If a file is missing.
    CheckpointError
        If the weights are truncated, or are a pointer that Git LFS left behind.
    """
    path = bundled_path()
    try:
        with safe_open(path, framework="numpy"):
            return path
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"The bundled model {path} is damaged ({error}). Install again: "
            f"{_REINSTALL}."
        ) from error
