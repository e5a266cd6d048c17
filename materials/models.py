"""Subjects and the materials in them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.constraints import (
    MAX_INTEGER,
    Check,
    Unique,
    is_between,
    is_one_of,
    length_between,
    web_address_or_empty,
)
from common.functions import CodePointOrder
from common.models import SoftDeleteModel, by_deleter
from materials.querysets import MaterialQuerySet, SubjectQuerySet

MAX_CONTENT = 500_000

# The kinds of files that are kept, each by the ending of its name.
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
}
UNKNOWN_TYPE = "application/octet-stream"


class Subject(SoftDeleteModel):
    """What somebody studies."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_CASCADE,
        related_name="subjects",
        db_index=False,
    )
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=5000, blank=True, default="", db_default="")

    objects = SubjectQuerySet.as_manager()

    class Meta:
        ordering = ("-updated_at", "-id")
        constraints = [
            length_between("name", 1, 200, name="subject_name_length"),
            length_between("description", 0, 5000, name="subject_description_length"),
        ]
        indexes = [
            # One's subjects and their trash, latest first; the cascade when a person is purged.
            models.Index(fields=["user", "updated_at", "id"], name="subject_by_update"),
            # ?ordering=created_at
            models.Index(
                fields=["user", "created_at", "id"],
                name="subject_by_creation",
                condition=Q(deleted_at=None),
            ),
            # ?ordering=name
            models.Index(
                "user",
                CodePointOrder("name"),
                "id",
                name="subject_by_name",
                condition=Q(deleted_at=None),
            ),
            # The studio's list of subjects.
            models.Index(fields=["updated_at", "id"], name="subject_all_by_update"),
            by_deleter("subject_by_deleter"),
        ]

    def __str__(self) -> str:
        return self.name


class MaterialType(models.TextChoices):
    """Where a material's substance is."""

    TEXT = "text"
    FILE = "file"
    URL = "url"


class Material(SoftDeleteModel):
    """Something to study: a text, a file or an address on the web."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_CASCADE,
        related_name="materials",
        db_index=False,
    )
    subject = models.ForeignKey(
        Subject, on_delete=models.DB_CASCADE, related_name="materials", db_index=False
    )
    title = models.CharField(max_length=300)
    type = models.CharField(max_length=10, choices=MaterialType)
    content = models.TextField(max_length=MAX_CONTENT, blank=True, default="", db_default="")
    content_truncated = models.BooleanField(default=False, db_default=False, editable=False)
    url = models.URLField(max_length=2000, blank=True, default="", db_default="")
    file = models.FileField(
        upload_to="materials", max_length=200, blank=True, default="", db_default="", editable=False
    )
    file_name = models.CharField(max_length=255, blank=True, default="", db_default="", editable=False)
    file_size = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    file_type = models.CharField(max_length=100, blank=True, default="", db_default="", editable=False)

    objects = MaterialQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            length_between("title", 1, 300, name="material_title_length"),
            is_one_of("type", MaterialType.values, name="material_type"),
            length_between("content", 0, MAX_CONTENT, name="material_content_length"),
            web_address_or_empty("url", name="material_url_web_address"),
            length_between("file", 0, 200, name="material_file_length"),
            length_between("file_name", 0, 255, name="material_file_name_length"),
            length_between("file_type", 0, 100, name="material_file_type_length"),
            is_between("file_size", 0, MAX_INTEGER, name="material_file_size"),
            # Also what finds out whether a file is anybody's.
            Unique(
                fields=["file"],
                name="material_file_once",
                condition=~Q(file=""),
                message="A file belongs to one material, with which it is removed.",
            ),
            Check(
                condition=(Q(type=MaterialType.URL) & ~Q(url="")) | (~Q(type=MaterialType.URL) & Q(url="")),
                name="material_url_belongs_to_url",
                field="url",
                message="A material of type url has an address, and no other has one.",
            ),
            Check(
                condition=~Q(type=MaterialType.URL) | Q(content=""),
                name="material_url_has_no_content",
                field="content",
                message="A web address has no content.",
            ),
            Check(
                condition=(Q(type=MaterialType.FILE) & ~Q(file=""))
                | (~Q(type=MaterialType.FILE) & Q(file="", file_name="", file_size=0, file_type="")),
                name="material_file_belongs_to_file",
                message="A material of type file has a file, and no other has one.",
            ),
        ]
        indexes = [
            # One's materials and their trash, latest first; the cascade when a person is purged.
            models.Index(fields=["user", "created_at", "id"], name="material_by_creation"),
            # ?ordering=updated_at
            models.Index(
                fields=["user", "updated_at", "id"],
                name="material_by_update",
                condition=Q(deleted_at=None),
            ),
            # ?ordering=title
            models.Index(
                "user",
                CodePointOrder("title"),
                "id",
                name="material_by_title",
                condition=Q(deleted_at=None),
            ),
            # ?subject=, latest first; the cascade when a subject is purged.
            models.Index(fields=["subject", "created_at", "id"], name="material_by_subject"),
            # The count of a subject's live materials.
            models.Index(fields=["subject"], name="material_live_by_subject", condition=Q(deleted_at=None)),
            # ?type=, latest first
            models.Index(
                fields=["user", "type", "created_at", "id"],
                name="material_by_type",
                condition=Q(deleted_at=None),
            ),
            # The studio's list of materials.
            models.Index(fields=["created_at", "id"], name="material_all_by_creation"),
            by_deleter("material_by_deleter"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def file_kind(self) -> str:
        """The ending that stands for what the file is, whatever its name says."""
        return str(self.file).rpartition(".")[2]

    @property
    def download_name(self) -> str:
        """The name to save the file under; one that promises something else gets the right ending."""
        endings = {self.file_kind, "jpeg"} if self.file_kind == "jpg" else {self.file_kind}
        promised = self.file_name.rpartition(".")[2].lower()
        return self.file_name if promised in endings else f"{self.file_name}.{self.file_kind}"

    @property
    def download_type(self) -> str:
        """The media type that the file is sent as: one of those that are kept, never one that is executed."""
        if self.file_type not in MEDIA_TYPES.values():
            return UNKNOWN_TYPE
        return f"{self.file_type}; charset=utf-8" if self.file_type.startswith("text/") else self.file_type
