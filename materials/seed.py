"""What the demo people study."""

from collections.abc import Iterator
from typing import Any

from accounts.seed import person
from common.seeding import Made, Volume, moment, stable_id
from common.uploads import Upload
from materials import services
from materials.files import look_into
from materials.models import Material, MaterialType, Subject

# Owner, name, description.
SUBJECTS = (
    ("ada", "Linear algebra", "Vectors, matrices and what they do to space. Exam in June."),
    ("ada", "Writing proofs", "How to get from what is given to what is asked, and say so clearly."),
    ("ben", "Classical mechanics", "Newton's laws, energy, oscillations; problem sheets every Thursday."),
    ("chen", "The French Revolution", "Causes, course and consequences, 1774 to 1815."),
)

# Subject, title, text or address.
MATERIALS = (
    (
        "Linear algebra",
        "Eigenvectors in one page",
        """An eigenvector of a square matrix A is a nonzero vector v that A only stretches: Av = λv. The factor λ
is its eigenvalue.

How to find them
1. Solve det(A − λI) = 0 for λ.
2. For each λ solve (A − λI)v = 0.

Example. For A = [[2, 1], [1, 2]] the equation is (2 − λ)² − 1 = 0, so λ = 3 or λ = 1. With λ = 3 the system is
−x + y = 0, so v = (1, 1). With λ = 1 it is x + y = 0, so v = (1, −1).

Why it matters: in the basis of its eigenvectors a matrix is diagonal, and powers become easy:
A¹⁰ stretches (1, 1) by 3¹⁰ and leaves (1, −1) alone.
""",
    ),
    (
        "Linear algebra",
        "Checklist before handing in",
        """- Did I say which field the scalars come from?
- Is every vector space closed under both operations, or did I only check one?
- Rank plus nullity equals the number of columns. Does mine?
- A change of basis is P⁻¹AP, in this order.
""",
    ),
    (
        "Linear algebra",
        "MIT course page 18.06",
        "https://ocw.mit.edu/courses/18-06-linear-algebra-spring-2010/",
    ),
    (
        "Writing proofs",
        "Proof by contradiction, with √2",
        """Claim: √2 is irrational.

Suppose it is not: √2 = p/q in lowest terms. Then p² = 2q², so p² is even, so p is even, say p = 2k.
Then 4k² = 2q², so q² = 2k² and q is even as well. Both even is not lowest terms: a contradiction.

The pattern: assume the opposite, follow it until it breaks a thing you are sure of, and name that thing.
""",
    ),
    (
        "Classical mechanics",
        "The pendulum, small angles",
        """For a pendulum of length L the angle obeys θ'' = −(g/L) sin θ. For small angles sin θ ≈ θ and the motion
is harmonic with period T = 2π √(L/g).

A metre of string: T ≈ 2π √(1 / 9.81) ≈ 2.0 s. The mass does not occur. At 30° the true period is about 1.7 %
longer than this; the approximation is good to one percent up to about 23°.
""",
    ),
    (
        "Classical mechanics",
        "Units and orders of magnitude",
        """Always carry units through. A walking person: about 1.4 m/s. A falling one after one second: 9.8 m/s.
A car at 100 km/h has 28 m/s; with 1,200 kg that is 0.46 MJ, the food energy of a small apple and a half.
""",
    ),
    (
        "The French Revolution",
        "Why 1789? Four strands",
        """1. Money: the crown's debt after the American war; half the revenue went into interest.
2. Bread: the harvest of 1788 failed; in July 1789 bread cost most of a labourer's wage.
3. Estates: privilege without service; the Third Estate paid and did not decide.
4. Ideas: the words for it were there: citizen, nation, rights.

No strand alone explains it. The meeting of the Estates-General is where they were tied together.
""",
    ),
    (
        "The French Revolution",
        "Declaration of the Rights of Man and of the Citizen",
        "https://avalon.law.yale.edu/18th_century/rightsof.asp",
    ),
)


# Subject, title, name of the file, what is in it.
FILES = (
    (
        "Linear algebra",
        "Lecture 3: bases",
        "lecture-3.md",
        """# Lecture 3: bases

A **basis** is a list of vectors that spans the space and is linearly independent. Then every vector is a
combination of them in exactly one way; the coefficients are its coordinates.

- All bases of a space have the same length, its dimension.
- A spanning list can be thinned to a basis, an independent list can be extended to one.
""",
    ),
    (
        "Linear algebra",
        "Exercise sheet 3",
        "exercises-3.pdf",
        """Linear algebra, exercise sheet 3

1. Is {(1, 2), (2, 4)} a basis of the plane? Say why.
2. Extend (1, 1, 0) to a basis of three-dimensional space.
3. Find the coordinates of (3, 1) in the basis (1, 1), (1, -1).

Hand in on Friday before the lecture.""",
    ),
)


def pdf(*pages: str) -> bytes:
    """A PDF with these lines, of plain ASCII, on its pages; always the same bytes."""
    first = 4
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        safe = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        lines = " T* ".join(f"({line}) Tj" for line in safe.split("\n"))
        drawn = f"BT /F1 12 Tf 16 TL 72 740 Td {lines} ET"
        objects += [
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {first + 1 + 2 * number} 0 R >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    made, table = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, content in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(made)
        made += f"{number} 0 obj\n{content}\nendobj\n".encode()
    count = len(objects) + 1
    end = f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + b"xref\n0 %d\n" % count + table + end.encode()


def subject_key(name: str) -> Any:
    """The key of a demo subject."""
    return stable_id(f"subject:{name}")


def material_key(title: str) -> Any:
    """The key of a demo material."""
    return stable_id(f"material:{title}")


def seed() -> None:
    """Add the demo subjects and materials where they are missing."""
    for owner, name, description in SUBJECTS:
        if not Subject.objects.filter(pk=subject_key(name)).exists():
            services.create_subject(
                owner=person(owner), name=name, description=description, id=subject_key(name)
            )
    subjects = Subject.objects.in_bulk([subject_key(name) for _, name, _ in SUBJECTS])
    for subject_name, title, substance in MATERIALS:
        if Material.objects.filter(pk=material_key(title)).exists():
            continue
        subject = subjects[subject_key(subject_name)]
        kind = (
            {"type": MaterialType.URL, "url": substance}
            if substance.startswith("https://")
            else {"type": MaterialType.TEXT, "content": substance}
        )
        services.create_material(
            owner=subject.user, subject=subject, title=title, id=material_key(title), **kind
        )
    for subject_name, title, name, text in FILES:
        if not Material.objects.filter(pk=material_key(title)).exists():
            subject = subjects[subject_key(subject_name)]
            add_file(subject, title, name, pdf(text) if name.endswith(".pdf") else text.encode())


def add_file(subject: Subject, title: str, name: str, content: bytes) -> None:
    """A demo file, in the way that every file takes."""
    with Upload(name) as upload:
        upload.write(content)
        upload.size = len(content)
        services.add_file(
            owner=subject.user,
            subject=subject,
            title=title,
            file=look_into(upload, name),
            id=material_key(title),
        )


def volume(made: Made, scale: float, world: dict[str, Any]) -> Iterator[Volume]:
    """Three subjects a person with ten materials each."""
    owners = [(key, made.key()) for key in world["people"] for _ in range(3)]
    subjects = ((key, user, f"Subject {n}", *[moment(n)] * 2) for n, (user, key) in enumerate(owners, 1))
    yield Volume(Subject, ("id", "user_id", "name", "created_at", "updated_at"), subjects, len(owners))
    materials = (
        (made.key(), user, subject, f"Material {n}.{m}", "text", made.text(n + m), *[moment(n + m)] * 2)
        for n, (user, subject) in enumerate(owners, 1)
        for m in range(10)
    )
    columns = ("id", "user_id", "subject_id", "title", "type", "content", "created_at", "updated_at")
    yield Volume(Material, columns, materials, 10 * len(owners))
