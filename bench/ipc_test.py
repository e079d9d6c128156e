#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Both sides of the benchmark of pipes and queues write what //tools:compare
reads: every implementation, object, context, pattern, size and placing, or the
reason why not. The peers' books find what must not happen to a message, as
stamp_test.cc says of ours. Says nothing of time."""
import importlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

IPC, PEER = sys.argv[1:3]
METHODS = ("fork", "forkserver", "spawn")
WAITS = ("block", "spin")[:len(os.sched_getaffinity(0))]
SIZES = (8, 64, 4096, 1 << 16, 1 << 20)
PATTERNS = ("1:1", "4:4", "4:1", "1:4")
WHOLE_SIZES = SIZES[:3]  # what a pipe takes at once


def streams(impl, item, contexts=("fork",), patterns=PATTERNS, sizes=SIZES):
    return [(impl, item, context, "throughput", size, pattern)
            for context in contexts for pattern in patterns for size in sizes]


def trips(impl, item, contexts=("fork",), waits=WAITS):
    return [(impl, item, context, "round_trip", 64, wait)
            for context in contexts for wait in waits]


THEIRS = (
    streams("raw", "pipe", patterns=PATTERNS[:1])
    + streams("raw", "pipe", patterns=PATTERNS[1:], sizes=WHOLE_SIZES)
    + streams("raw", "socketpair", patterns=PATTERNS[:1])
    + streams("boost", "queue") + streams("zeromq", "queue")
    + trips("raw", "pipe") + trips("raw", "socketpair")
    + trips("raw", "futex") + trips("raw", "word", waits=WAITS[1:])
    + trips("boost", "queue") + trips("zeromq", "queue"))
OURS = (
    streams("brood", "pipe", METHODS) + streams("brood", "queue", METHODS)
    + streams("brood", "queue_many", METHODS)
    + streams("brood", "simple_queue", METHODS)
    + trips("brood", "pipe", METHODS) + trips("brood", "queue", METHODS)
    + trips("brood", "simple_queue", METHODS))
CPYTHONS = (
    streams("cpython", "pipe", METHODS, PATTERNS[:1])
    + streams("cpython", "queue", METHODS)
    + streams("cpython", "simple_queue", METHODS)
    + trips("cpython", "pipe", METHODS) + trips("cpython", "queue", METHODS)
    + trips("cpython", "simple_queue", METHODS))


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=100)


def parse(text):
    return [json.loads(line) for line in text.splitlines()]


def kind(item):
    return (item["impl"], item["object"], item["context"], item["bench"],
            item["size"], item.get("pattern") or item["wait"])


class IpcTest(unittest.TestCase):

    def check_samples(self, items, num_samples):
        for item in items:
            self.assertNotIn("absent", item)
            if item["bench"] == "round_trip":
                self.assertEqual(num_samples, len(item["us"]), item)
                self.assertGreater(min(item["us"]), 0, item)
                continue
            self.assertEqual(3, len(item["msgs_per_s"]), item)
            self.assertEqual(3, len(item["mib_per_s"]), item)
            for msgs, mib in zip(item["msgs_per_s"], item["mib_per_s"]):
                self.assertGreater(msgs, 0, item)
                self.assertAlmostEqual(msgs * item["size"] / (1 << 20), mib, 2)

    def test_every_object_pattern_size_and_place(self):
        file = pathlib.Path(os.environ["TEST_TMPDIR"], "samples")
        done = run(IPC, "--samples=2", "--window_ms=1",
                   f"--samples_file={file}")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        items = parse(file.read_text())
        self.check_samples(items, 2)
        self.assertCountEqual(THEIRS + OURS, [kind(item) for item in items])

    def test_bad_options_are_named(self):
        for option in ("--samples=0", "--turns=x", "--window_ms=-1", "--patterns=0", "--no",
                       "--samples_file=/nonexistent/file"):
            done = run(IPC, option)
            self.assertEqual(2, done.returncode, option)
            self.assertIn("--window_ms", done.stderr)

    def test_cpython_has_every_object_context_pattern_size_and_place(self):
        done = run(PEER, "multiprocessing", "2", "1", "4")
        self.assertEqual(0, done.returncode, done.stderr)
        items = parse(done.stdout)
        self.check_samples(items, 2)
        self.assertCountEqual(CPYTHONS, [kind(item) for item in items])

    def test_an_absent_peer_and_method_are_named(self):
        absent = parse(run(PEER, "no_such_module", "1", "1", "1").stdout)
        self.assertEqual(1, len(absent))
        self.assertIn("no_such_module", absent[0]["absent"])
        absent = parse(run(PEER, "multiprocessing", "1", "1", "1",
                           "thread").stdout)
        self.assertEqual("thread", absent[0]["context"])
        self.assertIn("absent", absent[0])


class LedgerTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, str(pathlib.Path(PEER).resolve().parent))
        cls.peer = importlib.import_module("ipc_peer")

    def fault(self, size, *messages, alone=True):
        """Returns what is wrong with the last one."""
        ledger = self.peer.Ledger(size, 4, alone)
        for message in messages:
            self.assertEqual(0, ledger.fault)
            self.assertTrue(ledger.enter(message))
        return self.peer.FAULTS[ledger.fault]

    def test_what_must_not_happen_to_a_message(self):
        for size in SIZES:
            make = self.peer.Format(size).make
            first, second = make(0), make(1)
            stranger, other = make(9 << 48), make(1 << 48)
            self.assertEqual("", self.fault(size, first, other, second))
            self.assertIn("lost", self.fault(size, second))
            self.assertEqual("", self.fault(size, second, alone=False))
            self.assertIn("order", self.fault(size, second, first,
                                              alone=False))
            self.assertIn("order", self.fault(size, first, first))
            self.assertIn("nobody", self.fault(size, stranger))
            self.assertIn("whole", self.fault(size, first[:-1]))
            if size > 8:
                torn = first[:size // 2] + second[size // 2:]
                self.assertIn("whole", self.fault(size, torn))
            if size > 4096:
                torn = first[:4096] + second[4096:8192] + first[8192:]
                self.assertIn("whole", self.fault(size, torn))

    def test_the_end(self):
        ledger = self.peer.Ledger(64, 4, True)
        self.assertFalse(ledger.enter(self.peer.Format(64).make(0xfffe << 48)))
        self.assertEqual(0, ledger.fault)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
