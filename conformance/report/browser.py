# SPDX-License-Identifier: MIT
"""A headless Chromium, asked by the DevTools protocol over a pair of pipes:
no port, no driver, and whatever the browser does over the network is seen."""

import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
# 3 and 4 are the descriptors that the browser reads from and writes to.
START = 'exec "$0" "$@" 3<&%d 4>&%d'
OPTIONS = [
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox",
    "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--hide-scrollbars",
    "--window-size=1280,900", "about:blank",
]


def find():
    """The browser's path, or the end of the test with what to do about it."""
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("chromium is not installed, and the page of results "
                         "is to be opened in it: tools/setup installs it")
    return path


class Browser:
    """With one page. Ends with everything that it started."""

    def __init__(self, seconds):
        """`seconds` is how long any single answer may take."""
        self.seconds = seconds
        self.events = []
        self.buffer = b""
        self.last = 0
        self.session = None
        self.folder = tempfile.TemporaryDirectory(
            prefix="browser.", ignore_cleanup_errors=True)
        # Processes of the browser that lose their parent become ours.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        theirs_in, self.to = os.pipe()
        self.came, theirs_out = os.pipe()
        home = self.folder.name
        with open(f"{home}/stderr", "wb") as complaints:
            self.process = subprocess.Popen(
                ["sh", "-c", START % (theirs_in, theirs_out), find(),
                 f"--user-data-dir={home}/profile", *OPTIONS],
                pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=complaints,
                env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home,
                     "XDG_CACHE_HOME": home, "TMPDIR": home})
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def _attach(self):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target,
                                flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Performance"):
            self.ask(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, method, **params):
        """The answer to one request; events that come before it are kept."""
        self.last += 1
        request = {"id": self.last, "method": method, "params": params}
        if self.session is not None:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + self.seconds
        while True:
            message = self._read(deadline, method)
            if message.get("id") != self.last:
                self.events.append(message)
            elif "error" in message:
                raise RuntimeError(f"{method}: {message['error']}")
            else:
                return message["result"]

    def wait(self, event):
        """Until an event of that name has come."""
        deadline = time.monotonic() + self.seconds
        while not any(e.get("method") == event for e in self.events):
            self.events.append(self._read(deadline, event))

    def _read(self, deadline, what):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.came], [], [], left)[0]
            chunk = os.read(self.came, 1 << 20) if ready else b""
            if not chunk:
                how = "ended before" if ready else "gave no answer in time to"
                complaint = pathlib.Path(self.folder.name, "stderr")
                raise RuntimeError(f"chromium {how} {what}: " +
                                   complaint.read_text("utf-8", "replace"))
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, path):
        """Waits until the page is loaded; forgets what was before."""
        self.events.clear()
        self.ask("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.wait("Page.loadEventFired")

    def run(self, script):
        """The value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=script,
                          returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key):
        """A key of the keyboard; a character is also a text."""
        text = {"text": key} if len(key) == 1 else {}
        text = {"text": "\r"} if key == "Enter" else text
        code = {"Tab": 9, "Enter": 13, "ArrowDown": 40, "ArrowUp": 38}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                     windowsVirtualKeyCode=code.get(key, 0),
                     **(text if kind == "keyDown" else {}))

    def click(self, x, y):
        """By the mouse, at a place in the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                     button="left", clickCount=1)

    def resize(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=1, mobile=False)

    def media(self, **features):
        """Which @media hold: media="print", prefers_color_scheme="dark"."""
        self.ask("Emulation.setEmulatedMedia", media=features.pop("media", ""),
                 features=[{"name": name.replace("_", "-"), "value": value}
                           for name, value in features.items()])

    def requested(self):
        """The URL of everything that was asked for since open()."""
        return [e["params"]["request"]["url"] for e in self.events
                if e.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        """Errors that no script caught, since open()."""
        return [e["params"] for e in self.events
                if e.get("method") == "Runtime.exceptionThrown"]

    def close(self):
        os.close(self.to)  # which is its end
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.came)
        _end_children()
        self.folder.cleanup()


def _end_children():
    """Kills what the browser left behind, if it is not ending already."""
    children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children")
    while True:
        for pid in children.read_text("ascii").split():
            os.kill(int(pid), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
