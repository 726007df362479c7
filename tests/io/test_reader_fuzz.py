"""Whatever is in a file: a stack or a sentence; no crash, no hang, no memory gone.

Files are read in other processes, so that even a crash is a test that fails.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.io.bombs import BOMBS
from tests.io.damaged_files import MADE

for package in ("av", "h5py", "nibabel", "pydicom", "zarr"):
    pytest.importorskip(package)

ROOT = Path(__file__).parents[2]
CASES = 45
GROUPS = {
    "pictures": ["tiff", "imagej", "ome-zlib", "lzw-tiles", "npy", "png", "jpg"],
    "volumes": ["nii", "nii.gz", "hdf5", "dicom", "dicom-rle"],
    "films": ["mp4", "avi", "mkv"],
    "stores": ["zarr-header", "zarr-zstd", "zarr2-header"],
}


def in_another_process(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.io.reader_fuzz", *map(str, words)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )
    last = done.stdout.strip().splitlines()[-1:]
    assert done.returncode == 0, f"at {last}: {done.stderr[-3000:]}"
    return done


def test_every_kind_is_in_a_group():
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(MADE)


@pytest.mark.parametrize("group", GROUPS)
def test_damaged_files_are_read_or_explained(tmp_path, group):
    done = in_another_process(tmp_path, CASES, *GROUPS[group])
    assert done.stdout.endswith("done\n")


def test_bombs_do_not_go_off(tmp_path):
    paths = []
    for kind, make in BOMBS.items():
        (tmp_path / kind).mkdir()
        paths.append(make(tmp_path / kind))
    done = in_another_process("bombs", *paths)
    # what the libraries themselves take, and far less than one bomb
    assert int(done.stdout.split()[-1]) < 120
