"""Drawn clips: repeatable, exact, and drawable at any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.training.scenes import FAMILIES, draw
from napari_sam2.training.scenes.dice import Dice
from napari_sam2.training.scenes.draw import with_cuts
from napari_sam2.training.scenes.fields import blur, noise
from napari_sam2.training.scenes.parts import (
    Parts,
    at_winners,
    ellipse_shapes,
    rasterise,
)
from napari_sam2.training.scenes.views import View, closer, one_object, through

if TYPE_CHECKING:
    from napari_sam2.training.scenes.draw import Families

CPU = torch.device("cpu")


def only(family: str) -> Families:
    """Return one of the families."""
    return {family: FAMILIES[family]}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_always_gives_the_same_clips(family) -> None:
    first, again, other = (
        draw(seed, 2, clips=1, frames=2, size=64, device=CPU, families=only(family))
        for seed in (1, 1, 2)
    )
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.images, other.images)


def test_batches_of_a_stream_differ_and_need_no_history() -> None:
    fourth, fifth = (
        draw(0, number, clips=2, frames=1, size=64, device=CPU) for number in (4, 5)
    )
    again = draw(0, 5, clips=2, frames=1, size=64, device=CPU)
    assert not torch.equal(fourth.images, fifth.images)
    assert torch.equal(fifth.images, again.images)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("frames", "size"), [(1, 32), (3, 96), (2, 100)])
def test_every_family_renders_on_any_size(family, frames, size) -> None:
    clips = draw(
        3, 0, clips=2, frames=frames, size=size, device=CPU, families=only(family)
    )
    assert clips.images.shape == (2, frames, 3, size, size)
    assert clips.labels.shape == (2, frames, size, size)
    assert clips.images.isfinite().all()
    assert clips.images.min() >= 0
    assert clips.images.max() <= 1
    assert clips.labels.min() >= 0
    assert clips.labels.max() < 96


@pytest.mark.parametrize("family", FAMILIES)
def test_clips_show_objects_that_last_longer_than_a_frame(family) -> None:
    clips = draw(0, 1, clips=4, frames=3, size=96, device=CPU, families=only(family))
    lasting = 0
    for labels in clips.labels:
        first, second = (set(frame.unique().tolist()) - {0} for frame in labels[:2])
        lasting += bool(first & second)
    assert lasting >= 3  # one may be cut


@pytest.mark.parametrize("family", ["fluorescence", "phase_contrast", "footage"])
def test_objects_look_different_from_what_lies_around_them(family) -> None:
    clips = draw(1, 3, clips=6, frames=1, size=128, device=CPU, families=only(family))
    images = clips.images[:, 0].mean(dim=1)
    inside = clips.labels[:, 0] > 0
    spread = images.flatten(1).std(dim=1)
    apart = [
        abs(float(image[mask].mean() - image[~mask].mean()))
        for image, mask in zip(images, inside, strict=True)
    ]
    contrast = torch.tensor(apart) / spread
    assert (contrast > 0.1).sum() >= 5  # a few scenes are meant to be hard


def test_walls_are_left_out_of_the_cells_or_shared_by_them() -> None:
    clips = draw(
        1, 0, clips=8, frames=1, size=128, device=CPU, families=only("cell_walls")
    )
    images, labels = clips.images[:, 0, 0], clips.labels[:, 0]
    meet = [bool((label > 0).float().mean() > 0.97) for label in labels]
    assert 0 < sum(meet) < len(meet)
    for image, label, is_shared in zip(images, labels, meet, strict=True):
        steps = (label[:, 1:] != label[:, :-1]).float().mean()
        assert steps > 0
        if not is_shared and bool((label == 0).any()):
            wall, cell = image[label == 0], image[label > 0]
            assert abs(float(wall.mean() - cell.mean())) > 0.03


def test_after_a_cut_another_scene_is_shown_and_no_object_is_left(clips) -> None:
    cut = with_cuts(Dice(0, 0, CPU), clips, 1.0)
    for one, other, result, before, after in zip(
        clips.images, clips.images.roll(1, 0), cut.images, clips.labels, cut.labels,
        strict=True,
    ):  # fmt: skip
        gone = [not bool(labels.any()) for labels in after]
        assert not gone[0]
        assert gone[-1]
        for t, is_gone in enumerate(gone):
            assert torch.equal(result[t], (other if is_gone else one)[t])
            assert is_gone or torch.equal(before[t], after[t])


def one_disc(x: float, y: float, radius: float) -> Parts:
    return Parts(
        centres=torch.tensor([[[[x, y]]]]),
        shapes=ellipse_shapes(
            torch.tensor([[[radius]]]), torch.ones(1, 1, 1), torch.zeros(1, 1, 1)
        ),
        owners=torch.tensor([[3]]),
        present=torch.ones(1, 1, 1, dtype=torch.bool),
    )


@given(x=st.floats(0.3, 0.7), y=st.floats(0.3, 0.7), radius=st.floats(0.1, 0.25))
@settings(max_examples=20)
def test_a_disc_covers_the_pixels_within_its_radius(x, y, radius) -> None:
    raster = rasterise(one_disc(x, y, radius), 64)
    centres = (torch.arange(64) + 0.5) / 64
    distance = torch.hypot(centres[None] - x, centres[:, None] - y)
    sure = (distance - radius).abs() > 1e-3
    assert torch.equal((raster.labels[0, 0] == 3)[sure], (distance < radius)[sure])


def test_an_absent_part_is_nowhere() -> None:
    parts = one_disc(0.5, 0.5, 0.3)
    gone = parts._replace(present=torch.zeros(1, 1, 1, dtype=torch.bool))
    assert not rasterise(gone, 32).labels.any()


def two_discs(gap: float) -> Parts:
    one, other = one_disc(0.5 - gap / 2, 0.5, 0.2), one_disc(0.5 + gap / 2, 0.5, 0.2)
    joined = [torch.cat(p, dim=-1 if p[0].ndim == 2 else 2) for p in
              zip(one[:2], other[:2], strict=True)]  # fmt: skip
    return Parts(*joined, torch.tensor([[1, 2]]), torch.ones(1, 1, 2).bool())


def test_neighbours_share_the_space_between_them_and_layers_do_not() -> None:
    touching = rasterise(two_discs(0.2), 64).labels[0, 0]
    assert (touching == 1).sum() == (touching == 2).sum()
    layered = rasterise(two_discs(0.2), 64, layered=True).labels[0, 0]
    assert (layered == 1).sum() > 1.2 * (layered == 2).sum()


def test_borders_have_no_gap_and_values_follow_the_winner() -> None:
    raster = rasterise(two_discs(0.2), 64)
    assert raster.gap[0, 0, 32, 31:33].max() < 0.2
    assert raster.gap[0, 0, 32, 22] > 0.5
    values = at_winners(raster, torch.tensor([[10.0, 20.0]]))
    assert torch.equal(values == 10, raster.winners == 0)


def test_noise_varies_as_much_whatever_its_scale() -> None:
    dice = Dice(0, 0, CPU)
    for cells, octaves in ((4, 1), (16, 3), (60, 2)):
        field = noise(dice, 16, 64, cells, octaves)
        assert field.shape == (16, 64, 64)
        assert 0.6 < float(field.std()) < 1.5


def test_blurring_keeps_the_mean_and_spreads_by_its_own_sigma() -> None:
    image = torch.zeros(2, 1, 33, 33)
    image[:, :, 16, 16] = 1
    blurred = blur(image, torch.tensor([0.7, 2.0]), 7)
    assert torch.allclose(blurred.sum((1, 2, 3)), torch.ones(2), atol=1e-4)
    assert blurred[0].max() > 2 * blurred[1].max()


def spot(frames: int = 3) -> torch.Tensor:
    """Return labels of one object that moves right and is gone at the end."""
    labels = torch.zeros(1, frames, 64, 64, dtype=torch.int64)
    for frame in range(frames - 1):
        labels[0, frame, 20:28, 10 + 8 * frame : 18 + 8 * frame] = 5
    return labels


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_views_lie_within_the_frame(seed: int) -> None:
    labels = spot() if seed % 5 else torch.zeros(1, 3, 64, 64, dtype=torch.int64)
    view = closer(Dice(seed, 0, CPU), labels, chance=0.8)
    assert (view.centres - view.sides / 2 >= -1e-6).all()
    assert (view.centres + view.sides / 2 <= 1 + 1e-6).all()


def test_a_close_view_shows_its_object_larger() -> None:
    labels = spot()
    shares = []
    for seed in range(20):
        view = closer(Dice(seed, 0, CPU), labels, chance=1.0)
        _, seen = through(view, torch.zeros(1, 3, 3, 64, 64), labels)
        shares.append((seen[0, 0] == 5).float().mean())
    assert min(shares) > 1.5 * (labels[0, 0] == 5).float().mean()


def test_pictures_and_labels_are_cut_alike() -> None:
    labels = spot()
    view = View(torch.full((1, 3, 2), 0.4), torch.tensor([0.6, 0.5]).expand(1, 3, 2))
    images = (labels == 5).float()[:, :, None].expand(-1, -1, 3, -1, -1)
    seen, found = through(view, images, labels)
    inside = seen[:, :, 0] > 0.5
    both = (inside & (found == 5)).sum()
    assert both > 0.9 * (inside | (found == 5)).sum() > 0  # they differ at corners


def test_one_object_is_chosen_from_the_first_frame() -> None:
    labels = spot()
    labels[:, 1:, 40:60, 40:60] = 7  # comes later
    assert torch.equal(one_object(Dice(0, 0, CPU), labels), labels == 5)
    nothing = torch.zeros_like(labels)
    assert not one_object(Dice(0, 0, CPU), nothing).any()
