"""What Lyceum itself makes of a video; `VIDEO_PROCESSOR` may name another function of this form."""

from typing import Any

from media_summaries import language_model
from media_summaries.extraction import Extract, extract
from media_summaries.models import VideoSummary
from media_summaries.transcripts import lines_of
from media_summaries.work import CannotProcess, Report

# What a language model reads at once; of a longer transcript the sentences that say most.
MAX_READ = 60_000


def summarise(video: VideoSummary, report: Report) -> dict[str, Any]:
    """Chapters, key points and a summary of the transcript, by a language model where there is one.

    The answer is what `complete_video_job` writes. `CannotProcess` is told to the owner.
    """
    lines = lines_of(video.transcript)
    if not lines:
        raise CannotProcess(
            "This video has no transcript. Upload one (.vtt, .srt or .txt) and ask for the summary again."
        )
    report(10, "Chapters")
    found = extract(lines)
    made: dict[str, Any] = {
        "summary": found.summary,
        "ai_generated_content": {
            "chapters": [
                {"start": chapter.second, "title": chapter.title, "sentences": len(chapter.sentences)}
                for chapter in found.chapters
            ],
            "key_points": [{"start": point.second, "text": point.text} for point in found.key_points],
            "key_phrases": found.key_phrases,
            "source": "transcript",
        },
    }
    if language_model.is_there():
        report(40, "Language model")
        answer = language_model.ask_about(title=video.title, transcript=_readable(video.transcript, found))
        made["summary"] = answer.summary
        made["ai_generated_content"] |= {
            "key_points": [{"start": None, "text": point} for point in answer.key_points],
            "suggested_tags": answer.tags,
            "source": "language_model",
        }
    report(90, "Writing")
    return made


def _readable(transcript: str, found: Extract) -> str:
    if len(transcript) <= MAX_READ:
        return transcript
    # From the beginning of each chapter as much as there is room for.
    room = MAX_READ // len(found.chapters)
    return "\n\n".join(
        f"{chapter.title}\n{' '.join(sentence.text for sentence in chapter.sentences)}"[:room]
        for chapter in found.chapters
    )
