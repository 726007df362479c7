"""Optional packages, imported when a file needs them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path


def optional_package(
    package: str, extra: str, path: Path, doing: str = "Opening"
) -> Any:
    """Import a package that opening or writing a file needs.

    Parameters
    ----------
    package : str
        Name of the module.
    extra : str
        The extra of this distribution that installs it.
    path : Path
        The file, for the message.
    doing : str, optional
        What needs it, for the message.

    Raises
    ------
    MissingExtraError
        If it is not installed; the message says how to do that.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(
            f"{doing} {path} needs the package {package}: "
            f"pip install 'napari-sam2[{extra}]'."
        ) from error
