"""``napari-sam2 models``: which weights there are, and getting them here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.cli.interrupt import INTERRUPTED
from napari_sam2.cli.progress.byte_bar import watch
from napari_sam2.core.adapter_card import describe_gain
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import CheckpointError
from napari_sam2.engine import weights
from napari_sam2.engine.weights import Checkpoint, Condition, human_size

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator

    from napari_sam2.core.adapter_card import AdapterCard

_STATES = {
    Condition.MISSING: "to download",
    Condition.WRONG_SIZE: "damaged",
    Condition.INTACT: "here",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``models`` and its verbs to the command line."""
    parser = subparsers.add_parser(
        "models",
        help="list, download and check models",
        description="Models are known by name; a file of weights serves as well "
        "wherever a name does.",
        epilog=f"{weights.CACHE_VARIABLE} sets the folder of downloaded models, and "
        f"{weights.MIRROR_VARIABLE} the http(s) address of a folder to download them "
        "from instead of Meta's server.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_verb(verbs, "list", _list, "which models there are, and which are here")
    download = _add_verb(verbs, "download", _download, "bring a model to this machine")
    download.add_argument("name", metavar="NAME")
    path = _add_verb(verbs, "path", _path, "print where a model's file lies")
    path.add_argument("name", metavar="NAME")
    info = _add_verb(
        verbs, "info", _info, "say what a file of weights, or a folder of graphs, holds"
    )
    info.add_argument("model", metavar="NAME|FILE|DIR")
    verify = _add_verb(verbs, "verify", _verify, "check that files are undamaged")
    verify.add_argument(
        "name", metavar="NAME|DIR", nargs="?", help="default: all models here"
    )


def _add_verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    handler: Callable[[argparse.Namespace], int],
    words: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=words)
    parser.set_defaults(handler=handler)
    return parser


def _list(args: argparse.Namespace) -> int:
    size = human_size(weights.bundled_path().stat().st_size)
    rows = [
        ("MODEL", "SIZE", "STATE", "WHAT FOR"),
        (weights.BUNDLED_NAME, size, "here", weights.BUNDLED_PURPOSE),
    ]
    for model in weights.CHECKPOINTS:
        state = _STATES[weights.presence(model)]
        rows.append((model.name, human_size(model.size), state, model.purpose))
    for name, amount, state, purpose in rows:
        print(f"{name:<16}  {amount:>7}  {state:<11}  {purpose}")
    print(f"\nDownloaded models are kept in {weights.cache_folder()}")
    _list_adapters()
    return 0


def _list_adapters() -> None:
    """Print the adapters that were made in the dock, if there are any."""
    for path in weights.known_adapters():
        try:
            card = weights.read_card(path)
        except CheckpointError as error:
            print(f"\n{error}")
            continue
        if card is not None:
            base = Path(card.base.name).name
            print(f"\n{path}\n  adapter of {base}, {describe_gain(card)}")


def _download(args: argparse.Namespace) -> int:
    if weights.is_bundled(args.name):
        print(f"{weights.BUNDLED_NAME} comes with the package: nothing to download.")
        return 0
    checkpoint = weights.find_checkpoint(args.name)
    try:
        path = watch(weights.download(checkpoint))
    except KeyboardInterrupt:
        message = "Stopped. What has come so far is kept: run this again to go on."
        print(message, file=sys.stderr)
        return INTERRUPTED
    print(path)
    _tell_pin(checkpoint)
    return 0


def _path(args: argparse.Namespace) -> int:
    print(weights.resolve_weights(args.name))
    return 0


def _info(args: argparse.Namespace) -> int:
    path = weights.resolve_weights(args.model)
    if weights.is_exported(path):
        return _info_exported(path.parent)
    card = weights.read_card(path)
    if card is not None:
        print(f"file        {path}")
        _print_card(card)
        return 0
    print(f"file        {path}")
    _describe_weights(path)
    return 0


def _describe_weights(path: Path) -> None:
    # Torch takes seconds to import, which no other verb has to wait for.
    from napari_sam2.model.checkpoint import read_state_dict
    from napari_sam2.model.description import config_of

    state = read_state_dict(path)
    config = config_of(path, state)
    dtypes = sorted({str(t.dtype).removeprefix("torch.") for t in state.values()})
    count = sum(tensor.numel() for tensor in state.values())
    print(f"variant     {config.name}")
    print(f"version     SAM {config.version}")
    print(f"parameters  {count / 1e6:.1f} million in {len(state)} tensors")
    print(f"precision   {', '.join(dtypes)}")
    print(f"image size  {config.image_size} × {config.image_size} pixels")


def _info_exported(folder: Path) -> int:
    from napari_sam2.engine.onnx.manifest import read_manifest

    manifest = read_manifest(folder)
    config, files = manifest.config, manifest.files.values()
    size = human_size(sum(file.size for file in files))
    print(f"folder      {folder}")
    print(f"variant     {config.name}")
    print(f"version     SAM {config.version}")
    print(f"graphs      {len(files)} of ONNX opset {manifest.opset}, {size}")
    print(f"precision   {manifest.precision}")
    print(f"image size  {config.image_size} × {config.image_size} pixels")
    print(f"made from   SHA-256 {manifest.weights_sha256}")
    return 0


def _print_card(card: AdapterCard) -> None:
    software = ", ".join(f"{name} {version}" for name, version in card.software.items())
    print(f"adapter of  {card.base.name} (SHA-256 {card.base.sha256})")
    for one in card.lessons:
        print(
            f"tuned on    {one.name}: {one.frames} frames, {one.objects} objects; "
            f"{one.held_out} frames held out"
        )
    print(f"result      {describe_gain(card)}, after {card.steps} steps")
    print(f"encoder     {card.encoder}")
    print(f"image size  {card.image_size} × {card.image_size} pixels")
    print(f"made        {card.created}, seed {card.seed}, {software}")


def _verify(args: argparse.Namespace) -> int:
    folder = weights.exported_folder(args.name or "")
    if args.name and folder is not None:
        return _verify_exported(folder)
    if args.name is None:
        chosen = [c for c in weights.CHECKPOINTS if _is_here(c)]
        is_bundled = True
    else:
        is_bundled = weights.is_bundled(args.name)
        chosen = [] if is_bundled else [weights.find_checkpoint(args.name)]
    if is_bundled:
        print(f"{weights.BUNDLED_NAME}: intact ({weights.verify_bundled()})")
    conditions = [_verify_one(checkpoint) for checkpoint in chosen]
    return 0 if all(c is Condition.INTACT for c in conditions) else 1


def _verify_exported(folder: Path) -> int:
    from napari_sam2.engine.onnx.manifest import read_manifest

    try:
        manifest = read_manifest(folder)
    except CheckpointError as error:
        print(error)
        return 1
    print(f"{folder}: intact ({len(manifest.files)} graphs)")
    return 0


def _is_here(checkpoint: Checkpoint) -> bool:
    return weights.presence(checkpoint) is not Condition.MISSING


def _verify_one(checkpoint: Checkpoint) -> Condition:
    condition = watch(_checking(checkpoint))
    remedy = f"napari-sam2 models download {checkpoint.name}"
    advice = "" if condition is Condition.INTACT else f": run {remedy}"
    path = weights.cached_path(checkpoint)
    print(f"{checkpoint.name}: {condition.value} ({path}){advice}")
    if condition is Condition.INTACT:
        _tell_pin(checkpoint)
    return condition


def _checking(checkpoint: Checkpoint) -> Generator[Progress, None, Condition]:
    """Report the bytes that are hashed as progress."""
    hashing = weights.verify(checkpoint)
    while True:
        try:
            done = next(hashing)
        except StopIteration as end:
            condition: Condition = end.value
            return condition
        yield Progress(done, checkpoint.size, f"checking {checkpoint.name}")


def _tell_pin(checkpoint: Checkpoint) -> None:
    """Say which hash a file is held to when nobody has published one."""
    receipt = weights.read_receipt(weights.cached_path(checkpoint))
    if checkpoint.sha256 is None and receipt is not None:
        print(
            f"No SHA-256 of {checkpoint.name} has been published. The file has "
            f"{receipt.sha256}; from now on every copy is held to it.",
            file=sys.stderr,
        )
