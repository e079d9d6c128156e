#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Both sides of the start-up benchmark write what //tools:compare reads: every
implementation, method and end, or the reason why not. Says nothing of time."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

STARTUP, PEER = sys.argv[1:3]
ENDS = ("first_instruction", "joined")
SUBJECTS = {("raw", "fork"), ("raw", "posix_spawn"), ("brood", "fork"),
            ("brood", "forkserver"), ("brood", "spawn")}


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=50)


def parse(text):
    return [json.loads(line) for line in text.splitlines()]


def what(item):
    return item.get("end", item["bench"])


class StartupTest(unittest.TestCase):

    def check_samples(self, items, num_samples):
        for item in items:
            self.assertNotIn("absent", item)
            if item["bench"] == "memory":
                self.assertGreater(item["private_kib"][0], 0, item)
                self.assertGreaterEqual(item["pss_kib"][0],
                                        item["private_kib"][0], item)
                continue
            expected = 1 if item["bench"] == "burst" else num_samples
            self.assertEqual(expected, len(item["us"]), item)
            self.assertGreaterEqual(min(item["us"]), 0, item)

    def test_every_subject_end_and_size(self):
        file = pathlib.Path(os.environ["TEST_TMPDIR"], "samples")
        done = run(STARTUP, "--samples=2", "--turns=2", "--parent_mib=0,1",
                   f"--samples_file={file}")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        items = parse(file.read_text())
        self.check_samples(items, 2)
        linked = [item for item in items if item["bench"] == "linkage"]
        self.assertCountEqual(
            [(*subject, end, mib) for subject in SUBJECTS
             for end in (*ENDS, "burst", "memory") for mib in (0, 1)
             for _turn in range(2) if end != "burst" or mib == 0],
            [(item["impl"], item["method"], what(item), item["parent_mib"])
             for item in items if item not in linked])
        linkages = {item["linkage"] for item in linked}
        self.assertGreaterEqual(len(linkages), 3)
        self.assertCountEqual(
            [(*subject, linkage) for linkage in linkages
             for subject in (("raw", "posix_spawn"), ("brood", "spawn"))
             for _turn in range(2)],
            [(item["impl"], item["method"], item["linkage"])
             for item in linked])

    def test_bad_options_are_named(self):
        for option in ("--samples=0", "--samples=x", "--samples=1,2",
                       "--samples", "--turns=0", "--no",
                       "--parent_mib=", "--parent_mib=-1", "--parent_mib=1,,",
                       "--samples_file=/nonexistent/file"):
            done = run(STARTUP, option)
            self.assertEqual(2, done.returncode, option)
            self.assertIn("--parent_mib", done.stderr)

    def test_cpython_has_every_method_and_end(self):
        done = run(PEER, "multiprocessing", "2")
        self.assertEqual(0, done.returncode, done.stderr)
        items = parse(done.stdout)
        self.check_samples(items, 2)
        self.assertCountEqual(
            [("cpython", method, end) for end in (*ENDS, "burst", "memory")
             for method in ("fork", "forkserver", "spawn")],
            [(item["impl"], item["method"], what(item)) for item in items])

    def test_an_absent_peer_and_method_are_named(self):
        absent = parse(run(PEER, "no_such_module", "1").stdout)
        self.assertEqual(1, len(absent))
        self.assertIn("no_such_module", absent[0]["absent"])
        absent = parse(run(PEER, "multiprocessing", "1", "thread").stdout)
        self.assertEqual("thread", absent[0]["method"])
        self.assertIn("absent", absent[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
