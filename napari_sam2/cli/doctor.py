"""``napari-sam2 doctor``: what a bug report should say about this machine.

Facts are gathered into plain sections first, so that text and JSON show the same. Qt
and napari are never imported: a broken graphical installation must not break this.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

import napari_sam2
from napari_sam2.core.errors import ModelError
from napari_sam2.engine import weights
from napari_sam2.engine.weights import Condition, human_size

if TYPE_CHECKING:
    import argparse

_REQUIRED = (
    "numpy", "torch", "tifffile", "imagecodecs", "scikit-image", "scipy", "pillow",
    "safetensors", "platformdirs", "psutil",
)  # fmt: skip
_GRAPHICAL = ("napari", "npe2", "qtpy", "PyQt6", "PyQt5", "PySide6")
_EXTRAS = {
    "coco": (("pycocotools",), "writes COCO"),
    "evaluate": (
        ("py-ctcmetrics",),
        "measures as the Cell Tracking Challenge",
    ),
    "hdf5": (("h5py",), "reads HDF5"),
    "medical": (("nibabel", "pydicom"), "reads NIfTI and DICOM"),
    "onnx": (("onnxruntime",), "runs models as ONNX graphs"),
    "onnx-export": (("onnx", "onnxscript"), "writes models as ONNX graphs"),
    "video": (("av",), "reads MP4, AVI, MOV and MKV"),
    "zarr": (("zarr",), "reads .zarr"),
    "all": (("napari",), "the viewer, coco, hdf5, medical, video and zarr"),
}
_ONNX_RUNTIMES = "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"
_MADE_HERE = {"onnx": "kept ONNX graphs", "compiled": "kept compiled code"}


@dataclass(slots=True)
class Report:
    """What was found.

    Attributes
    ----------
    sections : dict of str to dict of str to str
        Facts by section, in the order to print them.
    problems : list of str
        Sentences about what will not work.
    """

    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``doctor`` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="describe this installation, for a bug report",
        description="Print versions, devices, memory and models. The exit code is 1 "
        "when something is found that will not work.",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of text"
    )
    parser.set_defaults(handler=_doctor)


def _doctor(args: argparse.Namespace) -> int:
    report = examine_machine()
    print(as_json(report) if args.json else as_text(report))
    return 1 if report.problems else 0


def examine_machine() -> Report:
    """Gather everything that a bug report needs."""
    report = Report()
    report.sections["system"] = _system()
    report.sections["packages"] = _packages(report.problems)
    report.sections["devices"] = _devices(report.problems)
    report.sections["viewer"] = _installed(_GRAPHICAL) or {"napari": "not installed"}
    report.sections["extras"] = _extras()
    report.sections["models"] = _models(report.problems)
    return report


def as_text(report: Report) -> str:
    """Write a report as plain text."""
    lines = []
    for title, facts in report.sections.items():
        width = max(map(len, facts))
        lines.append(title)
        lines += [f"  {name:<{width}}  {fact}" for name, fact in facts.items()]
        lines.append("")
    lines.append("problems")
    lines += [f"  {problem}" for problem in report.problems or ["none found"]]
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """Write a report as JSON, with the same sections and a list of problems."""
    values = {**report.sections, "problems": report.problems}
    return json.dumps(values, indent=2, ensure_ascii=False)


def without_home(text: str) -> str:
    """Shorten the home folder to ``~``, because it often holds a person's name."""
    home = str(Path.home())
    if home == os.sep:
        return text
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)


def _system() -> dict[str, str]:
    memory = psutil.virtual_memory()
    return {
        "napari-sam2": napari_sam2.__version__,
        "installed in": without_home(str(Path(napari_sam2.__file__).parent)),
        "Python": f"{platform.python_version()} ({without_home(sys.executable)})",
        "system": platform.platform(),
        "processor": f"{_processor()}, {os.cpu_count()} threads",
        "memory": f"{human_size(memory.available)} of {human_size(memory.total)} free",
    }


def _processor() -> str:
    """Return the processor's name; the standard library knows it on Windows only."""
    try:
        if sys.platform == "linux":
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
        elif sys.platform == "darwin":
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.check_output(command, text=True, timeout=5).strip()
    except (OSError, subprocess.SubprocessError):
        pass
    return platform.processor() or platform.machine()


def _installed(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _packages(problems: list[str]) -> dict[str, str]:
    found = _installed(_REQUIRED)
    missing = [name for name in _REQUIRED if name not in found]
    if missing:
        names = " ".join(missing)
        problems.append(f"Needed packages are missing: run pip install {names}.")
    return {name: found.get(name, "missing") for name in _REQUIRED}


def _devices(problems: list[str]) -> dict[str, str]:
    try:
        import torch
    except (ImportError, OSError) as error:
        problems.append(without_home(f"PyTorch cannot be imported: {error}."))
        return {"torch": "cannot be imported"}
    from napari_sam2.engine.rounding import has_matrix_units

    units = "units" if has_matrix_units() else "no units"
    threads = torch.get_num_threads()
    facts = {"cpu": f"{threads} threads used by PyTorch, {units} for bfloat16"}
    try:
        facts |= _cuda_devices(problems)
    except RuntimeError as error:
        facts["cuda"] = "does not answer"
        problems.append(f"The GPU cannot be used: {str(error).splitlines()[0]}")
    facts["mps"] = "available" if torch.backends.mps.is_available() else "not available"
    return facts | _onnx_devices(problems)


def _onnx_devices(problems: list[str]) -> dict[str, str]:
    """Say what ONNX Runtime can compute on, if there is one; builds differ."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        return {}
    except (ImportError, OSError) as error:
        problems.append(without_home(f"ONNX Runtime cannot be imported: {error}."))
        return {"onnx": "cannot be imported"}
    providers = onnxruntime.get_available_providers()
    names = ", ".join(one.removesuffix("ExecutionProvider") for one in providers)
    return {"onnx": f"ONNX Runtime {onnxruntime.__version__} with {names}"}


def _cuda_devices(problems: list[str]) -> dict[str, str]:
    import torch

    from napari_sam2.engine.cards import refusal

    toolkit = torch.version.cuda or torch.version.hip
    if toolkit is None:
        return {"cuda": "PyTorch was built without it"}
    if not torch.cuda.is_available():
        return {"cuda": f"no GPU found (PyTorch was built for {toolkit})"}
    facts = {"cuda": f"PyTorch was built for {toolkit}"}
    for index in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(index)
        facts[f"cuda:{index}"] = f"{card.name}, {human_size(card.total_memory)}"
        problem = refusal(torch.device("cuda", index))
        if problem is not None and problem not in problems:
            problems.append(problem)
    return facts


def _extras() -> dict[str, str]:
    facts = {}
    for extra, (packages, purpose) in _EXTRAS.items():
        found = _installed(_ONNX_RUNTIMES if extra == "onnx" else packages)
        words = ", ".join(f"{name} {number}" for name, number in found.items())
        if len(found) < len(packages):
            install = f'missing: pip install "napari-sam2[{extra}]"'
            words = f"{words}; rest {install}" if words else install
        facts[extra] = f"{words} ({purpose})"
    return facts


def _made_here(cache: Path) -> dict[str, str]:
    """Say how much of the cache can be deleted, for it is made again when needed."""
    facts = {}
    for name, words in _MADE_HERE.items():
        sizes = [one.stat().st_size for one in (cache / name).rglob("*")]
        if sizes:
            folder = without_home(str(cache / name))
            facts[words] = f"{human_size(sum(sizes))} in {folder}; may be deleted"
    return facts


def _models(problems: list[str]) -> dict[str, str]:
    folder = weights.cache_folder()
    facts = {"cache": without_home(str(folder)), "free there": _free_space(folder)}
    facts |= _made_here(folder)
    try:
        path = weights.verify_bundled()
        facts[weights.BUNDLED_NAME] = f"intact, {human_size(path.stat().st_size)}"
    except ModelError as error:
        facts[weights.BUNDLED_NAME] = "damaged"
        problems.append(without_home(str(error)))
    for checkpoint in weights.CHECKPOINTS:
        condition = weights.presence(checkpoint)
        size_fits = condition is Condition.INTACT
        facts[checkpoint.name] = "here, size fits" if size_fits else condition.value
        if condition is Condition.WRONG_SIZE:
            problems.append(
                f"The file of {checkpoint.name} {condition.value}: run napari-sam2 "
                f"models download {checkpoint.name}."
            )
    return facts


def _free_space(folder: Path) -> str:
    """Say how much room there is, also before the folder exists."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    try:
        return human_size(shutil.disk_usage(folder).free)
    except OSError as error:
        return f"unknown ({error.strerror})"
