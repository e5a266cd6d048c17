"""Lists of things that are walked page by page while they grow."""

from materials.models import Material
from tests.factories import MaterialFactory, SubjectFactory
from tests.races.conftest import AT_ONCE, sized, token_of

PAGE = 20


def test_who_walks_a_list_that_grows_sees_everything_that_was_there_before(crowd, alice, record_property):
    writers, each = AT_ONCE // 2, sized(300)
    subject, token = SubjectFactory(user=alice), token_of(alice)
    old = [str(MaterialFactory(user=alice, subject=subject).pk) for _ in range(3 * PAGE)]
    everything = len(old) + writers * each
    refused = crowd.refused

    def ask(line, *request):
        return line.ask(token, *request)[1]

    def write(line):
        for number in range(each):
            sent = {"subject": str(subject.pk), "title": f"New {number}", "type": "text", "content": "New"}
            made = ask(line, "POST", "materials/", sent)
            ask(line, "PATCH", f"materials/{made['id']}/", {"title": f"Newer {number}"})

    def walk(ordering):
        def all_pages(line):
            """The ids of each page of each walk, until one has found everything."""
            walks = []
            while not refused and (not walks or walks[-1][-1]["total"] < everything):
                pages, number = [], 1
                while not pages or pages[-1]["has_more"]:
                    path = f"materials/?ordering={ordering}&page={number}&page_size={PAGE}"
                    pages.append(ask(line, "GET", path))
                    number += 1
                walks.append(pages)
            return walks

        return all_pages

    *_, by_age, by_change = crowd.act(*[write] * writers, walk("created_at"), walk("-updated_at"))

    pages = [page for pages in (*by_age, *by_change) for page in pages]
    record_property(
        "race",
        f"{writers} writers of {each}, {len(by_age)} walks by age and {len(by_change)} by change, "
        f"{len(pages):,} pages; refused {len(refused)}",
    )
    assert not refused
    for page in pages:
        ids = [item["id"] for item in page["items"]]
        assert len(set(ids)) == len(ids) == min(PAGE, page["total"] - PAGE * (page["page"] - 1))
        assert page["has_more"] == (PAGE * page["page"] < page["total"])
    known = set(old)
    for walk_of_all in by_age:
        seen = {item["id"] for page in walk_of_all for item in page["items"]}
        # What comes while one walks stands behind what was there.
        assert known <= seen
        known = seen
    assert len(known) == everything == Material.objects.count()
