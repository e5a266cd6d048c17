"""What the demo people have asked their assistant."""

from collections.abc import Iterator
from typing import Any

from accounts.seed import person
from common.seeding import Made, Volume, moment, shares, stable_id
from materials.models import Material
from materials.seed import material_key
from threads import services
from threads.models import Message, Thread

# Owner, title, material, turns: the person begins and the assistant answers.
THREADS = (
    (
        "ada",
        "Why do eigenvectors of a symmetric matrix stand at right angles?",
        "Eigenvectors in one page",
        (
            "In the example (1, 1) and (1, −1) are perpendicular. Is that luck?",
            "No. The matrix is symmetric, and for a symmetric matrix eigenvectors of different eigenvalues are "
            "always perpendicular. Would you like to try the proof first? Start from (Av)·w.",
            "(Av)·w = λ v·w, because Av = λv. And since A is symmetric I can move it over: v·(Aw) = μ v·w?",
            "Exactly. Both are the same number, so λ v·w = μ v·w.",
            "So (λ − μ) v·w = 0, and λ ≠ μ, so v·w = 0. That is the whole proof!",
            "That is the whole proof. Note where each assumption was used: symmetry when you moved A over, "
            "different eigenvalues when you divided by λ − μ. What happens when two eigenvalues are equal?",
            "Then the eigenspace is bigger, and I can choose a perpendicular basis inside it?",
            "Yes, by Gram–Schmidt. Together the two cases give the spectral theorem for real symmetric matrices.",
        ),
    ),
    (
        "ben",
        "Problem sheet 4: the pendulum clock on the moon",
        "The pendulum, small angles",
        (
            "A pendulum clock keeps time on Earth. How much does it lose in an hour on the moon, g = 1.62?",
            "Begin with the ratio of the periods. What does T = 2π √(L/g) give for it?",
            "T_moon / T_earth = √(9.81/1.62) = 2.46.",
            "Good. Each swing takes 2.46 times as long, so in one real hour the clock shows 60/2.46 minutes.",
            "24.4 minutes. So it loses about 35.6 minutes an hour.",
            "Right, and the length of the pendulum dropped out. Check the units once more and write it down.",
        ),
    ),
    (
        "chen",
        "Practise: causes of the Revolution",
        None,
        (
            "Ask me one question about the causes and tell me what my answer lacks.",
            "Why did the crown call the Estates-General in 1789, after 175 years without them?",
            "Because it was bankrupt and needed new taxes.",
            "Correct, and one step is missing: why could the king not simply decree them? Think of the parlements.",
        ),
    ),
)


def seed() -> None:
    """Add the demo threads where they are missing."""
    for owner, title, material, turns in THREADS:
        key = stable_id(f"thread:{title}")
        if Thread.objects.filter(pk=key).exists():
            continue
        user = person(owner)
        about = Material.objects.filter(pk=material_key(material)).first() if material else None
        services.create_thread(owner=user, title=title, material=about, id=key)
        messages = [
            {
                "id": stable_id(f"message:{title}:{number}"),
                "role": "assistant" if number % 2 else "user",
                "content": content,
            }
            for number, content in enumerate(turns)
        ]
        services.post_messages(thread_id=key, author=user, messages=messages)


def volume(made: Made, scale: float, world: dict[str, Any]) -> Iterator[Volume]:
    """20,000 threads with 1,000,000 messages at scale 1."""
    count, people = max(1, round(20_000 * scale)), world["people"]
    sizes = shares(made, max(1, round(1_000_000 * scale)), count)
    keys = [made.key() for _ in range(count)]
    threads = (
        (key, people[n % len(people)], f"Thread {n}", size, moment(n), moment(n + size))
        for n, (key, size) in enumerate(zip(keys, sizes, strict=True))
    )
    columns = ("id", "user_id", "title", "last_seq", "created_at", "updated_at")
    yield Volume(Thread, columns, threads, count)
    messages = (
        (
            made.key(),
            key,
            seq,
            "user" if seq % 2 else "assistant",
            made.text(n + seq),
            *[moment(n + seq)] * 2,
        )
        for n, (key, size) in enumerate(zip(keys, sizes, strict=True))
        for seq in range(1, size + 1)
    )
    turn = ("id", "thread_id", "seq", "role", "content", "created_at", "updated_at")
    yield Volume(Message, turn, messages, sum(sizes))
