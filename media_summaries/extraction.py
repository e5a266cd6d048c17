"""Chapters, key points and a summary of a transcript, in its own words and without any service.

Nothing is known of its language: sentences, common words and phrases are learnt from the transcript itself.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from nltk.collocations import BigramAssocMeasures, BigramCollocationFinder
from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

from media_summaries.transcripts import Line

MAX_CHAPTERS = 40
MAX_KEY_POINTS = 10
MAX_SUMMARY_SENTENCES = 12
MAX_TITLE = 100
MAX_SENTENCE = 600
# Captions that were made by machines have no full stops.
WORDS_WITHOUT_STOP = 60
WORDS_OF_A_PIECE = 30
# On each side of a possible change of subject, and the least that a chapter holds.
WINDOW = 8
LEAST_OF_A_CHAPTER = 6
_WORD = re.compile(r"[^\W\d_]{3,}")
# What sentences are learnt from: enough for every abbreviation, and a bounded time.
MAX_LEARNT = 300_000


@dataclass
class Sentence:
    """A sentence, when it is said, and the words in it that may mean something."""

    text: str
    second: int | None
    words: list[str] = field(default_factory=list)


@dataclass
class Chapter:
    """Sentences about one subject."""

    title: str
    sentences: list[Sentence]

    @property
    def second(self) -> int | None:
        """When the chapter begins."""
        return self.sentences[0].second


@dataclass(frozen=True)
class Extract:
    """What a transcript is about, in its own words."""

    chapters: list[Chapter]
    key_points: list[Sentence]
    key_phrases: list[str]
    summary: str


def extract(lines: list[Line]) -> Extract:
    """What the lines of a transcript are about."""
    sentences = _sentences(lines)
    weight = _weights(sentences)
    chapters = _chapters(sentences, weight)
    # The best of each chapter, so that none goes unheard, and of those the best.
    best = [max(chapter.sentences, key=lambda one: _score(one, weight)) for chapter in chapters]
    count = min(MAX_SUMMARY_SENTENCES, max(3, math.isqrt(len(sentences))))
    return Extract(
        chapters=chapters,
        key_points=_first(best, MAX_KEY_POINTS, weight),
        key_phrases=_phrases(sentences, weight),
        summary=" ".join(sentence.text for sentence in _first(sentences, count, weight)),
    )


def _sentences(lines: list[Line]) -> list[Sentence]:
    starts, length = [], 0
    for line in lines:
        starts.append(length)
        length += len(line.text) + 1
    text = " ".join(line.text for line in lines)
    trainer = PunktTrainer()
    trainer.train(text[:MAX_LEARNT])
    tokenizer = PunktSentenceTokenizer(trainer.get_params())
    sentences = []
    for start, end in tokenizer.span_tokenize(text):
        for place, piece in _pieces(text[start:end]):
            second = lines[bisect_right(starts, start + place) - 1].second
            words = [word.casefold() for word in _WORD.findall(piece)]
            sentences.append(Sentence(piece[:MAX_SENTENCE], second, words))
    return sentences


def _pieces(sentence: str) -> Iterable[tuple[int, str]]:
    """A sentence, or pieces of one that is none: where each begins, and what it says."""
    words = list(re.finditer(r"\S+", sentence))
    step = len(words) if len(words) <= WORDS_WITHOUT_STOP else WORDS_OF_A_PIECE
    for first in range(0, len(words), step):
        some = words[first : first + step]
        yield some[0].start(), sentence[some[0].start() : some[-1].end()]


def _weights(sentences: list[Sentence]) -> dict[str, float]:
    """How much each word says: often said, but not in every sentence."""
    said = Counter(word for sentence in sentences for word in sentence.words)
    within = Counter(word for sentence in sentences for word in set(sentence.words))
    return {
        word: math.log1p(count) * math.log((1 + len(sentences)) / within[word])
        for word, count in said.items()
        if count > 1
    }


def _score(sentence: Sentence, weight: dict[str, float]) -> float:
    if not sentence.words:
        return 0
    # Neither the longest sentence wins nor the shortest.
    return sum(weight.get(word, 0) for word in set(sentence.words)) / (8 + len(sentence.words))


def _first(sentences: list[Sentence], count: int, weight: dict[str, float]) -> list[Sentence]:
    """The best of the sentences in the order in which they are said, nothing twice."""
    kept: dict[str, int] = {}
    for place in sorted(range(len(sentences)), key=lambda place: -_score(sentences[place], weight)):
        if len(kept) < count:
            kept.setdefault(sentences[place].text, place)
    return [sentences[place] for place in sorted(kept.values())]


def _chapters(sentences: list[Sentence], weight: dict[str, float]) -> list[Chapter]:
    ends = [*_changes(sentences, weight), len(sentences)]
    parts = [sentences[start:end] for start, end in pairwise([0, *ends])]
    in_parts = Counter(word for part in parts for word in {word for one in part for word in one.words})
    return [Chapter(_title(part, in_parts, len(parts), weight), part) for part in parts]


def _changes(sentences: list[Sentence], weight: dict[str, float]) -> list[int]:
    """Where the subject changes: the words before and after have the least in common."""
    likeness = {
        place: _likeness(sentences[max(0, place - WINDOW) : place], sentences[place : place + WINDOW], weight)
        for place in range(LEAST_OF_A_CHAPTER, len(sentences) - LEAST_OF_A_CHAPTER + 1)
    }
    if not likeness:
        return []
    mean = sum(likeness.values()) / len(likeness)
    spread = math.sqrt(sum((value - mean) ** 2 for value in likeness.values()) / len(likeness))
    changes: list[int] = []
    for place in sorted(likeness, key=likeness.__getitem__):
        if likeness[place] > mean - spread / 2 or len(changes) == MAX_CHAPTERS - 1:
            break
        if all(abs(place - other) >= LEAST_OF_A_CHAPTER for other in changes):
            changes.append(place)
    return sorted(changes)


def _likeness(before: list[Sentence], after: list[Sentence], weight: dict[str, float]) -> float:
    left, right = (
        Counter(word for sentence in side for word in sentence.words if word in weight)
        for side in (before, after)
    )
    shared = sum(left[word] * right[word] * weight[word] ** 2 for word in left.keys() & right.keys())
    size = math.sqrt(_square(left, weight) * _square(right, weight))
    return shared / size if size else 0


def _square(words: Counter[str], weight: dict[str, float]) -> float:
    return sum((count * weight[word]) ** 2 for word, count in words.items())


def _title(part: list[Sentence], in_parts: Counter[str], parts: int, weight: dict[str, float]) -> str:
    """The words that this chapter has and the others have not."""
    said = Counter(word for sentence in part for word in sentence.words if word in weight)
    telling = sorted(
        said, key=lambda word: (-said[word] * weight[word] * math.log((1 + parts) / in_parts[word]), word)
    )
    return (", ".join(telling[:3]).capitalize() or part[0].text)[:MAX_TITLE]


def _phrases(sentences: list[Sentence], weight: dict[str, float]) -> list[str]:
    """Pairs of words that stand together more often than by chance, and the words that say most."""
    finder = BigramCollocationFinder.from_documents(
        [[word for word in sentence.words if word in weight] for sentence in sentences]
    )
    finder.apply_freq_filter(2)
    pairs = [" ".join(pair) for pair in finder.nbest(BigramAssocMeasures.likelihood_ratio, 5)]
    return pairs + sorted(weight, key=lambda word: (-weight[word], word))[:5]
