"""Provenance beside outputs that cannot hold it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.output import atomic_output, check_output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_sam2.core.provenance import Provenance


def beside_of(path: Path) -> Path:
    """Return the file beside a result that its provenance is in."""
    return path.with_name(path.name + ".json")


@contextmanager
def provenance_beside(
    path: Path, provenance: Provenance | None, *, overwrite: bool
) -> Iterator[None]:
    """Write the provenance to ``NAME.EXT.json`` when the block was done.

    For formats that cannot hold it: comments in a CSV break half of its readers.

    Raises
    ------
    OutputError
        If it cannot be written. After the block, the result is there nevertheless.
    """
    if provenance is None:
        yield
        return
    beside = beside_of(path)
    check_output(beside, overwrite=overwrite)
    yield
    try:
        with atomic_output(beside, overwrite=overwrite) as temporary:
            temporary.write_text(provenance.as_json() + "\n", "utf-8")
    except OutputError as error:
        raise OutputError(f"{error} {path} is complete.") from error
