import sys

import pytest
from hypothesis import settings

# Files may be slow on a busy machine; that says nothing about right or wrong.
settings.register_profile("files", deadline=None)
settings.load_profile("files")


@pytest.fixture
def full_disk():
    """Let no file of this process grow beyond a number of bytes, as a quota does."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def allow(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    if sys.platform == "darwin":
        pytest.skip("limits on the size of files are not kept there")
    yield allow
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
