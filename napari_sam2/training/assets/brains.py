"""Brains in magnetic resonance: a man's head and a macaque's brain, by atlas labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.training.assets.volumes import (
    Block,
    cropped,
    distance,
    filled,
    nifti,
    opened,
    pieces,
    scheme,
    stretched,
)

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.training.assets.volumes import Bytes, Truth

# Beyond the atlases' own numbers, the labels of what is known by its brightness.
_WHITE, _VENTRICLE, _FLUID, _GREY, _DARK, _SOFT = 240, 241, 242, 243, 244, 245
_DEEP = range(71, 79)  # caudate, putamen, pallidum, thalamus; left is odd
_INNER = (*range(37, 43), *_DEEP)  # with hippocampus and amygdala
_CEREBELLUM = range(91, 117)
_LOBES = (
    (*range(1, 29), 69, 70), (29, 30), range(31, 37), range(37, 43), range(43, 57),
    (57, 58, *range(59, 69)), (79, 80, *range(81, 91)),
)  # fmt: skip
_MOST_STRUCTURES = 200
_TEMPLATES = "usr/share/mricron/templates"


def human_head(place: Path) -> Block:
    """Label a head by the atlas of Automated Anatomical Labelling and by brightness."""
    names = ("ch2", "ch2bet", "aal")
    files = [place / _TEMPLATES / f"{name}.nii.gz" for name in names]
    values, alone, atlas = (np.asarray(nifti(file), np.uint8) for file in files)
    brain = alone > 0
    labels = _tissues(values, brain)
    inner = np.isin(atlas, [*_INNER, *_CEREBELLUM]) & (labels != _VENTRICLE)
    grey = (labels == _GREY) & (atlas > 0)
    labels = np.where(inner & brain | grey, atlas, labels)
    labels = np.where(brain, labels, _around(values, brain))
    return cropped(Block(stretched(values, 0, 180), labels, _human_schemes()))


def macaque_brain(place: Path) -> Block:
    """Label a brain by its largest structures in the atlas INIA19."""
    folder = place / _TEMPLATES
    values = np.asarray(nifti(folder / "inia19-t1-brain.nii.gz"), np.float32)
    atlas = np.asarray(nifti(folder / "inia19-NeuroMaps.nii.gz"), np.int64)
    brain = values > 0
    high = float(np.percentile(values[brain], 99.5))
    tissues = _tissues(values, brain)
    names, counts = np.unique(atlas[brain & (atlas > 0)], return_counts=True)
    largest = names[np.argsort(-counts, kind="stable")][:_MOST_STRUCTURES]
    labels = tissues.copy()
    for number, name in enumerate(largest, start=1):
        labels[(atlas == name) & brain & (tissues != _VENTRICLE)] = number
    labels[~brain] = 0
    schemes = _macaque_schemes(labels, tissues)
    return cropped(Block(stretched(values, 0, high), labels, schemes))


def _tissues(values: npt.NDArray[np.generic], brain: Truth) -> Bytes:
    """Return fluid, ventricles, grey and white matter of a brain by brightness."""
    from skimage.filters import threshold_multiotsu

    dark, bright = threshold_multiotsu(values[brain], 3)
    fluid = brain & (values < dark)
    labels = np.where(values > bright, _WHITE, _GREY).astype(np.uint8)
    labels[fluid] = _FLUID
    depth = distance(brain)
    for piece in pieces(opened(fluid & (depth > 0.35 * depth.max()), 1), 300):
        labels[piece] = _VENTRICLE
    labels[~brain] = 0
    return labels


def _around(values: Bytes, brain: Truth) -> Bytes:
    """Return what surrounds a brain: bone and air are dark, skin and fat are not."""
    head = pieces(brain | (values > 25), 10_000)[0]
    head = filled(head)
    return np.where(head, np.where(values > 45, _SOFT, _DARK), 0).astype(np.uint8)


def _human_schemes() -> Bytes:
    cortex = [label for lobe in _LOBES for label in lobe]
    brain = [*range(1, 117), _WHITE, _VENTRICLE, _GREY, _FLUID]
    tissues = [
        [*cortex, _GREY], [_WHITE], [_VENTRICLE], [_FLUID], [_DARK], [_SOFT], _DEEP,
        _CEREBELLUM,
    ]  # fmt: skip
    halves = [[label for label in lobe if label % 2 == odd]
              for lobe in _LOBES for odd in (0, 1)]  # fmt: skip
    both = [[label, label + 1] for label in _INNER if label % 2]
    each = [[label] for label in _INNER]
    return np.stack(
        [
            scheme(tissues),
            scheme([*each, [_VENTRICLE], _CEREBELLUM]),
            scheme([*both, [_VENTRICLE], [*range(91, 109)], [*range(109, 117)]]),
            scheme([*halves, [_VENTRICLE]]),
            scheme([[*brain], [_SOFT]]),
            scheme([_CEREBELLUM, [_VENTRICLE], [_WHITE], [*cortex, _GREY], _DEEP]),
            scheme([[label, label + 1] for label in range(1, 109, 2)]),
        ]
    )


def _macaque_schemes(labels: Bytes, tissues: Bytes) -> Bytes:
    """Return tissues, structures, and regions of structures that lie together."""
    from scipy import ndimage
    from scipy.cluster.vq import kmeans2

    numbers = np.unique(labels[(labels > 0) & (labels < _WHITE)])
    mostly = {
        int(number): int(np.bincount(tissues[labels == number]).argmax())
        for number in numbers
    }
    kinds = (_GREY, _WHITE, _VENTRICLE, _FLUID)
    same = [[kind, *(n for n in mostly if mostly[n] == kind)] for kind in kinds]
    middles = np.array(ndimage.center_of_mass(labels > 0, labels, numbers))
    rows = [scheme(same), scheme([[int(n)] for n in numbers[:60]])]
    for count in (6, 14, 30):
        _, regions = kmeans2(middles, count, seed=count, minit="++")
        groups = [numbers[regions == region].tolist() for region in range(count)]
        rows.append(scheme([*groups, [_VENTRICLE]]))
    rows.append(scheme([[*numbers.tolist(), *kinds]]))
    return np.stack(rows)
