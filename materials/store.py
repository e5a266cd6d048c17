"""Where the files of materials lie: below MEDIA_ROOT, under names that nobody chose."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError

from common.errors import DomainError
from common.uploads import Upload, remove_file
from materials.files import SeenFile
from materials.models import Material

FOLDER = "materials"
_BLOCK = 64 * 2**10


class FileMissing(DomainError):
    """The file of this material is missing."""

    code, status = "not_found", 404


@contextmanager
def kept(file: SeenFile) -> Iterator[str]:
    """Keep a file while a row is written that names it; where none does in the end, it is taken away.

    What the block leaves behind when its process is killed is a file that no row names, for `purge`.
    """
    key = token_hex(16)
    name = f"{FOLDER}/{key[:2]}/{key}.{file.kind}"
    try:
        _keep(file.upload, name)
        yield name
    except BaseException:
        if not _may_be_named(name):
            remove_file(name)
        raise


def _keep(upload: Upload, name: str) -> None:
    place = Path(default_storage.path(name))
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # On the disk before the row is: a power failure leaves no row without its file.
    upload.flush()
    os.fsync(upload.fileno())
    os.rename(upload.temporary_file_path(), place)
    for folder in (place.parent, place.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _may_be_named(name: str) -> bool:
    """Whether a row has the file, as far as can be known: an unanswered COMMIT may have come through."""
    try:
        return Material.objects.filter(file=name).exists()
    except (DatabaseError, InterfaceError):
        return True


def opened(material: Material) -> BinaryIO:
    """The file of a material, to be read; raises FileMissing."""
    try:
        return open(default_storage.path(str(material.file)), "rb")
    except FileNotFoundError:
        raise FileMissing from None


def has_bytes_of(material: Material, upload: Upload) -> bool:
    """Whether a material's file and an upload are the same, byte for byte."""
    if not material.file or material.file_size != upload.size:
        return False
    upload.seek(0)
    try:
        with opened(material) as file:
            while block := file.read(_BLOCK):
                if block != upload.read(_BLOCK):
                    return False
    except FileMissing:
        return False
    return not upload.read(1)
