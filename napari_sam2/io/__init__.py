"""Files: stacks in, masks, tables and pictures out. No torch, no napari."""
