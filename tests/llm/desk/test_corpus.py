"""What is wrong in a corpus file is named with file, line and thread; the committed corpus is sound and split by scenario."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from llm.desk import corpus as module
from llm.desk.corpus import CorpusThread, check, main, marked, read_corpus, read_threads
from llm.errors import InputError
from llm.knowledge import Knowledge
from tests.llm.desk.conftest import KNOWLEDGE, ROOT, THREADS

SOUND: dict[str, Any] = {
    "thread_id": "t-1",
    "language": "en",
    "scenario": "penalty_appeal/flood",
    "voice": "calm",
    "intents": ["penalty_appeal"],
    "urgency": "normal",
    "sentiment": -0.2,
    "satisfaction": 3,
    "asks": ["lift it"],
    "messages": [
        {
            "id": "m1",
            "author": "merchant",
            "sent_at": "2026-03-05T08:11:00Z",
            "text": "{order|TD-48213} cost me {points|4 points}.",
        },
        {"id": "m2", "author": "agent", "sent_at": "2026-03-05T09:00:00Z", "text": "Let me look, {name|Ines}."},
    ],
    "facts": [{"id": "f1", "name": "penalty_date", "value": "{date|2026-03-02}"}],
    "summary": [{"text": "{order|TD-48213} cost {points|4 points}.", "cites": ["message:m1"]}],
    "replies": [
        {
            "tone": "warm",
            "length": "short",
            "sentences": [
                {"part": "fact", "text": "It dates from {date|2 March|2026-03-02}.", "cites": ["fact:f1"]},
            ],
        }
    ],
}


def _changed(*path: Any, to: Any) -> dict[str, Any]:
    record = copy.deepcopy(SOUND)
    at: Any = record
    for step in path[:-1]:
        at = at[step]
    if to is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return record


def _said(tmp_path: Path, knowledge: Knowledge, *records: dict[str, Any] | str) -> list[str]:
    path = tmp_path / "w9.jsonl"
    lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return list(check([path], knowledge))


SENTENCE = ("replies", 0, "sentences", 0)
WRONG: list[tuple[dict[str, Any], str]] = [
    (_changed("messages", 0, "text", to="{sum|TD-1} is late"), "type must be one of"),
    (_changed("messages", 0, "text", to="{order|TD-1 is late"), "a mark is broken near"),
    (_changed("messages", 0, "text", to="order|TD-1} is late"), "a mark is broken near"),
    (_changed("messages", 0, "text", to="{order|} is late"), "a mark is broken near"),
    (_changed("messages", 0, "text", to="{order|A|B|C} is late"), "a mark is broken near"),
    (_changed("messages", 0, "author", to="seller"), "author must be one of"),
    (_changed("language", to="de"), "language is 'de'"),
    (_changed("urgency", to="hot"), "urgency is 'hot'"),
    (_changed("replies", 0, "tone", to="cold"), "tone is 'cold'"),
    (_changed("replies", 0, "length", to="epic"), "length is 'epic'"),
    (_changed(*SENTENCE, "part", to="joke"), "part is 'joke'"),
    (_changed("summary", to=...), "lacks the field 'summary'"),
    (_changed(*SENTENCE, "cites", to=...), "lacks the field 'cites'"),
]
UNSOUND: list[tuple[dict[str, Any], str]] = [
    (
        _changed("messages", 0, "text", to="{order|TD-48213} and {points|4 points}, 3 days"),
        "message m1: a figure is not",
    ),
    (_changed("facts", 0, "value", to="2026-03-02"), "fact f1: a figure is not marked"),
    (_changed("summary", 0, "text", to="{order|TD-48213} cost 4."), "summary 1: a figure is not marked"),
    (_changed(*SENTENCE, "cites", to=["fact:f7"]), "reply 1.1: cites fact:f7, which"),
    (_changed(*SENTENCE, "cites", to=["article:none#1"]), "reply 1.1: cites article:none#1, which"),
    (_changed(*SENTENCE, "cites", to=[]), "reply 1.1: cites nothing"),
    (_changed(*SENTENCE, "cites", to=["message:m2"]), "date '2 March' stands in none of its sources message:m2"),
    (_changed("summary", 0, "cites", to=["message:m2"]), "order 'TD-48213' stands in none of its sources"),
    (_changed("intents", to=["penalty_appeal", "weather"]), "intents weather are not in the taxonomy"),
    (_changed("intents", to=[]), "has no intent"),
    (_changed("sentiment", to=1.5), "sentiment must lie in"),
    (_changed("satisfaction", to=0), "sentiment must lie in"),
    (_changed("summary", to=[]), "needs at least one message"),
    (_changed("messages", 1, "id", to="m1"), "a message or fact id stands twice"),
    (_changed("messages", 1, "sent_at", to="2026-03-05T07:00:00Z"), "messages must be in order of time"),
    (_changed("replies", 0, "length", to="long"), "reply 1: 1 sentences; long has 5–12"),
]


def test_a_sound_thread_is_sound(tmp_path: Path, knowledge: Knowledge) -> None:
    assert _said(tmp_path, knowledge, SOUND) == []


@pytest.mark.parametrize(("record", "said"), WRONG)
def test_a_record_that_cannot_be_read_is_named_by_file_and_line(
    tmp_path: Path, knowledge: Knowledge, record: dict[str, Any], said: str
) -> None:
    (line,) = _said(tmp_path, knowledge, SOUND, record)
    assert line.startswith("w9.jsonl, line 2: ")
    assert said in line
    with pytest.raises(InputError, match=re.escape(line)):
        list(read_threads(tmp_path / "w9.jsonl"))


@pytest.mark.parametrize(("record", "said"), UNSOUND)
def test_an_unsound_thread_is_named_by_file_line_and_thread(
    tmp_path: Path, knowledge: Knowledge, record: dict[str, Any], said: str
) -> None:
    lines = _said(tmp_path, knowledge, "", record)
    assert any(line.startswith("w9.jsonl, line 2, t-1: ") and said in line for line in lines), lines


def test_a_line_that_is_no_json_and_an_id_that_stands_twice_are_named(tmp_path: Path, knowledge: Knowledge) -> None:
    lines = _said(tmp_path, knowledge, "{", SOUND, SOUND)
    assert lines[0].startswith("w9.jsonl, line 1: ")
    assert lines[1:] == ["thread_id 't-1' stands 2 times"]


def test_a_long_sentence_may_stand_in_one_thread_only(tmp_path: Path, knowledge: Knowledge) -> None:
    sentence = "We will look at every parcel of that week and write to you with what we have found."
    first = _changed(*SENTENCE, "text", to=sentence)
    lines = _said(tmp_path, knowledge, first, {**copy.deepcopy(first), "thread_id": "t-2"})
    assert len(lines) == 1
    assert lines[0].startswith("w9.jsonl, line 2, t-2: says word for word what w9.jsonl, line 1, t-1 says")


def test_marks_give_positions_in_the_plain_text() -> None:
    text = marked("又晚了 {duration|三天|3 天}，单号{order|TD-1}。")
    assert text.text == "又晚了 三天，单号TD-1。"
    assert [(text.text[m.start : m.end], m.type, m.canonical) for m in text.marks] == [
        ("三天", "duration", "3 天"),
        ("TD-1", "order", ""),
    ]


def test_an_empty_folder_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no \*.jsonl"):
        read_corpus(tmp_path)


def test_the_committed_corpus_is_sound_and_its_card_states_its_counts(
    capsys: pytest.CaptureFixture[str], corpus: tuple[CorpusThread, ...]
) -> None:
    files = [str(path) for path in sorted(THREADS.glob("*.jsonl"))]
    assert main(["check", *files, "--knowledge", str(KNOWLEDGE)]) == 0
    printed = capsys.readouterr()
    assert printed.err.strip() == "sound"
    card = (ROOT / "data" / "corpus" / "README.md").read_text("utf-8")
    assert printed.out.strip() in card
    chinese = [thread for thread in corpus if thread.language == "zh-Hans"]
    refunds = sum("refund_status" in thread.intents for thread in chinese)
    assert re.search(rf"^\| refund_status \| \d+ \| {refunds} \|$", printed.out, re.M)
    assert re.search(rf"^\| zh-Hans \| {len(chinese)} \| {sum(t.is_held_out for t in chinese)} \|", printed.out, re.M)
    ones = sum(len(thread.messages) == 1 for thread in chinese)
    assert re.search(rf"^\| 1 \| \d+ \| {ones} \|$", printed.out, re.M)


def test_the_command_fails_where_something_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "w9.jsonl").write_text(json.dumps(UNSOUND[0][0]), "utf-8")
    assert main(["check", str(tmp_path / "w9.jsonl"), "--knowledge", str(KNOWLEDGE)]) == 1
    assert "w9.jsonl, line 1, t-1: message m1" in capsys.readouterr().err


def test_about_a_fifth_is_held_out_and_whole_scenarios_are(corpus: tuple[CorpusThread, ...]) -> None:
    for language in ("en", "zh-Hans"):
        these = [thread for thread in corpus if thread.language == language]
        assert 0.17 < sum(thread.is_held_out for thread in these) / len(these) < 0.25
    held = {thread.scenario for thread in corpus if thread.is_held_out}
    assert not held & {thread.scenario for thread in corpus if not thread.is_held_out}


def _texts(thread: CorpusThread) -> list[str]:
    written = [*thread.summary, *(s for reply in thread.replies for s in reply.sentences)]
    return [m.text for m in (*thread.messages, *(s.marked for s in written))]


def leaks(corpus: tuple[CorpusThread, ...]) -> list[str]:
    """Held-out messages and reference sentences of more than 40 characters that stand in a training thread."""
    trained = "\n".join(text for t in corpus if not t.is_held_out for text in _texts(t))
    return [f"{t.thread_id}: {x}" for t in corpus if t.is_held_out for x in _texts(t) if len(x) > 40 and x in trained]


def test_nothing_held_out_stands_word_for_word_in_a_training_thread(
    corpus: tuple[CorpusThread, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert leaks(corpus) == []
    thread = next(t for t in corpus if t.is_held_out and len(t.messages[0].text) > 40)
    copied = next(t for t in corpus if not t.is_held_out and t.language == thread.language)
    object.__setattr__(spoilt := copy.copy(copied), "messages", thread.messages)
    assert leaks((thread, spoilt))
    assert module.HELD_OUT_IN == 5
