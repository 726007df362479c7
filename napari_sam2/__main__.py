"""``python -m napari_sam2`` is the command ``napari-sam2``."""

from napari_sam2.cli.main import run

if __name__ == "__main__":
    run()
