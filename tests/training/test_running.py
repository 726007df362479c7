"""Whole stages: they start, stop, go on, measure, log and export."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
import tifffile
import torch

from napari_sam2.core.errors import OutputError, StackError
from napari_sam2.engine.loading import load_model
from napari_sam2.training import command, record
from napari_sam2.training.export import export
from napari_sam2.training.initial import new_model
from napari_sam2.training.learner import Learner, latest_weights
from napari_sam2.training.loop import learning_rate
from napari_sam2.training.validate import (
    as_table,
    mean_tracked,
    validate,
)
from tests.conftest import discs
from tests.miniature import MINIATURE


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "start.safetensors"
    export(new_model(MINIATURE), path, half=False)
    return path


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    folder = tmp_path / "stacks" / "two_discs"
    folder.mkdir(parents=True)
    image, labels = discs(6, (48, 64))
    labels[4:][labels[4:] == 2] = 0  # the second one vanishes
    tifffile.imwrite(folder / "image.tif", image)
    tifffile.imwrite(folder / "labels.tif", labels)
    return folder.parent


def run(*arguments: str | Path) -> int:
    return command.main([str(argument) for argument in arguments])


def train(stage: str, weights: Path, out: Path, **more: object) -> int:
    options = {"minutes": 0.02, "batch": 2, "device": "cpu"} | more
    flat = [
        text for k, v in options.items() for text in (f"--{k.replace('_', '-')}", v)
    ]
    return run(stage, "--from", weights, "--out", out, *map(str, flat))


def test_a_stage_runs_from_the_command_line(weights, stacks, tmp_path) -> None:
    out = tmp_path / "out"
    assert train("clips", weights, out, longest=3, validate=stacks) == 0
    with (out / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["validation_j"]  # measured before the first step
    assert float(rows[-1]["validation_j"]) >= 0
    assert any(row["loss"] for row in rows)
    assert "two_discs" in (out / "validation.md").read_text()
    trained = load_model(out / "averaged.safetensors", device="cpu")
    assert trained.config == MINIATURE


def test_a_stopped_stage_goes_on_where_it_was(weights, tmp_path) -> None:
    out = tmp_path / "out"
    assert train("images", weights, out, minutes=50, stop_after=0.01) == 0
    before = json.loads((out / "progress.json").read_text())
    assert before["batches"] > 0
    (out / "optimizer.pt").unlink()  # weights alone are enough
    assert train("images", weights, out, minutes=50, stop_after=0.01) == 0
    after = json.loads((out / "progress.json").read_text())
    assert after["batches"] > before["batches"]
    assert after["seconds"] > before["seconds"]
    assert latest_weights(out, weights) == out / "latest.safetensors"


def test_a_stage_may_work_on_smaller_pictures_than_the_next(weights, tmp_path) -> None:
    out = tmp_path / "out"
    assert train("dense", weights, out, size=32) == 0
    assert load_model(out / "latest.safetensors").config.image_size == 32
    assert train("images", out / "latest.safetensors", tmp_path / "b", size=64) == 0
    assert load_model(tmp_path / "b" / "latest.safetensors").config == MINIATURE


def test_restoring_gives_back_weights_means_and_optimizer(tmp_path) -> None:
    first = Learner(new_model(MINIATURE), decay=0.9)
    for _ in range(3):
        loss = sum(p.square().sum() for p in first.model.parameters())
        first.step(loss, 1e-2)
    first.progress.batches = 3
    first.save(tmp_path)
    second = Learner(load_model(tmp_path / "latest.safetensors", device="cpu"))
    second.restore(tmp_path)
    assert second.progress.batches == 3
    for name, mean in first.averaged.state_dict().items():
        assert torch.equal(mean, second.averaged.state_dict()[name])
    old, new = (learner.optimizer.state_dict() for learner in (first, second))
    assert torch.equal(old["state"][0]["exp_avg"], new["state"][0]["exp_avg"])
    assert second.warmth == 3


@pytest.mark.parametrize("name", ["optimizer.pt", "progress.json"])
def test_killed_while_saving_it_goes_on_from_the_save_before(
    tmp_path, monkeypatch, name
) -> None:
    learner = Learner(new_model(MINIATURE))
    learner.progress.batches = 3
    learner.save(tmp_path)
    replace = Path.replace

    def die(path: Path, target: Path) -> Path:
        if target.name == name:
            path.write_bytes(path.read_bytes()[:100])
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", die)
    learner.progress.batches = 4
    with pytest.raises(KeyboardInterrupt):
        learner.save(tmp_path)
    monkeypatch.undo()
    again = Learner(load_model(tmp_path / "latest.safetensors", device="cpu"))
    again.restore(tmp_path)
    assert again.progress.batches == 3


def test_weights_without_their_optimizer_warm_up_anew(tmp_path) -> None:
    first = Learner(new_model(MINIATURE))
    first.progress.batches = 3
    first.save(tmp_path)
    (tmp_path / "optimizer.pt").unlink()
    first.restore(tmp_path)
    assert first.progress.batches == 3
    assert first.warmth == 0


def test_a_step_that_blew_up_changes_nothing() -> None:
    learner = Learner(new_model(MINIATURE))
    before = learner.model.no_mem_embed.clone()
    learner.step(learner.model.no_mem_embed.sum() * float("nan"), 1e-2)
    assert torch.equal(before, learner.model.no_mem_embed)


@pytest.mark.parametrize("half", [True, False])
def test_an_exported_model_loads_and_answers_the_same(half, tmp_path) -> None:
    model = new_model(MINIATURE, seed=4)
    export(model, tmp_path / "model.safetensors", half=half)
    loaded = load_model(tmp_path / "model.safetensors", device="cpu")
    assert loaded.config == model.config
    for name, tensor in model.state_dict().items():
        stored = loaded.state_dict()[name]
        assert torch.allclose(stored, tensor, atol=2e-3 if half else 0, rtol=1e-3)


def test_an_export_may_say_that_the_model_refines_masks(tmp_path) -> None:
    first, second = tmp_path / "a" / "nano.safetensors", tmp_path / "nano.safetensors"
    export(new_model(replace(MINIATURE, refines_masks=False)), first, half=False)
    assert run("export", first, second) == 0
    assert not load_model(second).config.refines_masks
    assert run("export", first, second, "--refines-masks") == 0
    assert load_model(second).config.refines_masks


def test_weights_that_are_not_finite_are_not_written(tmp_path) -> None:
    model = new_model(MINIATURE)
    with torch.no_grad():
        model.no_mem_embed[0, 0, 0] = float("inf")
    with pytest.raises(OutputError, match="not finite"):
        export(model, tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


def test_new_models_depend_on_the_seed_only() -> None:
    one, again, other = (new_model(MINIATURE, seed) for seed in (1, 1, 2))
    name = "sam_mask_decoder.conv_s0.weight"
    assert torch.equal(one.state_dict()[name], again.state_dict()[name])
    assert not torch.equal(one.state_dict()[name], other.state_dict()[name])


def test_the_rate_warms_up_and_fades_out() -> None:
    assert learning_rate(1.0, 0, 0.0) < 0.05
    assert learning_rate(1.0, 1000, 0.0) == pytest.approx(1.0)
    assert learning_rate(1.0, 1000, 0.5) == pytest.approx(0.51)
    assert learning_rate(1.0, 1000, 1.0) == pytest.approx(0.02)
    assert learning_rate(1.0, 0, 0.5) < 0.05  # resumed without the optimizer's state


def test_measuring_follows_objects_and_counts_vanished_ones(miniature, stacks) -> None:
    (score,) = validate(miniature, stacks, frames=5)
    assert (score.name, score.objects, score.frames) == ("two_discs", 2, 5)
    assert 0 <= score.tracked <= 1
    (masked,) = validate(miniature, stacks, prompt="mask")
    assert masked.start > 0.8
    assert mean_tracked([score, masked]) == (score.tracked + masked.tracked) / 2
    assert "| two_discs |       2 |" in as_table([score])


def test_answering_gone_gains_nothing_where_objects_are(stacks) -> None:
    model = new_model(MINIATURE).eval()
    with torch.no_grad():
        model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(-1e4)
    (score,) = validate(model, stacks, prompt="mask")
    assert score.present == 0 < score.tracked


def test_a_folder_without_stacks_is_told_of(tmp_path, miniature, capsys) -> None:
    with pytest.raises(StackError, match="holds no stacks"):
        validate(miniature, tmp_path)
    assert run("validate", "nano", tmp_path) == 1
    assert "holds no stacks" in capsys.readouterr().err


def test_the_log_remembers_what_each_line_told(tmp_path) -> None:
    log = tmp_path / "log.csv"
    record.append(log, {"minutes": 1, "loss": 0.5})
    record.append(log, {"minutes": 2, "validation_j": 0.25})
    curves = record.read(log)
    assert curves["loss"] == [(1, 0.5)]
    assert curves["validation_j"] == [(2, 0.25)]
    assert curves["click_j"] == []


def test_curves_become_a_picture(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    log = tmp_path / "log.csv"
    for minutes in range(3):
        record.append(log, {"minutes": minutes, "loss": 1 / (1 + minutes)})
    assert run("plot", log, tmp_path / "curves.png") == 0
    assert (tmp_path / "curves.png").stat().st_size > 1000
