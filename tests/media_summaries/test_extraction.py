"""What is made of captions in several languages: uploaded by their owner, summarised by the command."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from media_summaries import extraction
from tests.factories import VideoSummaryFactory

ENGLISH = [
    "Today we look at the tides.",
    "The tides rise and fall twice a day, and the Moon is the reason.",
    "It pulls at the water, and the water rises below it.",
    "On the other side of the Earth the water rises as well.",
    "When the Sun and the Moon pull together, the tides aren't low.",
    "When they pull across each other, the tides aren't high.",
]
GERMAN = [
    "Heute geht es um die Gezeiten.",
    "Die Gezeiten kommen zweimal am Tag, und der Mond ist der Grund dafür.",
    "Er zieht am Wasser, und das Wasser steigt unter ihm.",
    "Auf der anderen Seite der Erde steigt das Wasser auch.",
    "Wenn die Sonne und der Mond zusammen ziehen, sind die Gezeiten hoch.",
    "Wenn sie gegeneinander ziehen, sind die Gezeiten niedrig.",
]
SPANISH = [
    "Hoy hablamos de las mareas.",
    "Las mareas suben y bajan dos veces al día, y la Luna es la razón.",
    "La Luna atrae el agua, y el agua sube debajo de ella.",
    "En el otro lado de la Tierra el agua también sube.",
    "Cuando el Sol y la Luna tiran juntos, las mareas son altas.",
    "Cuando tiran cruzados, las mareas son bajas.",
]
FRENCH = [
    "Aujourd\u2019hui nous parlons des marées.",
    "Les marées montent et descendent deux fois par jour, et la Lune en est la cause.",
    "Elle attire l'eau, et l'eau monte sous elle.",
    "De l'autre côté de la Terre, l'eau monte aussi.",
    "Quand le Soleil et la Lune tirent ensemble, les marées sont hautes.",
    "Quand ils tirent en travers, les marées sont basses.",
]
HINDI = [
    "आज हम ज्वार के बारे में बात करते हैं।",
    "ज्वार दिन में दो बार आता है और चंद्रमा इसका कारण है।",
    "चंद्रमा पानी को खींचता है और पानी ऊपर उठता है।",
    "पृथ्वी की दूसरी तरफ भी पानी ऊपर उठता है।",
]
# A language whose common words nobody has listed.
GEORGIAN = [
    "დღეს ვსაუბრობთ მიქცევაზე.",
    "მიქცევა ხდება დღეში ორჯერ და მთვარე არის მიზეზი.",
    "მთვარე იზიდავს წყალს და წყალი იწევს.",
    "დედამიწის მეორე მხარეს წყალი ასევე იწევს.",
]


@pytest.fixture
def made_of(as_user, alice, uploads):
    """What the command makes of captions that alice uploads."""

    def make(sentences):
        video = VideoSummaryFactory(user=alice)
        path = f"/api/v1/video-summaries/{video.pk}/"
        times = [f"{second // 60:02}:{second % 60:02}" for second in range(len(sentences))]
        cues = [f"{at}.000 --> {at}.900\n{said}\n" for at, said in zip(times, sentences, strict=True)]
        file = SimpleUploadedFile("talk.vtt", "\n".join(["WEBVTT\n", *cues]).encode())
        sent = as_user(alice).post(f"{path}transcript/", {"file": file}, format="multipart")
        assert sent.status_code == 200
        call_command("process_videos", "--once")
        return as_user(alice).get(path).json()

    return make


@pytest.mark.parametrize(
    ("sentences", "title", "phrases"),
    [
        (ENGLISH, "Water, tides, moon", ["water rises", "water", "moon", "pull", "rises", "tides"]),
        (GERMAN, "Wasser, gezeiten, mond", ["wasser", "mond", "steigt", "ziehen", "gezeiten"]),
        (SPANISH, "Agua, mareas, luna", ["agua", "sube", "tiran", "luna", "mareas"]),
        (FRENCH, "Eau, marées, lune", ["eau monte", "eau", "lune", "monte", "tirent", "marées"]),
        (HINDI, "पानी, उठता, ऊपर", ["ऊपर उठता", "पानी ऊपर", "पानी", "उठता", "ऊपर", "चंद्रमा", "ज्वार"]),
        (GEORGIAN, "იწევს, მთვარე, წყალი", ["იწევს", "მთვარე", "წყალი"]),
    ],
)
def test_a_few_sentences_are_about_what_they_name_and_not_about_common_words(
    made_of, sentences, title, phrases
):
    made = made_of(sentences)["ai_generated_content"]

    assert [chapter["title"] for chapter in made["chapters"]] == [title]
    assert made["key_phrases"] == phrases


def test_a_sentence_is_whole_wherever_a_long_transcript_is_divided_for_reading(made_of, monkeypatch):
    talk = [line for number in range(40) for line in (f"Part {number} of {number}.", *ENGLISH)]
    whole = made_of(talk)
    for size in (300, 997):
        monkeypatch.setattr(extraction, "READ_AT_ONCE", size)

        divided = made_of(talk)

        assert divided["ai_generated_content"] == whole["ai_generated_content"]
        assert divided["summary"] == whole["summary"]


def test_what_is_no_word_is_no_phrase(made_of):
    made = made_of(["A" * 9000, "Oh", "A" * 9000])["ai_generated_content"]

    assert made["key_phrases"] == []
    assert len(made["chapters"][0]["title"]) == 100
