import sys

import pytest


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
