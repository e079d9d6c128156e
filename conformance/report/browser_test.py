#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The page of results in a headless Chromium: that it opens, filters, folds and
asks nobody for anything; of results that the runner wrote, of twelve
implementations over the whole spec, and of texts that would script it.

    browser_test.py RUNNER REPORT SPEC ADAPTER
"""
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import unittest

import browser

RUNNER, REPORT, SPEC, ADAPTER = sys.argv[1:5]
SPEC = pathlib.Path(SPEC).parent
TMP = pathlib.Path(os.environ.get("TEST_TMPDIR") or tempfile.mkdtemp())
METHODS = ["fork", "spawn", "forkserver"]
DEADLINE = 280  # of all that is here
ANSWER = 60     # of one thing
HOSTILE = "</script><img src=x onerror=window.hacked=1><b>\u2028'\"`\\\x01"
KINDS = ("fails", "all", "some", "one", "differ", "pass", "unsupported", "")
FAILS = ("FAIL", "XFAIL", "WARNING")
PASSES = ("PASS", "XPASS")
WORST = ["FAIL", "UNRESOLVED", "XFAIL", "WARNING", "XPASS", "PASS",
         "UNSUPPORTED", "UNTESTED"]


def spec_digest():
    """As the README says: of the clauses of the profiles core and full."""
    text = "".join(block for file in sorted(SPEC.glob("*.md"))
                   for block in re.findall(r"(?ms)^### .*?(?=^#|\Z)",
                                           file.read_text())
                   if re.match(r".*\n\w+ · (core|full) ·", block))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def run(*command):
    return subprocess.run(command, check=False, text=True, timeout=DEADLINE,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def read_spec():
    told = run(RUNNER, f"--spec={SPEC}", "--dump")
    assert told.returncode == 0, told.stdout
    return json.loads(told.stdout)


class Results:
    """What a runner might have written, with a verdict of our choice."""

    def __init__(self, spec, name):
        self.cases = []
        features = [f["name"] for f in spec["features"]]
        self.header = {
            "format": 1, "date": "2026-11-29T07:00:00Z", "runner": "1.0.0",
            "spec": spec["version"], "digest": spec_digest(), "cases": 0,
            "options": [], "host": "x86_64, 2 processors",
            "kernel": "Linux 6.1.0", "libc": "glibc 2.36",
            "adapter": {"name": name, "version": "1.0", "language": "C",
                        "methods": METHODS, "features": features,
                        "profiles": ["core", "full"]}}

    def add(self, clause, label, verdict, **more):
        text = "the value is another one" if verdict in FAILS else ""
        self.cases.append({
            "clause": clause["id"], "method": label, "verdict": verdict,
            "way": "value" if text else "", "text": text,
            "want": "== 1" if text else "", "got": "2" if text else "",
            "step": "main: mp.f() == 1" if text else "", "step_line": 1,
            **{k: clause[k] for k in ("level", "provisional", "profile",
                                      "feature", "sentence")},
            "file": "conformance/spec/01.md", "line": 1, "seconds": 0.1,
            "again": f"runner --adapter=x --filter={clause['id']}/{label}",
            **more})

    def write(self, path):
        profiles = {name: {"yes": None, "cases": 1, "failed": 0,
                           "unsupported": 0} for name in ("core", "full")}
        self.header["cases"] = len(self.cases)
        lines = [{"header": self.header}, *self.cases,
                 {"summary": {"seconds": 1.5, "ran": len(self.cases),
                              "failed": 0, "conforms": profiles}}]
        path.write_text("".join(json.dumps(x) + "\n" for x in lines), "utf-8")
        return str(path)

    def verdicts(self):
        """Of the cases of each clause that has any."""
        out = collections.defaultdict(set)
        for case in self.cases:
            out[case["clause"]].add(case["verdict"])
        return out


def states(clauses, run):
    """Of each clause, what the worst of its cases says."""
    verdicts = run.verdicts()
    for clause in clauses:
        worst = next((v for v in WORST if v in verdicts[clause["id"]]), None)
        yield ("fail" if worst in FAILS else "pass" if worst in PASSES
               else worst)


def labels(clause):
    """Of cases; those with a second method are left out, and not run."""
    if clause["methods"] == ["once"]:
        return ["once"]
    return METHODS if clause["methods"] == ["each"] else clause["methods"]


def field(spec, names):
    """Results over all of the spec, in which each run fails a little."""
    dice = random.Random(17)
    runs = [Results(spec, name) for name in names]
    for clause in spec["clauses"]:
        if clause["profile"] not in ("core", "full"):
            continue
        hard = dice.random() < .05
        for each in runs:
            for label in labels(clause):
                bad = dice.random() < (.9 if hard else .02)
                verdict = dice.choice(["FAIL", "XFAIL", "UNSUPPORTED",
                                       "UNRESOLVED"]) if bad else "PASS"
                each.add(clause, label, verdict)
    return runs


def make_page(path, *args):
    told = run(REPORT, f"--spec={SPEC}", f"--html={path}", *args)
    assert told.returncode in (0, 1), told.stdout
    return path


def kinds(said):
    """Which of the page's questions a clause answers with yes."""
    count = collections.Counter(said)
    out = {""}
    if count["fail"]:
        out.add("fails")
    if count["fail"] > 1 and not count["pass"]:
        out.add("all")
    if count["fail"] > 1 and count["pass"]:
        out.add("some")
    if count["fail"] == 1:
        out.add("one")
    if count["UNSUPPORTED"] or count["UNTESTED"]:
        out.add("unsupported")
    different = set(said) - {None}
    if len(different) > 1:
        out.add("differ")
    if different == {"pass"}:
        out.add("pass")
    return out


def count_kinds(clauses, runs):
    return collections.Counter(
        kind for said in zip(*(states(clauses, run) for run in runs))
        for kind in kinds(said))


class PageTest(unittest.TestCase):
    """Each test opens a page of its own, in one browser."""

    @classmethod
    def setUpClass(cls):
        cls.spec = read_spec()
        cls.browser = browser.Browser(ANSWER)
        cls.addClassCleanup(cls.browser.close)
        cls.runs = field(cls.spec, [f"mine{i}" for i in range(12)])
        files = [run.write(TMP / f"{run.header['adapter']['name']}.jsonl")
                 for run in cls.runs]
        cls.files = files
        cls.large = make_page(TMP / "large.html", *files)
        cls.few = make_page(TMP / "few.html", *files[:3])

    def setUp(self):
        self.browser.resize(1280, 900)
        self.browser.media()

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])
        # The page itself, and nothing after it, whatever was clicked.
        for url in self.browser.requested()[1:]:
            self.fail("the page asked for " + url)

    def rows(self):
        return self.browser.run(
            "document.querySelectorAll('#matrix tr.clause').length")

    def unfold_all(self):
        self.browser.run("if ($q = document.getElementById('unfold'), "
                         "$q.textContent.startsWith('Unfold')) $q.click()")

    def chip(self, value):
        """Clicks one, and answers the number in it."""
        told = self.browser.run(
            f"(b => (b.click(), b.lastChild.textContent))(document."
            f"querySelector('#filters button[data-value=\"{value}\"]'))")
        return int(told.replace(",", ""))

    def choose(self, name, value):
        self.browser.run(
            f"(s => (s.value = {json.dumps(value)}, s.dispatchEvent(new "
            f"Event('change'))))(document.querySelector("
            f"'#filters select[data-name={name}]'))")

    def test_results_of_the_runner(self):
        page, results = TMP / "real.html", TMP / "real.jsonl"
        told = run(RUNNER, f"--adapter={ADAPTER}", f"--spec={SPEC}",
                   "--filter=method.list*", f"--results={results}")
        self.assertEqual(told.returncode, 0, told.stdout)
        make_page(page, str(results))
        self.browser.open(page)
        self.assertIn("minimal", self.browser.run("document.title"))
        self.choose("verdict", "PASS")
        lines = map(json.loads, results.read_text("utf-8").splitlines())
        passed = {line["clause"] for line in lines
                  if line.get("verdict") == "PASS"}
        self.assertEqual(self.rows(), len(passed))
        self.assertIn("--filter=method.list",
                      self.browser.run("document.body.textContent"))

    def test_opens_at_once_and_is_light(self):
        self.assertLess(self.large.stat().st_size, 3_000_000)
        self.browser.open(self.large)
        # What the page's thread worked; the time on the clock would tell of
        # whatever else the machine does.
        seconds = {m["name"]: m["value"] for m in self.browser.ask(
            "Performance.getMetrics")["metrics"]}["ThreadTime"]
        print(f"{self.large.stat().st_size:,} bytes, {seconds:.2f} s")
        self.assertGreater(seconds, 0)
        self.assertLess(seconds, 1)

    def test_filters(self):
        clauses, runs = self.spec["clauses"], self.runs[:3]
        self.browser.open(self.few)
        self.unfold_all()
        self.assertEqual(self.rows(), len(clauses))
        expected = count_kinds(clauses, runs)
        for kind in KINDS:
            with self.subTest(kind):
                count = self.chip(kind)
                self.unfold_all()
                self.assertEqual(self.rows(), count)
                self.assertEqual(count, expected[kind])
                self.assertGreater(count, 0)

    def test_filters_of_many(self):
        self.browser.open(self.large)
        expected = count_kinds(self.spec["clauses"], self.runs)
        for kind in KINDS:
            with self.subTest(kind):
                self.assertEqual(self.chip(kind), expected[kind])

    def test_choices(self):
        clauses = self.spec["clauses"]
        verdicts = [run.verdicts() for run in self.runs[:3]]
        like = {
            "level": ("SHOULD", lambda c: c["level"] == "SHOULD"),
            "profile": ("full", lambda c: c["profile"] == "full"),
            "feature": ("lock", lambda c: c["feature"] == "lock"),
            "method": ("once", lambda c: c["methods"] == ["once"] and
                       c["profile"] in ("core", "full")),
            "verdict": ("UNRESOLVED", lambda c: any(
                "UNRESOLVED" in each[c["id"]] for each in verdicts)),
        }
        for name, (value, holds) in like.items():
            with self.subTest(name):
                self.browser.open(self.few)
                self.choose(name, value)
                self.unfold_all()
                self.assertEqual(self.rows(), sum(map(holds, clauses)))
                self.assertGreater(self.rows(), 0)
        self.browser.run("document.getElementById('reset').click()")
        self.unfold_all()
        self.assertEqual(self.rows(), len(clauses))

    def test_search_is_a_part_of_the_address(self):
        self.browser.open(self.few)
        self.browser.press("/")
        for key in "join":
            self.browser.press(key)
        self.unfold_all()
        found = self.rows()
        self.assertGreater(found, 0)
        self.assertLess(found, len(self.spec["clauses"]) / 2)
        self.assertIn("text=join", self.browser.run("location.hash"))

    def test_folds(self):
        self.browser.open(self.few)
        self.assertEqual(self.rows(), 0)
        # By the mouse, then by the keyboard.
        place = self.browser.run(
            "(r => [r.x + 60, r.y + r.height / 2])(document.querySelector("
            "'tr.chapter button').getBoundingClientRect())")
        self.browser.click(*place)
        clauses = self.rows()
        self.assertGreater(clauses, 0)
        self.browser.press("ArrowDown")
        self.browser.press("Enter")
        self.assertEqual(self.browser.run(
            "document.querySelectorAll('tr.fold .steps li').length > 0"), True)
        self.assertEqual(self.browser.run(
            "document.activeElement.getAttribute('aria-expanded')"), "true")
        self.browser.press("Enter")
        self.assertEqual(self.browser.run(
            "document.querySelectorAll('tr.fold').length"), 0)
        self.assertEqual(self.rows(), clauses)

    def test_a_link_opens_its_clause(self):
        clause = self.spec["clauses"][40]
        path = TMP / "linked.html"
        path.write_bytes(self.few.read_bytes())
        self.browser.open(path)
        self.browser.run(f"location.hash = {json.dumps(clause['id'])}")
        self.browser.run("new Promise(r => setTimeout(r))")
        self.assertIn(clause["sentence"].replace("`", ""), self.browser.run(
            "document.querySelector('tr.fold .rule').textContent"))

    def test_what_changed(self):
        new = Results(self.spec, "mine0")
        new.cases = [dict(case) for case in self.runs[0].cases]
        changed = [c for c in new.cases if c["verdict"] == "PASS"][::100]
        for case in changed:
            case["verdict"] = "FAIL"
        page = make_page(TMP / "changes.html",
                         "--against=" + new.write(TMP / "old.jsonl"),
                         self.files[0])
        self.browser.open(page)
        self.unfold_all()
        self.assertEqual(self.rows(), len({c["clause"] for c in changed}))
        self.browser.run("document.querySelector("
                         "'#count button[data-value=better]').click()")
        self.assertGreater(self.rows(), 0)

    def test_hostile_texts_are_texts(self):
        hostile = Results(self.spec, HOSTILE)
        header = hostile.header
        for name in ("date", "runner", "host", "kernel", "libc"):
            header[name] = HOSTILE
        header["options"] = [HOSTILE]
        header["adapter"]["version"] = HOSTILE
        header["adapter"]["language"] = HOSTILE
        for number, clause in enumerate(self.spec["clauses"][:6]):
            hostile.add(clause, "fork", "FAIL", failed_of=[1, 3], **{
                name: HOSTILE for name in (
                    "way", "text", "want", "got", "step", "again", "reason",
                    "sentence", "feature", "file")},
                contested="javascript:window.hacked=2")
            hostile.cases[number]["text"] += "x" * 100_000
        unknown = {**self.spec["clauses"][0], "id": HOSTILE, "level": HOSTILE,
                   "profile": HOSTILE, "feature": HOSTILE}
        hostile.add(unknown, HOSTILE, "FAIL")
        page = make_page(TMP / "hostile.html",
                         hostile.write(TMP / "hostile.jsonl"), self.files[0])
        self.browser.open(page)
        self.chip("fails")
        self.unfold_all()
        for row in range(7):
            self.browser.run(f"document.querySelectorAll('tr.clause button')"
                             f"[{row}].click()")
        self.assertEqual(self.browser.run(
            "document.querySelectorAll('tr.fold').length"), 7)
        self.assertEqual(self.browser.run("typeof window.hacked"), "undefined")
        self.assertEqual(self.browser.run("document.querySelectorAll("
            "'img, iframe, object, main script, [onerror], "
            "a[href^=javascript]').length"), 0)
        self.assertIn("<img src=x onerror", self.browser.run(
            "document.body.innerText"))

    def test_the_policy_of_the_page_forbids_requests(self):
        self.browser.open(self.few)
        refused = self.browser.run(
            "new Promise(r => { document.addEventListener("
            "'securitypolicyviolation', e => r(e.effectiveDirective));"
            "const i = new Image(); i.src = 'http://localhost:1/'; })")
        self.assertEqual(refused, "img-src")
        self.browser.events.clear()

    def test_fits_a_narrow_window(self):
        for path in (self.few, self.large):
            self.browser.open(path)
            self.choose("verdict", "UNRESOLVED")
            self.choose("method", "fork")
            self.unfold_all()
            self.browser.run(
                "document.querySelector('tr.clause button').click()")
            for width in (320, 420, 800, 1280):
                self.browser.resize(width, 800)
                with self.subTest(f"{path.name} at {width}"):
                    self.assertLessEqual(self.browser.run(
                        "document.documentElement.scrollWidth"), width)

    def test_prints(self):
        self.browser.resize(800, 1100)
        self.browser.media(media="print")
        self.browser.open(self.few)
        wide, filters = self.browser.run(
            "[document.getElementById('runs').offsetWidth,"
            " document.getElementById('filters').offsetHeight]")
        self.assertLessEqual(wide, 800)
        self.assertEqual(filters, 0)

    def test_is_dark_where_that_is_wished(self):
        colours = "(s => [s.color, s.backgroundColor])(getComputedStyle(" \
                  "document.body)).map(c => c.match(/\\d+/g)" \
                  ".reduce((a, b) => a + Number(b), 0))"
        for scheme, dark in (("light", False), ("dark", True)):
            self.browser.media(prefers_color_scheme=scheme)
            self.browser.open(self.few)
            text, ground = self.browser.run(colours)
            self.assertEqual(text > ground, dark, (scheme, text, ground))
            self.assertGreater(abs(text - ground), 400)

    def test_can_be_listened_to(self):
        self.browser.open(self.few)
        self.chip("fails")
        tree = self.browser.ask("Accessibility.getFullAXTree")["nodes"]
        roles = collections.defaultdict(list)
        for node in tree:
            if not node.get("ignored"):
                roles[node["role"]["value"]].append(
                    node.get("name", {}).get("value", ""))
        for role in ("button", "combobox", "searchbox", "checkbox", "table"):
            self.assertTrue(roles[role], role)
            self.assertNotIn("", roles[role], role)
        heads = [name for name in roles["columnheader"] if "mine1" in name]
        self.assertTrue(heads)
        self.assertIn("heading", roles)
        told = [name for name in roles["image"] if "fork fails" in name]
        self.assertTrue(told, roles["image"][:10])


def too_long(*_):
    raise TimeoutError(f"the test took more than {DEADLINE} s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(DEADLINE)
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=2)
