"""Files on their way in."""

from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile


class Upload(TemporaryUploadedFile):
    """A file as it came, on disk; gone when it is closed, unless it was moved to a place of its own.

    `sent_name` is the name that its sender gave it, `size` is known when all of it has come.
    """

    def __init__(self, sent_name: str):
        # Made at the start; who cleans up may take an empty folder along.
        Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__("upload", None, 0, None)
        self.sent_name = sent_name
