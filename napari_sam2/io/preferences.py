"""What a user sets once, kept in the configuration folder of the operating system.

A file that is lost, broken or cannot be written never stops anybody from working: then
the defaults hold.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

import platformdirs

from napari_sam2.core.errors import OutputError
from napari_sam2.core.json_text import parse_json
from napari_sam2.core.offered import is_offered
from napari_sam2.core.quality import QualityMode
from napari_sam2.core.recipe import DEFAULT_WINDOW, WindowMode
from napari_sam2.io.files.output import atomic_output

CONFIG_VARIABLE = "NAPARI_SAM2_CONFIG"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user sets once.

    Attributes
    ----------
    model : str
        A model's name, or the path of a weights file.
    device : str
    image_size : int
        Side of the square that the model sees, in pixels; 0 for the model's own.
    live_answers : bool
    cache_mib : int
        Memory for image features, in MiB.
    window : str
        Whether small objects are looked at in a window: ``"off"``, ``"auto"``,
        ``"on"``.
    corrects_bleaching : bool
        Whether frames that fade are shown to the model as bright as the first.
    quality : str
        ``"auto"``, ``"exact"``, ``"rounded"``, ``"balanced"`` or ``"fast"``.
    is_compiled : bool
        Whether PyTorch may compile what is done on every frame.
    is_hint_seen : bool
        Whether the first steps were shown.
    """

    model: str = "nano"
    device: str = "auto"
    image_size: int = 0
    live_answers: bool = True
    cache_mib: int = 512
    window: WindowMode = DEFAULT_WINDOW
    corrects_bleaching: bool = False
    quality: QualityMode = "auto"
    is_compiled: bool = False
    is_hint_seen: bool = False


def preferences_path() -> Path:
    """Return where the preferences lie: in the user's configuration folder.

    The environment variable ``NAPARI_SAM2_CONFIG`` names another folder.
    """
    chosen = os.environ.get(CONFIG_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute() / "preferences.json"
    folder = platformdirs.user_config_path("napari-sam2", appauthor=False)
    return folder / "preferences.json"


def read_preferences() -> Preferences:
    """Return what was kept; defaults for what is missing or makes no sense."""
    path = preferences_path()
    try:
        kept: Any = parse_json(path.read_bytes())
    except FileNotFoundError:
        return Preferences()
    except (OSError, ValueError) as error:
        _LOG.warning("%s cannot be read (%s): the defaults hold.", path, error)
        return Preferences()
    if not isinstance(kept, dict):
        return Preferences()
    for name, kind in (("window", WindowMode), ("quality", QualityMode)):
        if kept.get(name) not in get_args(kind):
            kept.pop(name, None)
    known = {field.name: type(field.default) for field in fields(Preferences)}
    return Preferences(
        **{name: kept[name] for name, kind in known.items()
           if type(kept.get(name)) is kind and is_offered(name, kept[name])}
    )  # fmt: skip


def keep_preferences(preferences: Preferences) -> None:
    """Keep them for the next time, where that is possible."""
    path = preferences_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_output(path, overwrite=True) as temporary:
            temporary.write_text(json.dumps(asdict(preferences), indent=1) + "\n")
    except (OSError, OutputError) as error:
        _LOG.warning("Your settings were not kept: %s", error)
