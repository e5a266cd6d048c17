"""Chapters, key points and a summary of a transcript, in its own words and without any service.

Sentences and phrases are learnt from the transcript itself. Of many languages the commonest words are known;
in the others a word is common that is said in most sentences.
"""

import math
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import regex
from nltk.collocations import BigramAssocMeasures, BigramCollocationFinder
from nltk.probability import FreqDist
from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer
from stopwordsiso import langs, stopwords

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
# A vowel may be a mark on its letter, as in Hindi.
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*")
LEAST_OF_A_WORD, MOST_OF_A_WORD = 3, 50
# What abbreviations and the language are learnt from.
MAX_LEARNT = 100_000
# NLTK takes a text for an attack that costs it seconds.
READ_AT_ONCE = 10_000
# The share of a text that its language's common words make up at least; those of another make up less.
LEAST_COMMON = 0.25


@dataclass
class Sentence:
    """A sentence, when it is said, the words in it that may mean something, and pairs of them side by side.

    `score` is how much it says.
    """

    text: str
    second: int | None
    words: list[str]
    pairs: list[tuple[str, str]]
    score: float = 0


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
    for sentence in sentences:
        sentence.score = _score(sentence, weight)
    chapters = _chapters(sentences, weight)
    # The best of each chapter, so that none goes unheard, and of those the best.
    best = [max(chapter.sentences, key=lambda sentence: sentence.score) for chapter in chapters]
    count = min(MAX_SUMMARY_SENTENCES, max(3, math.isqrt(len(sentences))))
    return Extract(
        chapters=chapters,
        key_points=_first(best, MAX_KEY_POINTS),
        key_phrases=_phrases(sentences, weight),
        summary=" ".join(sentence.text for sentence in _first(sentences, count)),
    )


def _sentences(lines: list[Line]) -> list[Sentence]:
    starts, length = [], 0
    for line in lines:
        starts.append(length)
        length += len(line.text) + 1
    text = " ".join(line.text for line in lines)
    common = _common(text[:MAX_LEARNT])
    sentences = []
    for start, end in _spans(text):
        for place, piece in _pieces(text[start:end]):
            second = lines[bisect_right(starts, start + place) - 1].second
            words = [
                word if LEAST_OF_A_WORD <= len(word) <= MOST_OF_A_WORD and word not in common else ""
                for word in _WORD.findall(piece.casefold())
            ]
            pairs = [pair for pair in pairwise(words) if all(pair)]
            sentences.append(Sentence(piece[:MAX_SENTENCE], second, [*filter(None, words)], pairs))
    return sentences


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends."""
    trainer = PunktTrainer()
    trainer.train(text[:MAX_LEARNT])
    tokenizer = PunktSentenceTokenizer(trainer.get_params())
    # To look at a full stop takes it long, and many have the same words around them.
    tokenizer.text_contains_sentbreak = lru_cache(50_000)(tokenizer.text_contains_sentbreak)
    start = 0
    while start < len(text):
        end = start + READ_AT_ONCE
        if end < len(text):
            end = max(text.rfind(" ", start + 1, end), 0) or end
        spans = [*tokenizer.span_tokenize(text[start:end])]
        if end < len(text):
            # The last one may go on.
            spans = spans[:-1] or [(0, end - start)]
        yield from ((start + first, start + last) for first, last in spans)
        start = start + spans[-1][1] if end < len(text) else end


def _common(text: str) -> frozenset[str]:
    """The common words of a text's language, which is the one whose common words it says most; or none."""
    said = Counter(_WORD.findall(text.casefold()))
    counts = {language: sum(said[word] for word in words) for language, words in _languages().items()}
    language = max(counts, key=counts.__getitem__)
    return _languages()[language] if counts[language] >= LEAST_COMMON * said.total() else frozenset()


@cache
def _languages() -> dict[str, frozenset[str]]:
    """The common words of each language, in the parts that an apostrophe makes of them."""
    return {
        language: frozenset(
            part
            for word in stopwords(language)
            if " " not in word
            for part in _WORD.findall(unicodedata.normalize("NFC", word).casefold())
        )
        for language in sorted(langs())
    }


def _pieces(sentence: str) -> Iterable[tuple[int, str]]:
    """A sentence, or pieces of one that is none: where each begins, and what it says."""
    if 0 < len(sentence.split()) <= WORDS_WITHOUT_STOP:
        yield len(sentence) - len(sentence.lstrip()), sentence.strip()
        return
    words = list(re.finditer(r"\S+", sentence))
    for first in range(0, len(words), WORDS_OF_A_PIECE):
        some = words[first : first + WORDS_OF_A_PIECE]
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


def _first(sentences: list[Sentence], count: int) -> list[Sentence]:
    """The best of the sentences in the order in which they are said, nothing twice."""
    kept: dict[str, int] = {}
    for place in sorted(range(len(sentences)), key=lambda place: -sentences[place].score):
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
    likeness = _likeness(sentences, weight)
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


def _likeness(sentences: list[Sentence], weight: dict[str, float]) -> dict[int, float]:
    """How much the sentences before and after a place have in common, from 0 to 1, for each place."""
    # Whole numbers: what is added and taken away again leaves nothing behind.
    square = {word: round(1e6 * value * value) for word, value in weight.items()}
    words = [[word for word in sentence.words if word in square] for sentence in sentences]
    before: Counter[str] = Counter()
    after: Counter[str] = Counter(word for some in words[:WINDOW] for word in some)
    length_before, shared = 0, 0
    length_after = sum(count * count * square[word] for word, count in after.items())
    likeness = {}
    for place in range(1, len(sentences) - LEAST_OF_A_CHAPTER + 1):
        for word in words[place - 1]:
            has, other = before[word], after[word]
            shared += (other - 1 - has) * square[word]
            length_before += (2 * has + 1) * square[word]
            length_after -= (2 * other - 1) * square[word]
            before[word], after[word] = has + 1, other - 1
        for word in words[place - 1 - WINDOW] if place > WINDOW else ():
            has = before[word]
            shared -= after[word] * square[word]
            length_before -= (2 * has - 1) * square[word]
            before[word] = has - 1
        for word in words[place - 1 + WINDOW] if place - 1 + WINDOW < len(words) else ():
            has = after[word]
            shared += before[word] * square[word]
            length_after += (2 * has + 1) * square[word]
            after[word] = has + 1
        if place >= LEAST_OF_A_CHAPTER:
            size = math.sqrt(length_before) * math.sqrt(length_after)
            likeness[place] = shared / size if size else 0
    return likeness


def _title(part: list[Sentence], in_parts: Counter[str], parts: int, weight: dict[str, float]) -> str:
    """The words that this chapter has and the others have not."""
    said = Counter(word for sentence in part for word in sentence.words if word in weight)
    telling = sorted(
        said, key=lambda word: (-said[word] * weight[word] * math.log((1 + parts) / in_parts[word]), word)
    )
    return (", ".join(telling[:3]).capitalize() or part[0].text)[:MAX_TITLE]


def _phrases(sentences: list[Sentence], weight: dict[str, float]) -> list[str]:
    """Pairs of words that stand together more often than by chance, and the words that say most."""
    # Counted here: a FreqDist counts one by one.
    words = Counter(word for sentence in sentences for word in sentence.words)
    together = Counter(pair for sentence in sentences for pair in sentence.pairs)
    finder = BigramCollocationFinder(FreqDist(words), FreqDist(together))
    finder.apply_freq_filter(2)
    pairs = [" ".join(pair) for pair in finder.nbest(BigramAssocMeasures.likelihood_ratio, 5)]
    return pairs + sorted(weight, key=lambda word: (-weight[word], word))[:5]
