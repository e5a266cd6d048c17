"""Files of materials in the studio: staff see what they are and fetch them, and change nothing about them."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from materials.models import Material
from tests.factories import FileMaterialFactory, MaterialFactory, UserFactory
from tests.studio.pages import page, save


def address(material):
    return reverse("admin:materials_material_file", args=[material.pk])


def test_staff_fetch_a_file_from_its_material_s_page_also_from_the_trash(studio, alice):
    material = FileMaterialFactory(user=alice)
    Material.objects.filter(pk=material.pk).soft_delete()

    shown = studio.get(page(Material, "change", material.pk)).content.decode()
    answer = studio.get(address(material), headers={"Range": "bytes=0-2"})

    assert f'<a href="{address(material)}">Download</a>' in shown
    for said in ("tides.txt", "text/plain"):
        assert said in shown
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"Ebb")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tides.txt"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_no_form_changes_a_file(studio, alice):
    material = FileMaterialFactory(user=alice)

    save(studio, material, title="New", file="materials/00/other.txt", file_name="x", file_type="text/html")

    material.refresh_from_db()
    assert (material.title, material.file_name, material.file_type) == ("New", "tides.txt", "text/plain")


def test_a_material_without_a_file_has_nothing_to_fetch(studio, alice, settings, tmp_path):
    text, lost = MaterialFactory(user=alice), FileMaterialFactory(user=alice)
    settings.MEDIA_ROOT = tmp_path

    for material in (text, lost):
        assert studio.get(address(material)).status_code == 404
    assert "Download" not in studio.get(page(Material, "change", text.pk)).content.decode()


@pytest.mark.parametrize("codename", [None, "view_subject"])
def test_only_staff_who_see_materials_fetch_their_files(client, alice, codename):
    material = FileMaterialFactory(user=alice)
    assert client.get(address(material)).status_code == 302  # to the log-in
    person = UserFactory(is_staff=codename is not None)
    person.user_permissions.set(Permission.objects.filter(codename=codename))
    client.force_login(person)

    assert client.get(address(material)).status_code == (403 if codename else 302)


def test_the_studio_takes_no_files(client, db, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path

    with (tmp_path / "large").open("w+b") as large:
        large.truncate(3 * 2**20)
        answer = client.post("/admin/login/", {"username": "x", "file": large})

    assert answer.status_code == 400
    assert [path.name for path in tmp_path.iterdir()] == ["large"]
