"""Making the bundled model from nothing: drawn scenes, losses, stages, measuring.

Nothing else imports this package; it needs the extra ``train`` for its plots only.
"""
