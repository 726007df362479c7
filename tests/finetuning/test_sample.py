"""On a sample, a model gets better at frames that it did not learn from."""

from __future__ import annotations

from dataclasses import replace

from napari_sam2.core.cancel import CancelToken
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.weights.integrity import outcome
from napari_sam2.finetuning.adapting import TuningOrder, adapt
from napari_sam2.finetuning.course import TuningOptions
from napari_sam2.finetuning.judging import Examiner
from napari_sam2.finetuning.lessons import Size
from napari_sam2.finetuning.sources import find_masks, read_masks
from napari_sam2.finetuning.split import Split
from napari_sam2.io.samples import load_sample
from tests.golden import reference

BASE = str(reference.HERE / "nano_256.safetensors")  # weak, so there is much to learn
SIZE = 128  # of the model's picture: a quarter of the work
SHOWN = range(6, 18)
UNSEEN = tuple(range(21, 27))


def test_masks_of_some_slices_help_on_slices_that_were_never_shown(tmp_path):
    path = tmp_path / "nuclei.adapter.safetensors"
    found = find_masks(load_sample("cells3d_nuclei").stack)
    whole = outcome(read_masks(found[0].open()))
    masks = {frame: whole.masks[frame] for frame in SHOWN}
    shown = replace(whole, masks=masks, complete=frozenset(masks))
    options = TuningOptions(steps=12, every=6, variants=2, size=Size(3, 4))
    order = TuningOrder(
        stacks=[shown],
        output=path,
        model=BASE,
        device="cpu",
        image_size=SIZE,
        options=options,
    )
    adapted = outcome(adapt(order, CancelToken()))
    assert adapted.card.after > adapted.card.before + 0.05
    base, tuned = load_model(BASE, device="cpu", image_size=SIZE), load_model(path)
    assert unseen_j(tuned, whole) > unseen_j(base, whole) + 0.05


def unseen_j(model, stack):
    """Return J on slices that neither taught nor decided anything."""
    split = Split((), (UNSEEN,))
    return outcome(Examiner([stack], [split], keeps_features=False).examine(model))
