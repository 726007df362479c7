"""What a TIFF file says of turning its pictures, which is told and not done.

napari, ImageJ and tifffile show pixels as they are stored and pass over the tag, so
coordinates that are read off there, and labels that were drawn there, fit the stored
pixels only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# By the tag's value: which sides of the picture its first row and column are.
_SIDES = {
    2: "top, right",
    3: "bottom, right",
    4: "bottom, left",
    5: "left, top",
    6: "right, top",
    7: "right, bottom",
    8: "left, bottom",
}


def orientation_notices(path: Path, page: Any) -> tuple[str, ...]:
    """Tell that a picture is not turned as its file asks for.

    Parameters
    ----------
    path : Path
        The file.
    page : tifffile.TiffPage
        One of its pictures.

    Returns
    -------
    tuple of str
        Empty where rows go down and columns to the right, as nearly everywhere.
    """
    tag = page.tags.get("Orientation")
    value = tag.value if tag is not None else 1
    if not isinstance(value, int) or value not in _SIDES:
        return ()
    return (
        f"{path.name} asks to be shown turned or mirrored ({int(value)}, first row and "
        f"column: {_SIDES[value]}). It is not, as in napari and ImageJ: coordinates "
        "and results are those of its pixels as they are stored. Programs that show "
        "it otherwise show other coordinates.",
    )
