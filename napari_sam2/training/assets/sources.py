"""Where cut-outs and photographs come from, and under which licences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """A registry's package with pictures that have an alpha channel.

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
        Patterns of the pictures, from the folder it was unpacked to.
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
    pictures: tuple[str, ...]
    licence: str
    terms: str = ""


_CLIP_ART = "usr/share/openclipart/png"
_KINDS = (
    "animals", "containers", "education", "electronics", "food", "office", "people",
    "plants", "recreation", "tools", "transportation",
)  # fmt: skip

PACKAGES = (
    Package(
        name="@lobehub/fluent-emoji-3d",
        version="1.1.0",
        command=("npm", "pack", "@lobehub/fluent-emoji-3d@1.1.0", "--silent"),
        archive="lobehub-fluent-emoji-3d-*.tgz",
        unpack=("tar", "-xzf", "{}"),
        pictures=("package/assets/*.webp",),
        licence="MIT; Fluent Emoji (c) Microsoft Corporation",
        terms="package/package.json",
    ),
    Package(
        name="openclipart-png",
        version="",
        command=("apt-get", "download", "openclipart-png"),
        archive="openclipart-png_*.deb",
        unpack=("dpkg-deb", "-x", "{}", "."),
        pictures=tuple(f"{_CLIP_ART}/{kind}/**/*.png" for kind in _KINDS),
        licence="public domain dedication by the authors of openclipart.org",
        terms="usr/share/doc/openclipart-png/copyright",
    ),
)
"""Packages of cut-outs; one that cannot be had is left out."""

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
