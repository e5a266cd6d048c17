"""Which video a YouTube address means."""

import re
from urllib.parse import parse_qs, urlsplit

_ID = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)
_PLAYER = re.compile(r"/(?:embed|live|shorts|v|e|watch)/([^/]+)/?")
_PATHS = {
    **dict.fromkeys(("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"), _PLAYER),
    **dict.fromkeys(("youtube-nocookie.com", "www.youtube-nocookie.com"), re.compile(r"/embed/([^/]+)/?")),
    **dict.fromkeys(("youtu.be", "www.youtu.be"), re.compile(r"/([^/]+)/?")),
}
# Eleven characters each, where an id would stand: the players of a playlist and of a channel's broadcast.
_NO_VIDEOS = {"videoseries", "live_stream"}


def video_id(address: str) -> str:
    """The 11 characters by which YouTube knows the video of an address; ValueError for any other address."""
    parts = urlsplit(address)
    path = _PATHS.get(parts.netloc.lower())
    named: list[str] = []
    if path and parts.scheme in {"http", "https"}:
        if path is _PLAYER and parts.path in {"/watch", "/watch/"}:
            named = parse_qs(parts.query).get("v", [])
        elif found := path.fullmatch(parts.path):
            named = [found[1]]
    if len(named) != 1 or not _ID.fullmatch(named[0]) or named[0] in _NO_VIDEOS:
        raise ValueError("This address means no video of YouTube.")
    return named[0]
