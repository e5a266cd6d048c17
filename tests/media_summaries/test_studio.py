"""Videos and their vocabulary in the studio."""

import pytest
from django.db.models.functions import Now

from media_summaries.models import (
    Category,
    Keyframe,
    Tag,
    VideoSummary,
    VideoSummaryCategory,
    VideoSummaryTag,
)
from media_summaries.vocabulary import name_key
from tests.factories import CategoryFactory, KeyframeFactory, TagFactory, VideoSummaryFactory

TABLES = (VideoSummary, Keyframe, Tag, Category, VideoSummaryTag, VideoSummaryCategory)


def page(model, tail=""):
    return f"/admin/media_summaries/{model._meta.model_name}/{tail}"


@pytest.fixture
def studio(client, root):
    client.force_login(root)
    return client


@pytest.fixture
def video(alice):
    video = VideoSummaryFactory(user=alice, title="The tides", tags=["Moon"], categories=["Sky"])
    KeyframeFactory(video_summary=video, timestamp=61)
    return video


@pytest.mark.parametrize("model", TABLES)
def test_every_table_is_listed_searched_and_opened(studio, video, model):
    row = model.objects.get()

    for tail in ("", "?q=moon", f"{row.pk}/change/"):
        assert studio.get(page(model, tail)).status_code == 200


def test_the_list_of_videos_costs_the_same_whatever_the_rows(studio, queries):
    def cost():
        with queries() as sent:
            assert studio.get(page(VideoSummary)).status_code == 200
        return len(sent)

    VideoSummaryFactory()
    one = cost()
    for _ in range(5):
        VideoSummaryFactory(tags=["a"])

    assert cost() == one


def test_a_video_is_edited_and_its_job_is_left_alone(studio, video, queries):
    form = studio.get(page(VideoSummary, f"{video.pk}/change/")).context["adminform"].form
    inlines = {
        f"{prefix}-{name}_FORMS": 0
        for prefix in ("videosummarytag_set", "videosummarycategory_set", "keyframes")
        for name in ("TOTAL", "INITIAL")
    }
    # A worker takes the job while the page is open.
    VideoSummary.objects.filter(pk=video.pk).update(
        processing_status="processing", claimed_by="worker-1", lease_expires_at=Now(), channel_name="Sea"
    )
    before = VideoSummary.objects.get(pk=video.pk)

    sent = {name: form[name].value() or "" for name in form.fields}
    with queries() as statements:
        answer = studio.post(
            page(VideoSummary, f"{video.pk}/change/"),
            {**sent, **inlines, "title": "Ebb", "processing_status": "failed"},
        )

    assert answer.status_code == 302
    (update,) = (entry["sql"] for entry in statements if entry["sql"].startswith("UPDATE"))
    # Not even what it was: a worker may write it between the page's read and its write.
    assert "processing_status" not in update
    now = VideoSummary.objects.get(pk=video.pk)
    assert (now.title, now.processing_status, now.claimed_by) == ("Ebb", "processing", "worker-1")
    assert now.updated_at > before.updated_at


def test_videos_are_hidden_and_brought_back_unless_another_has_taken_the_place(studio, root, video):
    def run(action):
        return studio.post(
            page(VideoSummary), {"action": action, "_selected_action": [video.pk]}, follow=True
        ).content.decode()

    run("hide")
    assert VideoSummary.objects.get().deleted_by == root
    assert "The tides" in studio.get(page(VideoSummary, "?trash=only")).content.decode()
    second = VideoSummaryFactory(user=video.user, youtube_id=video.youtube_id)
    assert "Nothing brought back" in run("bring_back")
    assert VideoSummary.objects.get(pk=video.pk).deleted_at is not None
    second.delete()
    assert "1 brought back" in run("bring_back")
    assert VideoSummary.objects.get().deleted_at is None


@pytest.mark.parametrize(("model", "factory"), [(Tag, TagFactory), (Category, CategoryFactory)])
def test_a_label_is_made_and_renamed_with_what_tells_it_apart(studio, model, factory):
    label, other = factory(name="Ökologie"), factory(name="Sea")

    def save(tail, **fields):
        return studio.post(page(model, tail), {"description": "", "color": "", **fields})

    assert save("add/", name=" Émile ").status_code == 302
    assert model.objects.get(name="Émile").name_key == "émile"
    assert save(f"{label.pk}/change/", name="ÖKOLOGIE", color="#00ff00").status_code == 302
    assert save(f"{label.pk}/change/", name="Naturkunde").status_code == 302
    renamed = model.objects.get(pk=label.pk)
    assert (renamed.name, renamed.name_key) == ("Naturkunde", "naturkunde")
    assert renamed.updated_at > label.updated_at

    for fields in (
        {"name": "\uff33EA"},
        {"name": "a\u200bb"},
        {"name": "\u200d"},
        {"name": "x", "color": "red"},
    ):
        answer = save(f"{label.pk}/change/", **fields)
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors or answer.context["errors"]
    assert model.objects.get(pk=label.pk).name == "Naturkunde"
    assert model.objects.get(pk=other.pk).name_key == name_key("Sea")


@pytest.mark.parametrize(("model", "kind"), [(Tag, "tags"), (Category, "categories")])
def test_labels_are_merged_into_the_oldest(studio, alice, model, kind):
    VideoSummaryFactory(user=alice, title="1", **{kind: ["AI"]})
    VideoSummaryFactory(user=alice, title="2", **{kind: ["AI", "A.I.", "artificial intelligence"]})
    VideoSummaryFactory(user=alice, title="3", **{kind: ["artificial intelligence", "Sea"]})
    chosen = model.objects.named("AI", "A.I.", "artificial intelligence").values_list("pk", flat=True)

    studio.post(page(model), {"action": "merge", "_selected_action": list(chosen)})

    names = {
        video.title: sorted(label.name for label in getattr(video, kind).all())
        for video in VideoSummary.objects.all()
    }
    assert names == {"1": ["AI"], "2": ["AI"], "3": ["AI", "Sea"]}
    assert sorted(model.objects.values_list("name", flat=True)) == ["AI", "Sea"]


@pytest.mark.parametrize("model", [Tag, Category, Keyframe, VideoSummaryTag])
def test_what_has_no_trash_is_deleted_at_once(studio, video, model):
    row = model.objects.get()

    assert studio.post(page(model, f"{row.pk}/delete/"), {"post": "yes"}).status_code == 302

    assert not model.objects.exists()
    assert VideoSummary.objects.count() == 1


def test_videos_are_neither_added_nor_deleted_for_good_here(studio, video):
    assert studio.get(page(VideoSummary, "add/")).status_code == 403
    assert studio.post(page(VideoSummary, f"{video.pk}/delete/"), {"post": "yes"}).status_code == 403
