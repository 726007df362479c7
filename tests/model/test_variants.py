"""The eight released models have the tensors that Meta's files hold, and no others."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.model.config import VARIANTS
from napari_sam2.model.sam2 import Sam2Model
from tests.golden import reference

ONLY_IN_2_1 = {
    "no_obj_embed_spatial",
    "obj_ptr_tpos_proj.weight",
    "obj_ptr_tpos_proj.bias",
}

STORED = {
    "sam2.1-tiny": "sam2.1_t_256",
    "sam2.1-small": "sam2.1_s_256",
    "sam2.1-base-plus": "sam2.1_bplus_256",
    "sam2.1-large": "sam2.1_l_256",
    "sam2-tiny": "sam2_t_256",
    "sam2-large": "sam2_l_256",
}

PARAMETERS_AND_TENSORS = {
    "sam2.1-tiny": (38_962_498, 471),
    "sam2.1-small": (46_060_354, 519),
    "sam2.1-base-plus": (80_850_178, 615),
    "sam2.1-large": (224_446_642, 903),
    "sam2-tiny": (38_945_986, 468),
    "sam2-small": (46_043_842, 516),
    "sam2-base-plus": (80_833_666, 612),
    "sam2-large": (224_430_130, 900),
}


def reference_shapes(name: str) -> dict[str, list[int]]:
    """Return Meta's names and shapes; 2.0 is 2.1 without three tensors."""
    if name in STORED:
        return reference.shapes(STORED[name])
    newer = reference_shapes(name.replace("sam2-", "sam2.1-"))
    return {key: shape for key, shape in newer.items() if key not in ONLY_IN_2_1}


@pytest.fixture(params=PARAMETERS_AND_TENSORS)
def variant(request) -> tuple[str, Sam2Model]:
    with torch.device("meta"):
        return request.param, Sam2Model(VARIANTS[request.param])


def test_all_eight_are_offered() -> None:
    assert set(VARIANTS) == set(PARAMETERS_AND_TENSORS)


def test_names_and_shapes(variant) -> None:
    name, model = variant
    ours = {key: list(tensor.shape) for key, tensor in model.state_dict().items()}
    assert ours == reference_shapes(name)


def test_counts(variant) -> None:
    name, model = variant
    parameters = sum(p.numel() for p in model.parameters())
    assert (parameters, len(model.state_dict())) == PARAMETERS_AND_TENSORS[name]


def test_versions_differ_in_three_tensors() -> None:
    assert set(reference.shapes("sam2.1_t_256")) - set(
        reference.shapes("sam2_t_256")
    ) == (ONLY_IN_2_1)


def test_no_weight_depends_on_the_image_size() -> None:
    with torch.device("meta"):
        sizes = [
            {k: v.shape for k, v in Sam2Model(config).state_dict().items()}
            for config in (VARIANTS["sam2.1-tiny"].at_size(s) for s in (64, 512, 1024))
        ]
    assert sizes[0] == sizes[1] == sizes[2]
