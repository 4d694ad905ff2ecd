"""docs/scripts.md, line by line: its sh blocks run in one bash against the demo, and what each says is what the block below it
says. There `…` is any text; a JSON answer is compared as JSON."""

import json
import re
import subprocess
import unittest

from demo import Demo
from server import ROOT

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "=== end of a block ==="
NOT_RUN = {"console"}


def blocks(document):
    """Pairs of what to run, and the language and text of what it must say."""
    found = [(language, text) for language, text in BLOCK.findall(document) if language not in NOT_RUN]
    runs, answers = found[::2], found[1::2]
    for (language, text), (expected, _) in zip(runs, answers, strict=True):
        if language != "sh" or expected not in ("json", "text"):
            raise ValueError(f"each sh block is followed by a json or a text block: {text}")
    return [(text, *answer) for (_, text), answer in zip(runs, answers, strict=True)]


def fits(pattern, said):
    """Whether `said` is `pattern`, in which … is anything."""
    if pattern == "…":
        return True
    if isinstance(pattern, str):
        return isinstance(said, str) and bool(re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), said, re.DOTALL))
    if isinstance(pattern, dict):
        same = isinstance(said, dict) and pattern.keys() == said.keys()
        return same and all(fits(pattern[name], said[name]) for name in pattern)
    if isinstance(pattern, list):
        same = isinstance(said, list) and len(pattern) == len(said)
        return same and all(map(fits, pattern, said))
    return pattern == said and type(pattern) is type(said)


class TheDocument(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = Demo()
        cls.addClassCleanup(cls.demo.stop)

    def test_every_line_of_the_document_on_scripts_works_against_the_demo(self):
        document = (ROOT / "docs/scripts.md").read_text()
        told = blocks(document)
        self.assertGreater(len(told), 15)

        script = "".join(f"{text}printf '%s\\n' '{MARK}'\n" for text, _, _ in told)
        done = subprocess.run(
            ["bash", "-eu"],
            input=script,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", **self.demo.variables},
            capture_output=True,
            text=True,
            timeout=120,
        )

        said = done.stdout.split(MARK)
        self.assertEqual((done.returncode, len(said) - 1), (0, len(told)), f"{done.stdout}\n{done.stderr}")
        for (text, language, expected), heard in zip(told, said):
            with self.subTest(text):
                read = json.loads if language == "json" else str.strip
                self.assertTrue(fits(read(expected), read(heard)), f"\n{text}\nsaid\n{heard}\nand not\n{expected}")

    def test_an_answer_that_the_document_does_not_tell_is_noticed(self):
        self.assertTrue(fits({"a": "…", "b": ["x…z"]}, {"a": 1, "b": ["xyz"]}))
        for other in ({"a": 1}, {"a": 1, "b": ["xyz"], "c": 2}, {"a": 1, "b": ["xy"]}, {"a": 1, "b": []}, [1]):
            self.assertFalse(fits({"a": "…", "b": ["x…z"]}, other), other)
        self.assertFalse(fits("200\n401", "200\n200"))
        for document in ("```sh\ntrue\n```\n", "```sh\ntrue\n```\n```sh\ntrue\n```\n"):
            with self.assertRaises(ValueError):
                blocks(document)


if __name__ == "__main__":
    unittest.main()
