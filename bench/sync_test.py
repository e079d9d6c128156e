#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Both sides of the benchmark of shared objects write what //tools:compare
reads: every implementation, object, context and placing, or the reason why
not. Says nothing of time."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

SYNC, PEER = sys.argv[1:3]
METHODS = ("fork", "forkserver", "spawn")
PROCESSORS = len(os.sched_getaffinity(0))
PLACES = sorted({1, min(2, PROCESSORS)})

# (bench, processes, processors or None), and the objects of each side.
PAIR = ("lock_pair", 1, None)
CONTENDED = [("lock_contended", count, min(count, PROCESSORS))
             for count in (2, 4)]
CONDITION = [("condition_round_trip", 2, place) for place in PLACES]
EVENT = [("event_round_trip", 2, place) for place in PLACES]


def kinds(pairs, lock, condition, event):
    return [(name, *PAIR) for name in pairs] + [
        (name, *kind) for names, kinds in (
            (lock, CONTENDED), (condition, CONDITION), (event, EVENT))
        for name in names for kind in kinds]


RAW = kinds(["sem_t", "pthread_mutex"], ["sem_t", "pthread_mutex"],
            ["pthread_cond"], ["futex"])
OURS = kinds(["lock", "rlock", "semaphore"], ["lock"], ["condition"],
             ["event"])


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=50)


def parse(text):
    return [json.loads(line) for line in text.splitlines()]


def kind(item):
    return (item["impl"], item["context"], item["object"], item["bench"],
            item["processes"], item.get("processors"))


class SyncTest(unittest.TestCase):

    def check_samples(self, items, num_samples):
        for item in items:
            self.assertNotIn("absent", item)
            if item["bench"] != "lock_contended":
                self.assertEqual(num_samples, len(item["ns"]), item)
                self.assertGreater(min(item["ns"]), 0, item)
                continue
            self.assertEqual(1, len(item["pairs_per_s"]), item)
            self.assertGreaterEqual(item["pairs_per_s"][0], 0, item)
            self.assertTrue(0 <= item["least_share"][0] <= 1, item)

    def test_every_object_context_and_place(self):
        file = pathlib.Path(os.environ["TEST_TMPDIR"], "samples")
        done = run(SYNC, "--samples=2", "--turns=2", "--contend_ms=1",
                   f"--samples_file={file}")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        items = parse(file.read_text())
        self.check_samples(items, 2)
        self.assertCountEqual(
            [("raw", "fork", *kind) for kind in RAW for _turn in range(2)]
            + [("brood", method, *kind) for kind in OURS
               for method in METHODS for _turn in range(2)],
            [kind(item) for item in items])

    def test_bad_options_are_named(self):
        for option in ("--samples=0", "--turns=x", "--contend_ms=-1", "--no",
                       "--samples_file=/nonexistent/file"):
            done = run(SYNC, option)
            self.assertEqual(2, done.returncode, option)
            self.assertIn("--contend_ms", done.stderr)

    def test_cpython_has_every_object_context_and_place(self):
        done = run(PEER, "multiprocessing", "2", "1")
        self.assertEqual(0, done.returncode, done.stderr)
        items = parse(done.stdout)
        self.check_samples(items, 2)
        self.assertCountEqual(
            [("cpython", method, *kind) for kind in OURS
             for method in METHODS], [kind(item) for item in items])

    def test_an_absent_peer_and_method_are_named(self):
        absent = parse(run(PEER, "no_such_module", "1", "1").stdout)
        self.assertEqual(1, len(absent))
        self.assertIn("no_such_module", absent[0]["absent"])
        absent = parse(run(PEER, "multiprocessing", "1", "1",
                           "thread").stdout)
        self.assertEqual("thread", absent[0]["context"])
        self.assertIn("absent", absent[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
