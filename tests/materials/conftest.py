"""The folder that files are kept in."""

from pathlib import Path

import pytest


@pytest.fixture
def uploads(settings, tmp_path):
    """The folder of the files, empty; `uploads()` are the files in it."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR = settings.MEDIA_ROOT / "materials" / "incoming"
    return lambda: [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
