"""The checkpoints that Meta publishes: where they are and how to recognise them.

A table and its look-up; nothing here touches the disk or the network.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from napari_sam2.core.errors import ModelError
from napari_sam2.engine.weights.bundled import BUNDLED_NAME

_META = "https://dl.fbaipublicfiles.com/segment_anything_2"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One downloadable file of weights.

    Attributes
    ----------
    name : str
        What users type, such as ``sam2.1-tiny``.
    url : str
        Full address of the file; its last part is the file's name in the cache.
    size : int
        Size of the file in bytes.
    sha256 : str or None
        Expected hash in hexadecimal; None where nobody has published one, in which case
        the first download pins its own.
    variant : str
        ``tiny``, ``small``, ``base-plus`` or ``large``.
    version : str
        ``2.0`` or ``2.1``.
    purpose : str
        One phrase that helps to choose.
    """

    name: str
    url: str
    size: int
    sha256: str | None
    variant: str
    version: str
    purpose: str

    @property
    def file_name(self) -> str:
        """Name of the file, on the server and in the cache."""
        return self.url.rpartition("/")[2]


CHECKPOINTS: tuple[Checkpoint, ...] = (
    Checkpoint(
        name="sam2.1-tiny",
        url=f"{_META}/092824/sam2.1_hiera_tiny.pt",
        size=156_008_466,
        sha256="7402e0d864fa82708a20fbd15bc84245c2f26dff0eb43a4b5b93452deb34be69",
        variant="tiny",
        version="2.1",
        purpose="the fastest of Meta's models; start here without a GPU",
    ),
    Checkpoint(
        name="sam2.1-small",
        url=f"{_META}/092824/sam2.1_hiera_small.pt",
        size=184_416_285,
        sha256="6d1aa6f30de5c92224f8172114de081d104bbd23dd9dc5c58996f0cad5dc4d38",
        variant="small",
        version="2.1",
        purpose="a little slower and more careful than tiny",
    ),
    Checkpoint(
        name="sam2.1-base-plus",
        url=f"{_META}/092824/sam2.1_hiera_base_plus.pt",
        size=323_606_802,
        sha256="a2345aede8715ab1d5d31b4a509fb160c5a4af1970f199d9054ccfb746c004c5",
        variant="base-plus",
        version="2.1",
        purpose="a good balance on a GPU",
    ),
    Checkpoint(
        name="sam2.1-large",
        url=f"{_META}/092824/sam2.1_hiera_large.pt",
        size=898_083_611,
        sha256="2647878d5dfa5098f2f8649825738a9345572bae2d4350a2468587ece47dd318",
        variant="large",
        version="2.1",
        purpose="the most accurate and the slowest; wants a GPU",
    ),
    Checkpoint(
        name="sam2-tiny",
        url=f"{_META}/072824/sam2_hiera_tiny.pt",
        size=155_906_050,
        sha256="65b50056e05bcb13694174f51bb6da89c894b57b75ccdf0ba6352c597c5d1125",
        variant="tiny",
        version="2.0",
        purpose="first release of tiny, to repeat older results",
    ),
    Checkpoint(
        name="sam2-small",
        url=f"{_META}/072824/sam2_hiera_small.pt",
        size=184_309_650,
        sha256="95949964d4e548409021d47b22712d5f1abf2564cc0c3c765ba599a24ac7dce3",
        variant="small",
        version="2.0",
        purpose="first release of small, to repeat older results",
    ),
    Checkpoint(
        name="sam2-base-plus",
        url=f"{_META}/072824/sam2_hiera_base_plus.pt",
        size=323_493_298,
        sha256=None,
        variant="base-plus",
        version="2.0",
        purpose="first release of base-plus, to repeat older results",
    ),
    Checkpoint(
        name="sam2-large",
        url=f"{_META}/072824/sam2_hiera_large.pt",
        size=897_952_466,
        sha256="7442e4e9b732a508f80e141e7c2913437a3610ee0c77381a66658c3a445df87b",
        variant="large",
        version="2.0",
        purpose="first release of large, to repeat older results",
    ),
)


def match_checkpoint(name: str) -> Checkpoint | None:
    """Return the checkpoint that ``name`` means, or None when it means none."""
    wanted = _normalised(name)
    for checkpoint in CHECKPOINTS:
        if wanted in (checkpoint.name, _normalised(checkpoint.file_name)):
            return checkpoint
    return None


def find_checkpoint(name: str) -> Checkpoint:
    """Return the checkpoint of a name or of one of its usual spellings.

    Parameters
    ----------
    name : str
        A name such as ``sam2.1-tiny``; Meta's file name (``sam2.1_hiera_tiny.pt``),
        with or without its ending, and the Hugging Face name serve as well.

    Raises
    ------
    ModelError
        If no checkpoint is called so.
    """
    checkpoint = match_checkpoint(name)
    if checkpoint is not None:
        return checkpoint
    if _is_there(name):
        raise ModelError(
            f"{name} is a file of your own: only released models are downloaded and "
            "have a checksum to be held to. napari-sam2 models info says what it holds."
        )
    raise unknown_model(name)


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:  # the name is too long for a file
        return False


def unknown_model(name: str) -> ModelError:
    """Make the error for a name that means no model."""
    names = [BUNDLED_NAME, *(checkpoint.name for checkpoint in CHECKPOINTS)]
    close = difflib.get_close_matches(_normalised(name), names, n=1)
    guess = f" Did you mean {close[0]}?" if close else ""
    return ModelError(
        f"There is no model called {name!r}.{guess} Choose one of {', '.join(names)}, "
        "or give the path of a .pt or .safetensors file, or of a folder that "
        "napari-sam2 export-onnx has written."
    )


def _normalised(name: str) -> str:
    """Reduce the usual spellings of a name to ours."""
    bare = name.strip().lower().removeprefix("facebook/").removesuffix(".pt")
    return bare.replace("_", "-").replace("-hiera", "").replace("base+", "base-plus")
