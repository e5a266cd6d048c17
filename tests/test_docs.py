"""What the documents say is so."""

import pkgutil
import re
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command, get_commands
from django.urls import Resolver404, resolve

from common.queries import NoQuery
from config.ops.health import PROBES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
PACKAGES = {"common", "accounts", "materials", "media_summaries", "threads", "chatrooms", "config"}


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


@pytest.mark.parametrize("name", ["README.md", "docs/operations.md"])
def test_every_command_that_is_shown_exists(name):
    text = (ROOT / name).read_text()
    shown = set(re.findall(r"\b(?:make|manage\.py) [a-z_]+", text)) - {"make it"}

    assert not [command for command in sorted(shown) if not stands(command)]


def test_every_setting_is_listed():
    settings = (ROOT / "config" / "settings.py").read_text()
    listed = (ROOT / ".env.example").read_text()
    for name in re.findall(r'(?:env\.\w+|flag|count|rate)\(\s*"([A-Z_]+)"', settings):
        assert re.search(rf"^# ?{name}=|{name}", listed), name


def test_the_container_runs_the_same_python_with_settings_that_exist():
    version = (ROOT / ".python-version").read_text().strip()
    assert f"FROM python:{version}-slim" in (ROOT / "Dockerfile").read_text()

    listed = (ROOT / ".env.example").read_text()
    given = re.findall(r"^    ([A-Z_]+): \S+", (ROOT / "compose.yaml").read_text(), re.MULTILINE)
    assert "DATABASE_URL" in given
    assert not [name for name in given if f"{name}=" not in listed]


def test_every_setting_for_running_it_is_read():
    shown = re.findall(
        r"`([A-Z_]{4,})\b|^([A-Z_]{4,})=", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE
    )
    sources = [ROOT / "Makefile", ROOT / "compose.yaml", *(ROOT / "config").rglob("*.py")]
    read = "".join(path.read_text() for path in sources)

    assert not [name for name in sorted({either or other for either, other in shown}) if name not in read]


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


def test_every_reference_in_the_schema_leads_somewhere(client, db):
    document = client.get("/api/schema/?format=json").json()

    for name in set(re.findall(r"#/components/schemas/(\w+)", str(document))):
        assert name in document["components"]["schemas"], name
    threads = document["paths"]["/api/v1/threads/"]
    ordering = next(part for part in threads["get"]["parameters"] if part["name"] == "ordering")
    assert ordering["schema"]["default"] == "-updated_at"
    answers = "200 201 400 401 403 406 409 413 415 429 503"
    assert set(threads["post"]["responses"]) == set(answers.split())
    page = document["components"]["schemas"]["PaginatedThreadList"]["properties"]["items"]
    assert page == {"type": "array", "items": {"$ref": "#/components/schemas/Thread"}}


def test_the_docs_page_loads_nothing_from_elsewhere(client, db):
    page = client.get("/api/docs/").content.decode()

    assert "swagger-ui" in page
    assert not re.findall(r"(?:src|href)=\"https?://", page)


# The five systems: the tables that each one's document names, and how many columns it shows of each.
TABLES = {
    "BrainBytes core": {"user": 7, "session": 8, "subject": 6, "material": 8, "thread": 6, "message": 5},
    "Bun video chat": {
        "users": 10,
        "rooms": 5,
        "messages": 8,
        "room_members": 4,
        "accounts": 0,
        "sessions": 0,
        "verification_tokens": 0,
    },
    "Buster": {"users": 7, "organizations": 0, "organization_members": 3, "user_profiles": 1, "chats": 0},
    "Avenire": {
        "users": 0,
        "accounts": 0,
        "email_verifications": 0,
        "passkeys": 0,
        "chat": 0,
        "message": 0,
        "user-settings": 0,
    },
    "Mind-vault": {
        "user": 7,
        "video_summary": 14,
        "tag": 4,
        "category": 4,
        "keyframe": 6,
        "video_summary_tag": 2,
        "video_summary_category": 2,
    },
}
GROUPS = ["Tables and columns", "Operations", "Commands", "Promises"]


def provenance():
    """The rows of the document by (system, group): what the old document says, where it is, why."""
    found, system, group = {}, "", ""
    for line in (ROOT / "docs" / "from-the-seeds.md").read_text().splitlines():
        if line.startswith("## "):
            system, group = line[3:], ""
        elif line.startswith("### "):
            group = line[4:]
        elif line.startswith("| ") and not line.startswith(("| reason |", f"| {system} | Lyceum |")):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found.setdefault((system, group), []).append(cells)
    return found


def named(cells):
    """The names in backticks that stand, and those that are planned: from that word to the next semicolon."""
    stand, planned = [], []
    for part in ";".join(cells).split(";"):
        names = planned if part.strip().startswith("planned") else stand
        names.extend(re.findall(r"`([^`]+)`", part))
    return stand, planned


def stands(name):
    """Whether what a document names is there; None for a name that is no place in Lyceum."""
    if call := re.fullmatch(r"(GET|POST|PATCH|PUT|DELETE) (/\S+)", name):
        return is_answered(*call.groups())
    if name.startswith("/"):
        return is_answered("GET", name)
    if command := re.fullmatch(r"manage\.py (\w+)", name):
        return command[1] in get_commands()
    if target := re.fullmatch(r"make (\w+)", name):
        return re.search(rf"^{target[1]}:", MAKEFILE, re.MULTILINE) is not None
    if name.startswith("tests/"):
        return (ROOT / name).is_file()
    if name in PACKAGES or re.fullmatch(r"[a-z_]+(\.\w+)+", name):
        return is_in_the_code(name)
    return None


def is_answered(method, address):
    """Whether a route takes the method and, where some are named, the query parameters."""
    path, _, query = address.partition("?")
    if path in PROBES:
        return True
    try:
        view = resolve(re.sub(r"\{\w+\}", str(uuid4()), path)).func
    except Resolver404:
        return False
    if not path.startswith("/api/v1/"):
        return True
    if not hasattr(view, "actions"):
        return False  # what answers for everything unknown below ops/
    action = view.actions.get(method.lower())
    parameters = view.cls.queries.get(action, NoQuery)().fields
    return action is not None and set(re.findall(r"(\w+)=", query)) <= set(parameters)


def is_in_the_code(path):
    """Whether a dotted path can be imported; constraints and indexes count as attributes of their model."""
    try:
        pkgutil.resolve_name(path)
    except (ImportError, AttributeError):
        owner, _, last = path.rpartition(".")
        try:
            meta = pkgutil.resolve_name(owner)._meta
        except (ImportError, AttributeError, ValueError):
            return False
        return last in {rule.name for rule in [*meta.constraints, *meta.indexes, *meta.get_fields()]}
    return True


@pytest.mark.parametrize("system", TABLES)
def test_every_table_and_column_of_an_older_system_has_one_row(system):
    rows = provenance()[system, "Tables and columns"]
    first = [re.match(r"`([^`]+)`", cells[0]) for cells in rows]
    names = [name[1] for name in first if name]
    columns = [name.partition(".")[0] for name in names if "." in name]

    assert {table: names.count(table) for table in TABLES[system]} == dict.fromkeys(TABLES[system], 1)
    assert {table: columns.count(table) for table in TABLES[system]} == TABLES[system]
    assert len(names) == len(set(names))


def test_every_older_system_is_told_whole():
    rows = provenance()
    systems = [(system, group) for system in TABLES for group in GROUPS]

    assert [key for key in rows if key[1]] == systems
    for (system, group), found in rows.items():
        said = [cells[0] for cells in found]
        assert len(said) == len(set(said)), (system, group)
        for cells in found:
            assert len(cells) == 3, cells
            assert cells[1], cells
            assert cells[1] != "not taken" or cells[2], cells


def test_what_came_of_the_older_systems_is_where_the_document_says():
    places = {name for rows in provenance().values() for cells in rows for name in named(cells[1:])[0]}

    assert len(places) > 100
    assert not [name for name in sorted(places) if stands(name) is False]


def test_what_is_planned_does_not_stand_yet():
    planned = {name for rows in provenance().values() for cells in rows for name in named(cells[1:])[1]}

    assert not [name for name in sorted(planned) if stands(name)], "no longer planned: say where it is"
