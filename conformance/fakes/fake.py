"""An adapter that breaks one rule, named by its first argument.

It implements nothing but a counter, an error and a few lies: the runner must
give every one of them its exact verdict. `good` breaks none.
"""
# SPDX-License-Identifier: MIT
import json
import os
import shutil
import signal
import socket
import sys
import threading

MODE = sys.argv[1]
ABOUT = {"protocol": 1, "name": "fake", "version": "1", "language": "none",
         "methods": ["fork"], "features": ["cell"], "profiles": ["core"]}
# What would be a line of the report's own, and red ink after it.
FORGED = "fake\n[  PASSED  ] 99 tests.\r\x1b[31m\x9b2J\u202e"
CHANGES = {
    "wrong-protocol": {"protocol": 2},
    "lists-method": {"methods": ["fork", "teleport"]},
    "lists-magic": {"features": ["cell", "magic"]},
    "hollow-magic": {"features": ["cell", "magic"]},
    "lists-feature": {"features": ["cell", "magic"]},
    "no-profiles": {"profiles": "core"},
    "claims-reference": {"name": "brood"},
    "forged-name": {"name": FORGED, "version": FORGED, "language": FORGED},
    "forged-method": {"methods": ["fork", FORGED]},
    "method-is-path": {"methods": ["fork", "../../x"]},
    "lists-twice": {"methods": ["fork", "fork"]},
    "no-name": {"name": ""},
    "many-methods": {"methods": ["m%d" % i for i in range(101)]},
    "unknown-feature": {"features": ["cell", "magik"]},
    "unknown-profile": {"profiles": ["core", "fool"]},
}


class Wire:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rwb")

    def raw(self, line):
        self.stream.write(line + b"\n")
        self.stream.flush()

    def send(self, message):
        self.raw(json.dumps(message).encode())


def child_that_stays(stubborn, name=None):
    """A process that outlives this one; it is there when this returns."""
    ready, told = os.pipe()
    if os.fork() == 0:
        if name:
            os.set_inheritable(told, True)
            os.execv(sys.executable, [name, "-c",
                     "import os, signal; os.write(%d, b'r'); signal.pause()"
                     % told])
        if stubborn:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(told, b"r")
        while True:
            signal.pause()
    os.read(ready, 1)


def make_file(path):
    with open(path, "w") as made:
        made.write("left")


def forever():
    while True:
        signal.pause()


def spin():
    while True:
        pass


def much_output():
    os.write(1, b"the first line\n" + b"x" * (1 << 20) + b"\nthe last line\n")


def remove_folder():
    shutil.rmtree(os.path.dirname(os.path.dirname(os.getcwd())))


def endless_output():
    while True:
        os.write(1, b"x" * (1 << 16))


# What a mode does when a method is called, before or instead of the answer.
BEFORE = {
    "kills-runner": lambda: os.kill(os.getppid(), signal.SIGKILL),
    "hang": forever,
    "removes-folder": remove_folder,
    "endless-output": endless_output,
    "much-output": much_output,
    "spin": spin,
    "exit-0": lambda: os._exit(0),
    "exit-3": lambda: os._exit(3),
    "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "forged-output": lambda: print(FORGED * 2, file=sys.stderr),
    "leak-process": lambda: child_that_stays(False),
    "leak-daemon": lambda: child_that_stays(True),
    "leak-shm": lambda: make_file("/dev/shm/brood-fake-%d" % os.getpid()),
    "leak-dot-shm": lambda: make_file("/dev/shm/.brood-fake-%d" % os.getpid()),
    "forged-file": lambda: make_file(os.environ["TMPDIR"] + "/" + FORGED),
    "forged-process": lambda: child_that_stays(False, FORGED),
    "leak-tmp": lambda: make_file(os.environ["TMPDIR"] + "/left"),
}

# What a mode sends instead of the answer; %d is the request's id.
INSTEAD = {
    "garbage": b"no JSON at all",
    "not-utf8": b'{"id": %d, "ok": "\xff"}',
    "not-object": b"[%d]",
    "no-id": b'{"ok": null}',
    "text-id": b'{"id": "%d", "ok": null}',
    "no-answer": b'{"id": %d}',
    "two-answers": b'{"id": %d, "ok": 0, "unsupported": "cell"}',
    "two-replies": b'{"id": %d, "ok": 0}\n{"id": %d, "ok": 0}',
    "empty-error": b'{"id": %d, "error": []}',
    "bare-error": b'{"id": %d, "error": ["ValueError"], "text": ""}',
    "bad-value": b'{"id": %d, "ok": {"a": 1, "b": 2}}',
    "empty-line": b"",
    "nul": b'{"id": %d, "ok": 0}\x00 and more',
    "no-text": b'{"id": %d, "error": ["Exception"]}',
    "null-text": b'{"id": %d, "error": ["Exception"], "text": null}',
    "third-key": b'{"id": %d, "ok": 0, "text": "well"}',
    "key-twice": b'{"id": %d, "ok": 0, "ok": 1}',
    "inner-key-twice": b'{"id": %d, "ok": {"map": {"a": 0, "a": 0}}}',
    "byte-order-mark": b'\xef\xbb\xbf{"id": %d, "ok": 0}',
    "deep-lists": b'{"id": %d, "ok": ' + b"[" * 50000 + b"]" * 50000 + b"}",
    "deep-maps": b'{"id": %d, "ok": ' + b'{"map":' * 50000 + b"0"
                 + b"}" * 50000 + b"}",
    "deep-id": b'{"id": ' + b"[" * 50000 + b"%d" + b"]" * 50000 + b"}",
    "deep-begin": b"[" * 500000 + b"%d",
    "huge-number": b'{"id": %d, "ok": 1e400}',
}


def coroutine(request):
    """A "process" that is a thread of the program."""
    if request["name"] == "start":
        threading.Thread(target=lambda: serve(Wire(sys.argv[-1])),
                         daemon=True).start()
        return {"ok": None}
    return {"ok": {"ref": request["bind"], "type": request["name"]}}


def answer(request):
    name = request["name"]
    if MODE == "coroutine" and name in ("get_context", "Process", "start"):
        return coroutine(request)
    if MODE == "forged-error":
        return {"error": [FORGED, "Exception"], "text": FORGED}
    if MODE == "forged-value":
        return {"ok": FORGED}
    if MODE == "forged-unsupported":
        return {"unsupported": FORGED}
    if MODE == "wrong-error" and name == "get_context":
        return {"error": ["TypeError", "Exception"], "text": "lied"}
    if MODE == "no-error" and name == "get_context":
        return {"ok": None}
    if name == "get_context":
        return {"error": ["ValueError", "Exception"], "text": "none such"}
    if name == "cell" and MODE == "at-times":
        with open(os.environ["BROOD_FAKE_COUNT"], "a+") as count:
            count.write("x")
            count.seek(0)
            answers = os.environ.get("BROOD_FAKE_ANSWERS", "0 1 0").split()
            return {"ok": json.loads(answers[len(count.read()) - 1])}
    if name == "cell":
        return {"ok": 1 if MODE == "wrong-value" else 0}
    if name == "slow":
        forever()
    if name == "magic" and MODE == "lists-magic":
        return {"ok": {"ref": request["bind"], "type": "Magic"}}
    if name == "magic" and MODE == "hollow-magic" or name == "work":
        return {"ok": None}
    return {"unsupported": name}


def reply(wire, request):
    number = request["id"]
    BEFORE.get(MODE, lambda: None)()
    if MODE in INSTEAD:
        line = INSTEAD[MODE]
        wire.raw(line % ((number,) * line.count(b"%d")))
    elif MODE == "wrong-id":
        wire.send({"id": number + 1, "ok": 0})
    elif MODE == "long-line":
        wire.send({"id": number, "ok": "x" * (2 << 20)})
    elif MODE == "endless-line":
        # No newline, ever: the runner must not collect it for good.
        while True:
            wire.stream.write(b"x" * 65536)
    else:
        wire.send({"id": number, **answer(request)})


def serve(wire):
    pid = os.getpid() + (1 if MODE == "wrong-pid" else 0)
    first = {"hello": {"pid": pid}}
    if MODE == "deep-first":
        wire.raw(b'{"hello": ' + b"[" * 50000 + b"]" * 50000 + b"}")
    wire.send({"hi": 1} if MODE == "wrong-first" else first)
    while True:
        line = wire.stream.readline()
        if not line:
            return
        request = json.loads(line)
        if request["do"] == "hello":
            wire.send({"id": request["id"],
                       "ok": {**ABOUT, **CHANGES.get(MODE, {})}})
        elif request["do"] == "bye":
            say_bye(wire, request)
            return
        else:
            reply(wire, request)


def say_bye(wire, request):
    if MODE == "hang-at-bye":
        forever()
    if MODE == "segv-at-bye":
        os.kill(os.getpid(), signal.SIGSEGV)
    wire.send({"id": request["id"], "ok": 1 if MODE == "talks-at-bye" else None})
    if MODE == "never-exits":
        forever()
    if MODE == "much-at-bye":
        os.write(2, b"x" * (17 << 20))
    if MODE == "late-word":
        wire.send({"id": request["id"], "ok": None})
    if MODE == "fails-at-exit":
        os._exit(1)


def main():
    told = os.environ.get("BROOD_FAKE_TELL")
    if told:
        # A FIFO: opening it waits for the reader.
        with open(told, "w") as pipe:
            pipe.write("%d" % os.getpid())
    if MODE == "never-connects":
        forever()
    if MODE == "ends-early":
        sys.exit(5)
    if MODE == "wrapped" and os.fork():
        os.wait()
        return
    wire = Wire(sys.argv[-1])
    if MODE == "closes-at-once":
        return
    if MODE == "silent":
        forever()
    serve(wire)


main()
