"""The commands: ``assets``, ``new``, the stages, ``validate``, ``export``, ``plot``."""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.errors import Sam2Error
from napari_sam2.engine.device import pick_device
from napari_sam2.model.checkpoint import load_weights
from napari_sam2.training.assets.fetch import fetch
from napari_sam2.training.assets.store import load_assets
from napari_sam2.training.export import export
from napari_sam2.training.initial import new_model
from napari_sam2.training.loop import TrainingSchedule, train
from napari_sam2.training.scenes import FAMILIES
from napari_sam2.training.scenes.atlas import atlas
from napari_sam2.training.scenes.collage import collage
from napari_sam2.training.stages import STAGES
from napari_sam2.training.validate import as_table, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from napari_sam2.training.scenes.draw import Families, Family

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 with the reason on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except Sam2Error as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m napari_sam2.training", description=__doc__
    )
    commands = parser.add_subparsers(required=True)
    for name, stage in STAGES.items():
        _add_stage(commands.add_parser(name, help=stage.summary), name)
    _add_what_is_done_with_weights(commands)
    _add_what_is_done_with_files(commands)
    return parser


def _add_stage(parser: argparse.ArgumentParser, name: str) -> None:
    stage = STAGES[name]
    add = parser.add_argument
    add("--from", dest="weights", default="nano", help="name or file to start from")
    add("--out", type=Path, required=True, help="folder of checkpoints and logs")
    add("--minutes", type=float, default=30.0, help="time of the whole stage")
    add("--stop-after", type=float, help="minutes for this process; run again to go on")
    add("--rate", type=float, default=stage.peak_rate, help="highest learning rate")
    add("--batch", type=int, help="frames per step; by default what fits the device")
    add("--longest", type=int, default=8, help="frames of the longest clips")
    add("--decay", type=float, default=0.998, help="of the running mean of weights")
    add("--size", type=int, help="side of pictures; by default the model's own")
    add("--device", default="auto")
    add("--seed", type=int, default=0)
    add("--assets", type=Path, help="folder of the command assets: real cut-outs, too")
    add("--validate", type=Path, help="folder of stacks to measure on")
    add("--validate-every", type=float, default=10.0, help="minutes")
    parser.set_defaults(run=_train, stage=name)


def _train(options: argparse.Namespace) -> None:
    stage = STAGES[options.stage]
    device = pick_device(options.device)
    schedule = TrainingSchedule(
        out=options.out,
        weights=find_weights(options.weights),
        device=device,
        minutes=options.minutes,
        stop_after=options.stop_after,
        peak_rate=options.rate,
        size=options.size,
        seed=options.seed,
        decay=options.decay,
        families=_families(options.assets, device),
        validation=options.validate,
        validate_every=options.validate_every,
    )
    frames = options.batch or (256 if device.type == "cuda" else 8)
    train(schedule, stage.step, stage.shape(frames, options.longest))


def _families(folder: Path | None, device: torch.device) -> Families:
    """Return what is drawn; what was fetched takes part of what is painted alike."""
    if folder is None:
        return FAMILIES
    assets = load_assets(folder, device)
    families = _shared(FAMILIES, "footage", "collage", collage(assets), 0.65)
    if assets.volumes:
        slices = atlas(assets.volumes)
        families = _shared(families, "anatomy", "atlas", slices, 0.5)
    return families


def _shared(
    families: Families, old: str, new: str, family: Family, part: float
) -> Families:
    """Add a family, which takes a part of another's share."""
    painted, share = families[old]
    halves = {old: (painted, share * (1 - part)), new: (family, share * part)}
    return {**families, **halves}


def _add_what_is_done_with_weights(commands: _Commands) -> None:
    measure = commands.add_parser("validate", help="measure J on real stacks")
    measure.add_argument("weights")
    measure.add_argument("folder", type=Path)
    measure.add_argument("--prompt", choices=("box", "click", "mask"), default="box")
    measure.add_argument("--frames", type=int, default=16)
    measure.add_argument("--objects", type=int, default=4)
    measure.add_argument("--device", default="auto")
    measure.set_defaults(run=_validate)
    new = commands.add_parser("new", help="make untrained weights")
    new.add_argument("path", type=Path)
    new.add_argument("--like", default="nano", help="name or file of a model alike")
    new.add_argument("--seed", type=int, default=0)
    new.set_defaults(run=_new)
    out = commands.add_parser("export", help="write float16 weights and description")
    out.add_argument("weights")
    out.add_argument("path", type=Path)
    out.add_argument(
        "--refines-masks",
        action="store_true",
        help="say that the model has learnt to correct its masks (box_corrected_j in "
        "the log lies well above box_j)",
    )
    out.set_defaults(run=_export)


def _add_what_is_done_with_files(commands: _Commands) -> None:
    assets = commands.add_parser("assets", help="fetch pictures for drawn footage")
    assets.add_argument("folder", type=Path)
    assets.set_defaults(run=lambda options: fetch(options.folder))
    plot = commands.add_parser("plot", help="draw a log's curves")
    plot.add_argument("log", type=Path)
    plot.add_argument("path", type=Path)
    plot.set_defaults(run=_plot)


def _new(options: argparse.Namespace) -> None:
    config = load_weights(find_weights(options.like)).config
    export(new_model(config, options.seed), options.path, half=False)


def _validate(options: argparse.Namespace) -> None:
    scores = validate(
        load_weights(find_weights(options.weights)).to(pick_device(options.device)),
        options.folder,
        prompt=options.prompt,
        frames=options.frames,
        objects=options.objects,
    )
    sys.stdout.write(as_table(scores) + "\n")


def _export(options: argparse.Namespace) -> None:
    model = load_weights(find_weights(options.weights))
    if options.refines_masks:
        model.config = replace(model.config, refines_masks=True)
    export(model, options.path)


def find_weights(name: str) -> Path:
    """Return a weights file by its path, or by a model's name.

    Raises
    ------
    ModelError
        If there is neither.
    """
    if Path(name).is_file():  # a bare training machine may lack what names need
        return Path(name)
    from napari_sam2.engine.weights.cache import resolve_weights

    return resolve_weights(name)


def _plot(options: argparse.Namespace) -> None:
    from napari_sam2.training.plot import plot

    plot(options.log, options.path)
