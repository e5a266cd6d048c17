"""Files on their way in, and out again."""

import logging
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile

logger = logging.getLogger("lyceum.uploads")


class Upload(TemporaryUploadedFile):
    """A file as it came, on disk; gone when it is closed, unless it was moved to a place of its own.

    `sent_name` is the name that its sender gave it, `size` is known when all of it has come.
    """

    def __init__(self, sent_name: str):
        # Not there before the first upload.
        Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__("upload", None, 0, None)
        self.sent_name = sent_name


def file_at(name: str) -> Path | None:
    """Where an uploaded file lies; None for one that is not there, or not below the folder of uploads."""
    root = Path(settings.MEDIA_ROOT)
    # A link is no upload, and what it leads to is somebody else's.
    folder = (root / name).parent.resolve()
    path = folder / Path(name).name
    is_upload = folder.is_relative_to(root.resolve()) and path.is_file() and not path.is_symlink()
    return path if is_upload else None


def remove_file(name: str) -> bool:
    """Remove an uploaded file; whether it was there."""
    path = file_at(name)
    try:
        if path is not None:
            path.unlink()
            return True
    except FileNotFoundError:
        pass  # somebody was faster
    except OSError as error:
        # The row is gone: the next run finds the file as one that belongs to nothing.
        logger.warning("a file cannot be removed: %s", error.strerror)
    return False
