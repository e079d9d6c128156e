#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""count_tests reads what GoogleTest and Bazel write, and never passes on an
empty or broken result."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

COUNT_TESTS = sys.argv[1]

GOOGLETEST = """<testsuites><testsuite name="A">
<testcase name="ok" status="run" result="completed" classname="A"/>
<testcase name="bad" status="run" result="completed" classname="A">
  <failure message="x"/><failure message="y"/></testcase>
<testcase name="skip" status="run" result="skipped" classname="A">
  <skipped message="no kernel"/></testcase>
<testcase name="elsewhere" status="notrun" result="suppressed"/>
</testsuite></testsuites>"""
# EXPECT fails, then GTEST_SKIP; and GTEST_SKIP, then TearDown fails.
SKIPPED_TOO = """<testsuites><testsuite name="A">
<testcase name="rest" status="run" result="skipped" classname="A">
  <failure message="x"/><skipped message="no kernel"/></testcase>
<testcase name="end" status="run" result="skipped" classname="A">
  <skipped message="no kernel"/><failure message="x"/></testcase>
</testsuite></testsuites>"""
BAZEL_PASSED = """<testsuites><testsuite name="t" tests="1" failures="0">
<testcase name="t" status="run"/></testsuite></testsuites>"""
BAZEL_FAILED = """<testsuites><testsuite name="t" tests="1" errors="1">
<testcase name="t" status="run"><error message="exited with 1"/></testcase>
</testsuite></testsuites>"""


class CountTestsTest(unittest.TestCase):

    def run_on(self, *files):
        with tempfile.TemporaryDirectory(
                dir=os.environ["TEST_TMPDIR"]) as folder:
            for number, text in enumerate(files):
                at = pathlib.Path(folder, "room", f"shard_{number}")
                at.mkdir(parents=True)
                (at / "test.xml").write_text(text)
            done = subprocess.run([COUNT_TESTS, folder],
                                  stdout=subprocess.PIPE, text=True)
        return done.returncode, done.stdout.splitlines()

    def test_adds_up_all_files(self):
        code, lines = self.run_on(GOOGLETEST, BAZEL_PASSED, BAZEL_FAILED)
        self.assertEqual("2 passed, 2 failed, 1 skipped", lines[-1])
        self.assertEqual(1, code)
        self.assertIn("A.bad", lines[0])

    def test_who_fails_and_skips_has_failed(self):
        code, lines = self.run_on(SKIPPED_TOO)
        self.assertEqual("0 passed, 2 failed, 0 skipped", lines[-1])
        self.assertEqual(1, code)

    def test_all_passed(self):
        self.assertEqual((0, ["1 passed, 0 failed, 0 skipped"]),
                         self.run_on(BAZEL_PASSED))

    def test_no_test_at_all_is_a_failure(self):
        self.assertEqual((1, ["0 passed, 0 failed, 0 skipped"]),
                         self.run_on())

    def test_a_broken_file_is_a_failure(self):
        code, lines = self.run_on(BAZEL_PASSED, "<testsuites><test")
        self.assertEqual("1 passed, 1 failed, 0 skipped", lines[-1])
        self.assertEqual(1, code)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
