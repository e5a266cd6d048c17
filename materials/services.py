"""Every write of materials."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from common.constraints import key_of, refusing
from common.errors import IdConflict, NotVisible
from common.uploads import remove_file
from materials import store
from materials.files import SeenFile
from materials.models import Material, MaterialType, Subject


def create_subject(*, owner: User, name: str, description: str = "", id: UUID | None = None) -> Subject:
    """A new subject to study."""
    keys = {"id": id} if id else {}
    with refusing({key_of(Subject): IdConflict}), transaction.atomic():
        return Subject.objects.create(user=owner, name=name, description=description, **keys)


def change_subject(*, subject_id: UUID, by: User, **changes: Any) -> None:
    """Another name or description."""
    if not Subject.objects.visible_to(by).filter(pk=subject_id).update(updated_at=Now(), **changes):
        raise NotVisible


def delete_subject(*, subject_id: UUID, by: User) -> None:
    """Put a subject in the trash; its materials vanish with it."""
    if not Subject.objects.visible_to(by).filter(pk=subject_id).soft_delete(by=by):
        raise NotVisible


def restore_subject(*, subject_id: UUID, by: User) -> None:
    """Bring a subject back, with the materials that were in it."""
    if not Subject.objects.in_trash_of(by).filter(pk=subject_id).restore():
        raise NotVisible


def create_material(
    *,
    owner: User,
    subject: Subject,
    title: str,
    type: str,
    content: str = "",
    url: str = "",
    id: UUID | None = None,
) -> Material:
    """A new text or web address in a subject."""
    keys = {"id": id} if id else {}
    with refusing({key_of(Material): IdConflict}), transaction.atomic():
        return Material.objects.create(
            user=owner, subject=subject, title=title, type=type, content=content, url=url, **keys
        )


def add_file(
    *, owner: User, subject: Subject, title: str, file: SeenFile, id: UUID | None = None
) -> Material:
    """A new file in a subject, with its text for content."""
    keys = {"id": id} if id else {}
    with store.kept(file) as name, refusing({key_of(Material): IdConflict}), transaction.atomic():
        return Material.objects.create(
            user=owner,
            subject=subject,
            title=title,
            type=MaterialType.FILE,
            file=name,
            **file.columns,
            **keys,
        )


def replace_file(*, material_id: UUID, by: User, file: SeenFile, **changes: Any) -> None:
    """Another file in the place of a material's own, which goes once this one is there for good."""
    with store.kept(file) as name, transaction.atomic():
        # Held, so that of two who replace at once the later one knows which file the earlier one brought.
        material = Material.objects.visible_to(by).of_type(MaterialType.FILE).holding(material_id)
        if material is None:
            raise NotVisible
        Material.objects.filter(pk=material.pk).update(updated_at=Now(), file=name, **file.columns, **changes)
        transaction.on_commit(partial(remove_file, material.file.name), robust=True)


def change_material(*, material_id: UUID, by: User, **changes: Any) -> None:
    """Another title, subject, text or address."""
    if not Material.objects.visible_to(by).filter(pk=material_id).update(updated_at=Now(), **changes):
        raise NotVisible


def delete_material(*, material_id: UUID, by: User) -> None:
    """Put a material in the trash."""
    if not Material.objects.visible_to(by).filter(pk=material_id).soft_delete(by=by):
        raise NotVisible


def restore_material(*, material_id: UUID, by: User) -> None:
    """Bring a material back into its subject."""
    if not Material.objects.in_trash_of(by).filter(pk=material_id).restore():
        raise NotVisible
