"""Batches of clips from all families of scenes, as the model sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from napari_sam2.training.scenes.adherent import adherent
from napari_sam2.training.scenes.camera import film, photograph
from napari_sam2.training.scenes.cells import fluorescence, phase_contrast
from napari_sam2.training.scenes.dice import Dice
from napari_sam2.training.scenes.footage import footage
from napari_sam2.training.scenes.membranes import cell_walls, electron_microscopy
from napari_sam2.training.scenes.strata import strata
from napari_sam2.training.scenes.views import closer, through
from napari_sam2.training.scenes.volumes import anatomy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from napari_sam2.training.scenes.scene import Scene

    Family = Callable[[Dice, int, int, int], Scene]
    Families = Mapping[str, tuple[Family, float]]

FAMILIES: Families = {
    "fluorescence": (fluorescence, 0.15),
    "phase_contrast": (phase_contrast, 0.12),
    "adherent": (adherent, 0.1),
    "electron_microscopy": (electron_microscopy, 0.11),
    "cell_walls": (cell_walls, 0.09),
    "anatomy": (anatomy, 0.17),
    "strata": (strata, 0.05),
    "footage": (footage, 0.23),
}
"""Every family by name, and its share of what is drawn."""

_CLOSE = 0.5  # share of clips that show one object from nearby
_CUTS = 0.06  # share of clips that change over to another


class Clips(NamedTuple):
    """Clips and their objects.

    Attributes
    ----------
    images : Tensor, shape (B, T, 3, S, S)
        From 0 to 1.
    labels : Tensor of int64, shape (B, T, S, S)
        Ids kept over time; 0 is everything else.
    """

    images: Tensor
    labels: Tensor


@torch.no_grad()
def draw(
    seed: int,
    batch: int,
    *,
    clips: int,
    frames: int,
    size: int,
    device: torch.device,
    families: Families = FAMILIES,
) -> Clips:
    """Draw one batch; the same arguments always give the same clips.

    Parameters
    ----------
    seed, batch : int
        The stream, and the number of the batch in it.
    clips, frames, size : int
        Clips in the batch, frames of each, and their side in pixels.
    device : torch.device
        Where to draw.
    families : mapping of str to (callable, float), optional
        What is drawn, by name, with the share of each.
    """
    dice = Dice(seed, batch, device)
    kinds = tuple(families.values())
    shares = tuple(share for _, share in kinds)
    picks = [dice.choice(shares) for _ in range(clips)]
    with torch.autocast(device.type, enabled=False):
        drawn = [
            _shoot(dice, kinds[pick][0], picks.count(pick), frames, size)
            for pick in sorted(set(picks))
        ]
    together = Clips(*(torch.cat(parts) for parts in zip(*drawn, strict=True)))
    return with_cuts(dice, together, _CUTS)


def with_cuts(dice: Dice, clips: Clips, chance: float) -> Clips:
    """Let some clips change over to another scene, where none of their objects are.

    Nothing teaches more plainly that an object can be gone.
    """
    count, frames = clips.labels.shape[:2]
    if count < 2 or frames < 2:
        return clips
    moment = dice.integers(count, 1, low=1, high=frames)
    after = torch.arange(frames, device=dice.device) >= moment  # (B, T)
    cut = (after & dice.coin(count, 1, chance=chance))[..., None, None]
    other = clips.images.roll(1, dims=0)
    return Clips(
        torch.where(cut[..., None], other, clips.images),
        torch.where(cut, torch.zeros_like(clips.labels), clips.labels),
    )


def _shoot(dice: Dice, family: Family, clips: int, frames: int, size: int) -> Clips:
    scene = family(dice, clips, frames, size)
    if scene.images.ndim == 4:
        images = photograph(dice, scene.images)[:, :, None].expand(-1, -1, 3, -1, -1)
    else:
        images = film(dice, scene.images)
    view = closer(dice, scene.labels, chance=_CLOSE)
    return _turned(dice, Clips(*through(view, images, scene.labels)))


def _turned(dice: Dice, clips: Clips) -> Clips:
    """Mirror, turn and reverse all clips of a family alike: time has no direction."""
    turns, mirror, back = (dice.choice((1.0,) * n) for n in (4, 2, 2))
    images, labels = (torch.rot90(t, turns, (-2, -1)) for t in clips)
    if mirror:
        images, labels = images.flip(-1), labels.flip(-1)
    if back:
        images, labels = images.flip(1), labels.flip(1)
    return Clips(images, labels)
