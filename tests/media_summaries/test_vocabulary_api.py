"""The tags and categories that all people share."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_summaries.models import MAX_LABEL_KEY
from media_summaries.vocabulary import name_key
from tests.factories import CategoryFactory, TagFactory, VideoSummaryFactory


@pytest.mark.parametrize("kind", ["tags", "categories"])
def test_the_vocabulary_comes_by_name_with_ones_own_counts(as_user, alice, bob, queries, kind):
    client = as_user(alice)
    for names in (["Zebra", "apple"], ["apple", "Émile"]):
        VideoSummaryFactory(user=alice, **{kind: names})
    VideoSummaryFactory(user=bob, **{kind: ["apple", "Bob's"]})
    gone = VideoSummaryFactory(user=alice, **{kind: ["Zebra"]})
    client.delete(f"/api/v1/video-summaries/{gone.pk}/")

    with queries() as sent:
        page = client.get(f"/api/v1/{kind}/").json()

    assert len(sent) == 3  # the session, the total, the page
    assert [(item["name"], item["count"]) for item in page["items"]] == [
        ("Bob's", 0),
        ("Zebra", 1),
        ("apple", 2),
        ("Émile", 1),
    ]
    assert (page["total"], page["page"], page["page_size"], page["has_more"]) == (4, 1, 20, False)
    assert page["items"][0].keys() == {"id", "name", "description", "color", "count"}
    theirs = as_user(bob).get(f"/api/v1/{kind}/?page=2&page_size=2").json()["items"]
    assert [(item["name"], item["count"]) for item in theirs] == [("apple", 1), ("Émile", 0)]


def test_counts_are_right_at_once(as_user, alice):
    client = as_user(alice)

    def count():
        return [item["count"] for item in client.get("/api/v1/tags/").json()["items"]]

    body = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ", "tags": ["Moon"]}
    one = f"/api/v1/video-summaries/{client.post('/api/v1/video-summaries/', body).json()['id']}/"
    assert count() == [1]
    client.delete(one)
    assert count() == [0]
    client.post(f"{one}restore/")
    assert count() == [1]
    client.patch(one, {"tags": []})
    assert count() == [0]


def test_the_vocabulary_is_read_only_here(as_user, alice):
    tag, category = TagFactory(description="Of the sky", color="#0a0B0c"), CategoryFactory()
    client = as_user(alice)

    assert client.get("/api/v1/tags/").json()["items"] == [
        {"id": str(tag.pk), "name": tag.name, "description": "Of the sky", "color": "#0a0B0c", "count": 0}
    ]
    assert client.post("/api/v1/tags/", {"name": "Mine"}).status_code == 405
    assert client.delete("/api/v1/categories/").status_code == 405
    assert client.get(f"/api/v1/tags/{tag.pk}/").status_code == 404
    assert client.patch(f"/api/v1/categories/{category.pk}/", {"name": "Mine"}).status_code == 404
    assert client.get("/api/v1/tags/?search=x").status_code == 400


@pytest.mark.parametrize(
    "spellings",
    [
        ("AI", "ai", "Ai", "\uff21\uff49"),
        ("é", "É", "e\u0301", "E\u0301"),
        ("Straße", "STRASSE", "strasse"),
        ("\u2121", "TEL", "tel"),  # one character that stands for three capitals
        ("ﬁsh", "FISH"),
        # Folding takes these apart, and their capitals are never composed.
        ("\u0390", "\u0399\u0308\u0301", "\u03b9\u0308\u0301"),
        ("\u01f0", "J\u030c"),
    ],
)
def test_a_name_is_one_however_it_is_spelled(spellings):
    assert len({name_key(name) for name in spellings}) == 1


@pytest.mark.parametrize("names", [("e", "é"), ("C", "C#"), ("a b", "ab"), ("I", "\u0131")])
def test_accents_and_signs_tell_names_apart(names):
    assert name_key(names[0]) != name_key(names[1])


@given(st.text(min_size=1, max_size=50))
def test_what_tells_names_apart_is_the_same_for_every_way_to_write_them(name):
    name = unicodedata.normalize("NFC", name)
    key = name_key(name)

    assert name_key(key) == key
    assert name_key(unicodedata.normalize("NFD", name)) == key
    assert name_key(unicodedata.normalize("NFKC", name)) == key
    assert name_key(name.casefold()) == key
    assert 1 <= len(key) <= MAX_LABEL_KEY
