"""What those who compute for a session work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.engine.frames.ahead import FramesAhead
from napari_sam2.engine.frames.encoding import FrameEncoder
from napari_sam2.engine.frames.features import FeatureCache
from napari_sam2.engine.frames.next_frames import next_frames
from napari_sam2.engine.frames.reading import FrameReader
from napari_sam2.engine.objects.selection import memory_rules
from napari_sam2.engine.views.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.engine.frames.next_frames import NextFrames
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.objects.selection import MemoryRules
    from napari_sam2.engine.options import TrackerOptions


@dataclass(frozen=True, slots=True)
class SessionParts:
    """The parts of a session that all steps share.

    Attributes
    ----------
    model : Network
        Everything is computed where it is.
    encoder : FrameEncoder
        Where features come from.
    beside : NextFrames
        Where features of frames that come next are begun.
    rules : MemoryRules
        What a frame looks back at.
    window : Window
        Decides where to look.
    options : TrackerOptions
    """

    model: Network
    encoder: FrameEncoder
    beside: NextFrames
    rules: MemoryRules
    window: Window
    options: TrackerOptions

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of every frame."""
        return self.encoder.reader.source.shape_hw

    @property
    def frame_count(self) -> int:
        """Frames in the stack."""
        return len(self.encoder.reader.source)

    def ahead(self, frames: Iterable[int]) -> FramesAhead:
        """Go ahead of a run that asks for frames in this order."""
        most = self.options.prefetch_frames
        return FramesAhead(self.encoder, self.beside, frames, most)

    def forget_features(self) -> None:
        """Let go of all features."""
        self.beside.forget()
        self.encoder.cache.clear()


def make_parts(
    model: Network,
    frames: FrameSource,
    limits: IntensityLimits,
    options: TrackerOptions,
) -> SessionParts:
    """Put the parts of a session together.

    Parameters
    ----------
    model : Network
    frames : FrameSource
    limits : IntensityLimits
        Intensities shown as black and white.
    options : TrackerOptions
    """
    rules = memory_rules(model.config, options)
    window = Window(options.window, frames.shape_hw, model.config.image_size)
    reader = FrameReader(frames, limits, in_parts=not window.is_off)
    beside = next_frames(model, options.feature_cache_bytes)
    cache = FeatureCache(options.feature_cache_bytes - beside.nbytes)
    encoder = FrameEncoder(model, reader, cache)
    return SessionParts(model, encoder, beside, rules, window, options)
