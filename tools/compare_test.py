#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The whole of //tools:compare in its quick mode, with small parents: records,
tables, chart and complaints. Says nothing of time."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import unittest

COMPARE = sys.argv[1]
TMP = pathlib.Path(os.environ["TEST_TMPDIR"])
FIELDS = {"bench": str, "impl": str, "method": str, "end": str,
          "parent_mib": int, "p50_us": float, "p90_us": float,
          "p99_us": float, "n": int}


def compare(*options):
    return subprocess.run([COMPARE, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=100,
                          env={**os.environ, "BUILD_WORKING_DIRECTORY": TMP})


class CompareTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.done = compare("--quick", "--parent-mib=1", "--json=out.json",
                           "--svg=out.svg")

    def test_records(self):
        self.assertEqual(0, self.done.returncode, self.done.stderr)
        records = json.loads((TMP / "out.json").read_text())
        for record in records:
            self.assertEqual(FIELDS, {k: type(v) for k, v in record.items()})
            self.assertEqual("startup", record["bench"])
            self.assertGreater(record["n"], 0)
            self.assertLessEqual(record["p50_us"], record["p90_us"])
            self.assertLessEqual(record["p90_us"], record["p99_us"])
        methods = ("fork", "forkserver", "spawn")
        expected = [("raw", method, mib) for method in ("fork", "posix_spawn")
                    for mib in (0, 1)]
        expected += [("brood", method, mib) for method in methods
                     for mib in (0, 1)]
        # A peer that is not installed is named instead.
        expected += [(peer, method, 0) for peer in ("cpython", "billiard")
                     for method in methods
                     if f"absent: {peer}" not in self.done.stdout]
        self.assertCountEqual(
            [(*subject, end) for subject in expected
             for end in ("first_instruction", "joined")],
            [(r["impl"], r["method"], r["parent_mib"], r["end"])
             for r in records])

    def test_tables_name_every_target(self):
        self.assertRegex(self.done.stdout, r"raw +fork")
        self.assertRegex(self.done.stdout, r"brood +forkserver")
        self.assertEqual(7, sum(line.startswith(("  met", "  missed",
                                                 "  not measured"))
                                for line in self.done.stdout.splitlines()))

    def test_chart(self):
        if importlib.util.find_spec("matplotlib") is None:
            self.assertIn("python3-matplotlib", self.done.stdout)
            return
        text = (TMP / "out.svg").read_text()
        self.assertIn("</svg>", text)
        self.assertIn("Brood forkserver", text)
        self.assertIn("raw fork", text)

    def test_bad_options_are_named(self):
        for options, complaint in (
                (["--fast"], "--fast"),
                (["--json=no/such/folder.json"], "cannot be written"),
                (["--svg=."], "is a folder"),
                (["--parent-mib=0,many"], "0,many is not a list of sizes")):
            done = compare(*options)
            self.assertEqual(2, done.returncode, options)
            self.assertIn(complaint, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
