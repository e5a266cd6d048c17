"""What leaves the tables of materials, and the folder of uploads, for good."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import batched
from pathlib import Path

from django.conf import settings

from common.purging import Doomed
from common.uploads import remove_file
from materials.models import Material, Subject
from materials.store import FOLDER

# Seconds that a file lies there before its row is missed: an upload writes the file first.
UPLOAD_ENDS_WITHIN = 24 * 60 * 60
_SOME = 500


def doomed(before: datetime) -> Iterator[Doomed]:
    """Subjects, and materials of others, deleted before then."""
    yield Doomed(Subject.objects.deleted_before(before))
    yield Doomed(Material.objects.deleted_before(before))


def orphaned_files() -> Iterator[str]:
    """The names of uploaded files that no material has, a few at a time however many there are."""
    for names in batched(_settled_files(_folder()), _SOME):
        wanted = Material.objects.files_among(names)
        yield from (name for name in names if name not in wanted)


def remove_orphaned_files() -> Iterator[str]:
    """Remove them; yields the names of those that went."""
    yield from filter(remove_file, orphaned_files())


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / FOLDER


def _settled_files(folder: str | Path) -> Iterator[str]:
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _settled_files(entry.path)
        elif entry.is_file(follow_symlinks=False) and _is_settled(entry):
            yield Path(entry.path).relative_to(settings.MEDIA_ROOT).as_posix()


def _entries(folder: str | Path) -> Iterator[os.DirEntry]:
    """What lies in a folder; nothing where it is missing, or is a link to another place."""
    if os.path.isdir(folder) and not os.path.islink(folder):
        with os.scandir(folder) as entries:
            yield from entries


def _is_settled(entry: os.DirEntry) -> bool:
    try:
        changed = entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return False  # it has just been removed
    return changed < time.time() - UPLOAD_ENDS_WITHIN
