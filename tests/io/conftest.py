from hypothesis import settings

# Files may be slow on a busy machine; that says nothing about right or wrong.
settings.register_profile("files", deadline=None)
settings.load_profile("files")
