#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Both sides of the benchmark of pools write what //tools:compare reads: every
implementation, context, number of workers, chunk size and length of tasks, or
the reason why not. Says nothing of time."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

POOL, PEER = sys.argv[1:3]
METHODS = ("fork", "forkserver", "spawn")
PROCESSORS = len(os.sched_getaffinity(0))
COUNTS = sorted({1, 2, PROCESSORS, 2 * PROCESSORS})
TASKS_US = (0, 1, 10, 100, 1000)

# (bench, workers, chunksize, task_us)
MAPS = [("pool_map", count, 0, 0) for count in COUNTS]
MAPS += [("pool_map", count, 1, task_us) for count in COUNTS
         for task_us in TASKS_US if task_us in (0, 100) or count == 2]
APPLY = ("pool_apply", None, None, None)
OF_A_POOL = MAPS + [APPLY, ("pool_new", 4, None, None)]
LOST = ("pool_lost", None, None, None)
OF_QUEUES = [("pool_map", 2, 1, task_us) for task_us in TASKS_US] + [APPLY]


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=100)


def parse(text):
    return [json.loads(line) for line in text.splitlines()]


def kind(item):
    return (item["impl"], item["context"], item["bench"], item.get("workers"),
            item.get("chunksize"), item.get("task_us"))


def kinds(impl, cases, contexts=METHODS):
    return [(impl, context, *case) for context in contexts for case in cases]


class PoolTest(unittest.TestCase):

    def check_samples(self, items, num_samples):
        for item in items:
            self.assertNotIn("absent", item)
            rate = item["bench"] == "pool_map"
            samples = item["tasks_per_s" if rate else "us"]
            self.assertGreater(min(samples), 0, item)
            if item["bench"] in ("pool_apply", "pool_lost"):
                self.assertEqual(num_samples, len(samples), item)

    def test_every_subject_and_case(self):
        file = pathlib.Path(os.environ["TEST_TMPDIR"], "samples")
        done = run(POOL, "--samples=2", "--map_ms=1", f"--samples_file={file}")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        items = parse(file.read_text())
        self.check_samples(items, 2)
        self.assertCountEqual(
            kinds("brood", OF_A_POOL + [LOST])
            + kinds("brood_queues", OF_QUEUES)
            + kinds("raw", [APPLY, LOST], ["fork"]), [kind(item) for item in items])

    def test_bad_options_are_named(self):
        for option in ("--samples=0", "--turns=x", "--map_ms=-1", "--no",
                       "--samples_file=/nonexistent/file"):
            done = run(POOL, option)
            self.assertEqual(2, done.returncode, option)
            self.assertIn("--map_ms", done.stderr)

    def test_cpython_has_every_context_and_case(self):
        done = run(PEER, "multiprocessing", "2", "1")
        self.assertEqual(0, done.returncode, done.stderr)
        items = parse(done.stdout)
        self.check_samples(items, 2)
        self.assertCountEqual(
            kinds("cpython", OF_A_POOL) + kinds("cpython_executor", OF_A_POOL),
            [kind(item) for item in items])

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
