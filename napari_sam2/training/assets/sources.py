"""Where cut-outs, photographs and volumes come from, and under which licences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.training.assets.brains import human_head, macaque_brain
from napari_sam2.training.assets.heads import head_in_ct

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_sam2.training.assets.volumes import Block


@dataclass(frozen=True, slots=True)
class Package:
    """A registry's package with material for drawn clips.

    Attributes
    ----------
    name, version : str
        The version is that of the training runs; "" takes what the registry has.
    command : tuple of str
        Downloads the package into the current folder.
    archive : str
        Pattern of the file that the command leaves there.
    unpack : tuple of str
        Unpacks that file, which stands for "{}", into the current folder.
    pictures : tuple of str
        Patterns of pictures with an alpha channel, from the folder it was unpacked to.
    animations : tuple of str
        Patterns of pictures that move and have an alpha channel, likewise.
    photographs : tuple of str
        Patterns of photographs, likewise.
    volumes : tuple of callable
        Each makes a labelled volume from the folder it was unpacked to.
    licence : str
        In words, with the holder where one is named.
    terms : str
        Pattern of the file with the licence's text; "" where the package has none.
    """

    name: str
    version: str
    command: tuple[str, ...]
    archive: str
    unpack: tuple[str, ...]
    licence: str
    terms: str = ""
    pictures: tuple[str, ...] = ()
    animations: tuple[str, ...] = ()
    photographs: tuple[str, ...] = ()
    volumes: tuple[Callable[[Path], Block], ...] = ()


def _fluent_emoji(name: str, version: str, moving: bool = False) -> Package:
    name = f"@lobehub/fluent-emoji-{name}"
    everything = ("package/assets/*.webp",)
    return Package(
        name=name,
        version=version,
        command=("npm", "pack", f"{name}@{version}", "--silent"),
        archive="*.tgz",
        unpack=("tar", "-xzf", "{}"),
        licence="MIT; Fluent Emoji (c) Microsoft Corporation",
        terms="package/package.json",
        pictures=() if moving else everything,
        animations=everything if moving else (),
    )


def _from_debian(
    name: str,
    licence: str,
    pictures: tuple[str, ...] = (),
    photographs: tuple[str, ...] = (),
    volumes: tuple[Callable[[Path], Block], ...] = (),
) -> Package:
    return Package(
        name=name,
        version="",
        command=("apt-get", "download", name),
        archive="*.deb",
        unpack=("dpkg-deb", "-x", "{}", "."),
        licence=licence,
        terms=f"usr/share/doc/{name}/copyright",
        pictures=pictures,
        photographs=photographs,
        volumes=volumes,
    )


_CLIP_ART = "usr/share/openclipart/png"
_KINDS = (
    "animals", "buildings", "containers", "education", "electronics", "food", "office",
    "people", "plants", "recreation", "science", "tools", "transportation",
)  # fmt: skip
_STAMPS = "usr/share/tuxpaint/stamps"
_STAMP_KINDS = (
    "animals", "clothes", "food", "hobbies", "household", "medical", "military",
    "people", "plants", "seasonal/christmas", "seasonal/easter", "seasonal/halloween",
    "space", "sports", "town/cartoon", "town/houses", "town/monuments", "vehicles",
)  # fmt: skip
_WALLPAPERS = "usr/share/wallpapers"
_TAKEN = (  # of many that are drawn or abstract
    "BytheWater", "ColdRipple", "ColorfulCups", "EveningGlow", "FallenLeaf", "Grey",
    "Kite", "OneStandsOut", "Path",
)  # fmt: skip
_LOMIRI = (
    "Bridge_by", "Dragonfly_by", "Picture_", "Wine_by", "aitzgorri_by", "free_by",
    "friends_by", "greentock_by", "life_by", "picosdeeuropa_by", "seeding_by",
    "sunset_by",
)  # fmt: skip

PACKAGES = (
    _fluent_emoji("3d", "1.1.0"),
    *(_fluent_emoji(f"anim-{part}", "1.0.0", moving=True) for part in range(1, 5)),
    _from_debian(
        "openclipart-png",
        "public domain dedication by the authors of openclipart.org",
        pictures=tuple(f"{_CLIP_ART}/{kind}/**/*.png" for kind in _KINDS),
    ),
    _from_debian(
        "tuxpaint-stamps-default",
        "GPL-2; mostly cut from photographs",
        pictures=tuple(f"{_STAMPS}/{kind}/**/*.png" for kind in _STAMP_KINDS),
    ),
    _from_debian(
        "mate-backgrounds",
        "GPL-2+; authors below",
        photographs=("usr/share/backgrounds/mate/nature/*.jpg",),
    ),
    _from_debian(
        "plasma-workspace-wallpapers",
        "GPL-2+",
        photographs=tuple(
            f"{_WALLPAPERS}/{name}/contents/images/2560x1600.jpg" for name in _TAKEN
        ),
    ),
    _from_debian(
        "lomiri-wallpapers-16.04",
        "CC0, CC BY 4.0 or CC BY-SA 4.0 by picture; authors below",
        photographs=tuple(f"usr/share/backgrounds/{name}*.jpg" for name in _LOMIRI),
    ),
    _from_debian(
        "lomiri-wallpapers-20.04",
        "CC BY-SA 3.0; Lukas Baubkus",
        photographs=("usr/share/backgrounds/Kleiber_by*.jpg",),
    ),
    _from_debian(
        "mricron-data",
        "BSD-3-Clause (ch2, its brain and the atlas AAL); INIA19: CC BY, as it states "
        "(Rohlfing et al. 2012)",
        volumes=(human_head, macaque_brain),
    ),
    _from_debian("invesalius-examples", "GPL-2", volumes=(head_in_ct,)),
)
"""Packages of material; one that cannot be had is left out."""

PHOTOGRAPHS = {
    "astronaut": "public domain (NASA)",
    "brick": "CC0 (CC0Textures)",
    "camera": "CC0 (Lav Varshney)",
    "chelsea": "CC0 (Stefan van der Walt)",
    "coffee": "CC0 (Rachel Michetti)",
    "grass": "CC0 (CC0Textures)",
    "gravel": "CC0 (CC0Textures)",
    "hubble_deep_field": "public domain (NASA)",
    "rocket": "public domain (SpaceX)",
}
"""Pictures in every installed scikit-image, with the licences that it states."""
