"""``python -m napari_sam2.training``: train a stage, measure, export, plot."""

from __future__ import annotations

import sys

from napari_sam2.training.command import main

sys.exit(main())
