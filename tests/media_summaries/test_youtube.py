"""Which addresses mean a video of YouTube, and which video."""

import pytest

from media_summaries.youtube import video_id

ID = "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    "address",
    [
        f"https://www.youtube.com/watch?v={ID}",
        f"http://youtube.com/watch?v={ID}",
        f"https://www.youtube.com/watch/?v={ID}",
        f"https://www.youtube.com/watch?app=desktop&v={ID}&list=PL123&index=2&t=1m30s#comments",
        f"https://www.youtube.com/watch?t=42&feature=share&v={ID}",
        f"https://m.youtube.com/watch?v={ID}",
        f"https://music.youtube.com/watch?v={ID}&list=RDAMVM{ID}",
        f"https://youtu.be/{ID}",
        f"http://www.youtu.be/{ID}?t=42",
        f"https://youtu.be/{ID}/?si=abc",
        f"https://www.youtube.com/shorts/{ID}",
        f"https://youtube.com/shorts/{ID}?feature=share",
        f"https://m.youtube.com/shorts/{ID}",
        f"https://www.youtube.com/embed/{ID}",
        f"https://www.youtube.com/embed/{ID}?autoplay=1&start=5",
        f"https://www.youtube-nocookie.com/embed/{ID}",
        f"https://youtube-nocookie.com/embed/{ID}?rel=0",
        f"https://www.youtube.com/live/{ID}?si=abc",
        f"https://www.youtube.com/v/{ID}",
        f"HTTPS://WWW.YouTube.COM/watch?v={ID}",
        f"https://YOUTU.BE/{ID}",
    ],
)
def test_every_form_of_an_address_means_the_one_video(address):
    assert video_id(address) == ID


@pytest.mark.parametrize("id", ["-_-_-_-_-_-", "00000000000", "abcdefghijk"])
def test_an_id_is_any_eleven_letters_digits_hyphens_and_underscores(id):
    assert video_id(f"https://youtu.be/{id}") == id


@pytest.mark.parametrize(
    "address",
    [
        "",
        ID,
        f"youtube.com/watch?v={ID}",
        f"//youtube.com/watch?v={ID}",
        f"ftp://youtube.com/watch?v={ID}",
        f"javascript://youtube.com/watch?v={ID}",
        "https://www.youtube.com/",
        "https://www.youtube.com/watch",
        "https://www.youtube.com/watch?v=",
        f"https://www.youtube.com/watch?V={ID}",
        f"https://www.youtube.com/watch?v={ID[:-1]}",
        f"https://www.youtube.com/watch?v={ID}Q",
        "https://www.youtube.com/watch?v=dQw4w9WgXc%20",
        "https://www.youtube.com/watch?v=dQw4w9WgXc\u0661",
        f"https://www.youtube.com/watch?v={ID}&v=abcdefghijk",
        f"https://www.youtube.com/watch#v={ID}",
        f"https://www.youtube.com/{ID}",
        f"https://www.youtube.com/playlist?list=PL123&v={ID}",
        "https://www.youtube.com/embed/videoseries?list=PL123",
        "https://www.youtube.com/embed/live_stream?channel=UC123",
        "https://www.youtube.com/@somebody",
        f"https://www.youtube.com/embed/{ID}/more",
        f"https://www.youtube.com/clip/{ID}",
        f"https://youtu.be/watch?v={ID}",
        f"https://youtu.be/embed/{ID}",
        f"https://www.youtube-nocookie.com/watch?v={ID}",
        f"https://youtube.com.example.com/watch?v={ID}",
        f"https://notyoutube.com/watch?v={ID}",
        f"https://example.com/?u=https://youtu.be/{ID}",
        f"https://youtube.com@example.com/watch?v={ID}",
        f"https://user@youtube.com/watch?v={ID}",
        f"https://youtube.com:8443/watch?v={ID}",
        f"https://vimeo.com/{ID}",
        "https://[youtube.com/watch",
    ],
)
def test_any_other_address_means_no_video(address):
    with pytest.raises(ValueError, match=r"."):
        video_id(address)
