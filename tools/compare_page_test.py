#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The page of //tools:compare in a headless Chromium: that it has the answer,
the chart and the tables, fits its window and asks nobody for anything.

    compare_page_test.py COMPARE BROWSER
"""
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from comparison import machine, samples  # noqa: E402

COMPARE, BROWSER = sys.argv[1:3]
sys.path.insert(0, str(pathlib.Path(BROWSER).parent))
import browser  # noqa: E402

TMP = pathlib.Path(os.environ["TEST_TMPDIR"])
ANSWER = 60  # seconds of one thing
HOSTILE = "</pre><img src=http://localhost:1/ onerror=window.hacked=1><b>&"


def write_run(path):
    taken = samples.Samples()
    for taken.round in (1, 2):
        for method, base, step in (("fork", 100, 20), ("spawn", 900, 0),
                                   ("forkserver", 200, 0)):
            for mib in (0, 64, 1024):
                taken.take(json.dumps(
                    {"bench": "startup", "impl": "brood", "method": method,
                     "end": "joined", "parent_mib": mib,
                     "us": [base + step * mib + taken.round] * 3}))
    path.write_text(json.dumps(
        {"format": 1, "machine": {**machine.describe(), "cpu": HOSTILE},
         "options": {"parts": ["startup"]}, "load": 0.5,
         "versions": {"cpython": HOSTILE}, "absent": {HOSTILE: HOSTILE},
         "unoptimized": [], "records": taken.records()}))


class PageTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        write_run(TMP / "run.json")
        cls.done = subprocess.run(
            [COMPARE, "--from=run.json", "--html=page.html", "--svg=x.svg"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=ANSWER, env={**os.environ, "BUILD_WORKING_DIRECTORY": TMP})
        assert cls.done.returncode == 0, cls.done.stderr
        cls.browser = browser.Browser(ANSWER)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.open(TMP / "page.html")

    def test_has_what_was_printed(self):
        heading = self.browser.run("document.querySelector('h1').textContent")
        self.assertRegex(heading, "^Use fork on that machine while .* holds "
                                  "less than 5.0 MiB, forkserver from there")
        self.assertTrue(self.done.stdout.startswith(heading))
        text = self.browser.run("document.body.innerText")
        for part in ("spawn is cheaper than fork once",
                     "Mind: fork with threads", "An empty parent",
                     "Noise: 9 of 9", HOSTILE):
            self.assertIn(part, text)

    def test_has_the_chart(self):
        names = self.browser.run(
            "document.querySelector('svg').textContent")
        for name in ("Brood forkserver", "Brood spawn", "Brood fork"):
            self.assertIn(name, names)

    def test_asks_nobody(self):
        self.assertEqual([(TMP / "page.html").resolve().as_uri()],
                         self.browser.requested())
        self.assertEqual([], self.browser.complaints())
        self.assertEqual("undefined", self.browser.run("typeof window.hacked"))
        self.assertEqual(0, self.browser.run(
            "document.querySelectorAll('img, script, link').length"))
        self.assertEqual("img-src", self.browser.run(
            "new Promise(r => { document.addEventListener("
            "'securitypolicyviolation', e => r(e.effectiveDirective));"
            "const i = new Image(); i.src = 'http://localhost:1/'; })"))

    def test_fits_its_window(self):
        for width in (320, 800, 1280):
            self.browser.resize(width, 900)
            self.assertLessEqual(self.browser.run(
                "document.documentElement.scrollWidth"), width)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
