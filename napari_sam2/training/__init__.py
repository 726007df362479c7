"""Making the bundled model from nothing: drawn scenes, losses, stages, measuring.

Nothing else imports this package; it needs the extra ``train`` for its plots only. Four
commands make a model, the same on a laptop's processor and on a large GPU::

    python -m napari_sam2.training new run/new.safetensors
    python -m napari_sam2.training dense  --from run/new.safetensors --out run/dense
    python -m napari_sam2.training images --from run/dense/averaged.safetensors …
    python -m napari_sam2.training clips  --from run/images/averaged.safetensors …

``python -m napari_sam2.training assets FOLDER`` fetches real cut-outs and photographs;
``--assets FOLDER`` makes half of the drawn footage of them; without, all is painted.

A stage that was stopped goes on when its command is given again: from
``latest.safetensors`` and ``progress.json`` in its folder, with the optimizer's state
where that is still there. ``--stop-after`` ends a process early and leaves the schedule
of ``--minutes`` as it is. ``averaged.safetensors`` is what a later stage, ``validate``
and ``export`` should take.
"""
