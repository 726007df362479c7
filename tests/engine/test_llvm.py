"""A graphics driver's LLVM and Triton's are not let into one process."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_TORCH_COMPILES = """
import ctypes, sys
for name in sys.argv[1:]:
    __import__(name) if name == "triton" else ctypes.CDLL(name)
from napari_sam2 import load_model
load_model("nano", device="cpu")
print("torch._dynamo" in sys.modules, bool(sys.modules.get("triton")))
import torch._dynamo
"""


@pytest.fixture
def triton(tmp_path: Path) -> Path:
    """A Triton that ends the program, as the real one does beside Mesa's LLVM."""
    package = tmp_path / "packages" / "triton"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "import os\nif 'libLLVM' in open('/proc/self/maps').read(): os._exit(139)\n"
    )
    return package.parent


@pytest.fixture
def llvm(tmp_path: Path) -> Path:
    """A library of that name."""
    spec = importlib.util.find_spec("_ctypes")
    if spec is None or spec.origin is None or sys.platform != "linux":
        pytest.skip("no library to be loaded under another name")
    return Path(shutil.copy(spec.origin, tmp_path / "libLLVM-15.so.1"))


def _run(packages: Path, *loaded_before: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _TORCH_COMPILES, *loaded_before],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {"PYTHONPATH": f"{packages}:{os.environ.get('PYTHONPATH', '')}"},
    )


def test_no_compiler_is_loaded_with_a_model(tmp_path: Path) -> None:
    assert _run(tmp_path).stdout.split()[0] == "False"


def test_triton_is_not_imported_beside_a_drivers_llvm(triton: Path, llvm: Path) -> None:
    run = _run(triton, str(llvm))
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["False", "False"]


def test_triton_that_came_first_stays(triton: Path, llvm: Path) -> None:
    run = _run(triton, "triton", str(llvm))
    assert run.stdout.split() == ["False", "True"]
