"""Commands over words (summarise, draft, classify, redact, themes): a line of JSON for each, and a bad line keeps its place."""

from __future__ import annotations

import json
from pathlib import Path

from tests.app.conftest import Invoke, lines

THREAD = {
    "ticket_id": "t1",
    "merchant_id": "a",
    "messages": [
        {
            "message_id": "m1",
            "sent_at": "2026-02-01T09:00:00Z",
            "author": "merchant",
            "text": "Order TD-1001 was late because of the carrier. Please lift the 6 penalty points.",
        }
    ],
}


def jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


class TestWords:
    def test_a_bad_line_keeps_its_place_and_the_rest_goes_on(self, invoke: Invoke, tmp_path: Path) -> None:
        file = jsonl(
            tmp_path / "f.jsonl", THREAD, "{broken", {"ticket_id": "t2", "messages": []}, {**THREAD, "ticket_id": "t3"}
        )
        result = invoke("summarize", file, "--json")
        assert result.exit_code == 1
        first, broken, empty, last = lines(result)
        assert (first["ticket_id"], last["ticket_id"]) == ("t1", "t3")
        assert all(sentence["cites"] == ["message:m1"] for sentence in first["sentences"])
        assert (broken["line"], broken["error"]["code"]) == (2, "bad_input")
        assert (empty["ticket_id"], empty["error"]["code"]) == ("t2", "bad_input")
        assert "2 lines failed" in result.stderr

    def test_a_draft_has_sources_and_checks(self, invoke: Invoke, tmp_path: Path) -> None:
        file = jsonl(
            tmp_path / "f.jsonl", {**THREAD, "facts": [{"fact_id": "f1", "name": "points", "value": 6, "unit": ""}]}
        )
        row = lines(invoke("draft", file, "--tone", "warm", "--length", "short", "--json"))[0]
        assert list(row) == ["ticket_id", "reply", "sentences", "checks", "language", "engine", "latency_ms"]
        assert row["engine"] == "macro"
        assert all(sentence["cites"] for sentence in row["sentences"])
        assert all(check["passed"] for check in row["checks"])

    def test_satisfaction_is_inferred_with_an_interval(self, invoke: Invoke, tmp_path: Path) -> None:
        def thread(ticket_id: str, author: str, text: str) -> dict[str, object]:
            said = {"message_id": "m1", "sent_at": "2026-03-01T09:00:00Z", "author": author, "text": text}
            return {"ticket_id": ticket_id, "merchant_id": "a", "messages": [said]}

        angry, content = "这是第三次了！！没人管，太差了，我要投诉！", "问题解决了，非常感谢，你们太好了！"
        file = jsonl(
            tmp_path / "f.jsonl",
            *(thread(name, "merchant", text) for name, text in (("bad", angry), ("good", content))),
            thread("nobody", "agent", "Hello?"),
            thread("pt", "buyer", "Onde está o meu pedido? Já faz duas semanas que espero a entrega."),
            "{broken",
        )
        result = invoke("satisfaction", file, "--json")
        bad, good, nobody, other, broken = lines(result)
        assert list(bad) == ["ticket_id", "score", "ci_low", "ci_high", "language"]
        assert 1 <= bad["score"] < 2.5 < 3.5 < good["score"] <= 5
        assert all(1 <= row["ci_low"] < row["score"] < row["ci_high"] <= 5 for row in (other,))
        assert (good["language"], other["language"]) == ("zh-Hans", "pt")
        assert (nobody["ticket_id"], nobody["error"]["code"]) == ("nobody", "bad_input")
        assert (broken["line"], result.exit_code) == (5, 1)

    def test_texts_come_from_stdin_too(self, invoke: Invoke) -> None:
        result = invoke(
            "classify", "-", "--json", stdin='\ufeff{"id": "1", "text": "我的货款还没有到账"}\n\n{"id": "2"}\n'
        )
        good, bad = lines(result)
        assert (good["id"], good["language"], good["intents"][0]["name"]) == ("1", "zh-Hans", "payout_delay")
        assert (bad["id"], bad["error"]["code"]) == ("2", "bad_input")

    def test_private_data_is_masked_on_the_original_text(self, invoke: Invoke) -> None:
        text = "\u200b😀 Kind regards, Marta Kowalska, +48 512 604 337, order TD-10017578"
        asked = f'{json.dumps({"id": "1", "text": text})}\n{{"id": "2"}}\nnope\n{{"id": "3", "text": ""}}\n'
        result = invoke("redact", "-", "--json", stdin=asked)
        first, second, third, fourth = lines(result)
        assert [(text[s["start"] : s["end"]], s["type"]) for s in first["spans"]] == [
            ("Marta Kowalska", "PERSON"),
            ("+48 512 604 337", "PHONE"),
        ]
        assert first["text"] == "\u200b😀 Kind regards, [PERSON], [PHONE], order TD-10017578"
        assert [second["error"]["code"], third["error"]["code"]] == ["bad_input", "bad_input"]
        assert (result.exit_code, third["line"], fourth) == (1, 3, {"id": "3", "text": "", "spans": []})

    def test_a_number_too_long_to_read_fails_its_line_alone(self, invoke: Invoke) -> None:
        huge = f'{{"id": "1", "text": "hi", "n": {"9" * 5000}}}'
        result = invoke("classify", "-", "--json", stdin=f'{huge}\n{{"id": "2", "text": "hi"}}\n')
        bad, good = lines(result)
        assert (result.exit_code, bad["line"], bad["error"]["code"], good["id"]) == (1, 1, "bad_input", "2")

    def test_an_empty_file_is_said(self, invoke: Invoke, tmp_path: Path) -> None:
        file = jsonl(tmp_path / "f.jsonl", "", "  ")
        result = invoke("classify", file, "--json")
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"{file} holds no line" in result.stderr

    def test_themes_of_an_unknown_merchant(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("themes", "--merchant", "zz", "--json", "--warehouse", warehouse)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "no merchant 'zz'" in result.stderr

    def test_no_file(self, invoke: Invoke, tmp_path: Path) -> None:
        result = invoke("draft", tmp_path / "none.jsonl")
        assert result.exit_code == 1
        assert "is not a file" in result.stderr
