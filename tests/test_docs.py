"""What the documents say is so."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_the_first_session_works_when_pasted(transactional_db, live_server, capsys):
    call_command("seed")
    session = re.search(r"paste line by line:\n\n```bash\n(.+?)```", README, re.DOTALL)[1]
    session = session.replace("API=http://127.0.0.1:8000", f"API={live_server.url}")

    done = subprocess.run(["bash", "-euo", "pipefail", "-c", session], capture_output=True, text=True)  # noqa: S603, S607

    assert (done.returncode, done.stderr) == (0, "")
    assert '"error"' not in done.stdout
    assert "Each step removes what the earlier vectors already say." in done.stdout
    assert '"youtube_id":"kjBOesZCoqc"' in done.stdout
    assert '"content":"Have you seen the new chapter?"' in done.stdout.splitlines()[-1]


def test_every_make_command_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`?make ([a-z]+)", README)) - {"it"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_setting_is_listed():
    settings = (ROOT / "config" / "settings.py").read_text()
    listed = (ROOT / ".env.example").read_text()
    for name in re.findall(r'(?:env\.\w+|flag|count)\(\s*"([A-Z_]+)"', settings):
        assert re.search(rf"^# ?{name}=|{name}", listed), name


@pytest.mark.parametrize(
    "document", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name
)
def test_every_link_and_file_named_exists(document):
    text = document.read_text()
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (document.parent / target).exists(), target
    for name in re.findall(r"`((?:\w+/)+\w+\.\w+)`", text):
        assert (ROOT / name).exists(), name


def test_the_schema_is_valid_without_a_warning(capsys):
    call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null")


def test_the_docs_page_loads_nothing_from_elsewhere(client, db):
    page = client.get("/api/docs/").content.decode()

    assert "swagger-ui" in page
    assert not re.findall(r"(?:src|href)=\"https?://", page)
