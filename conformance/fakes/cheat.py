#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python adapter with a lie: calls that it does not make.

    cheat.py member TYPE NAME null|true|0 PATH   one member answers that
    cheat.py area AREA WHAT PATH                 all members of an area's types
    cheat.py none PATH                           it is honest

WHAT is null, true, 0, text, last (the last argument), or kind: what a member
usually answers, of the kind that it has. A process is started all the same:
without agents there is nothing to see.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "adapter"))
import python  # noqa: E402
from python_module import mp  # noqa: E402
from python_names import has, type_name  # noqa: E402

AREAS = {
    "context": {"mp", "Context"},
    "process": {"Process"},
    "lock": {"Lock", "RLock", "Semaphore", "BoundedSemaphore"},
    "condition": {"Condition"},
    "event": {"Event"},
    "barrier": {"Barrier"},
    "shared": {"Value", "Array", "RawValue", "RawArray"},
    "pipe": {"Connection"},
    "queue": {"Queue", "JoinableQueue", "SimpleQueue"},
    "pool": {"Pool", "AsyncResult", "Iterator"},
}

# What makes the objects that others are about.
MAKERS = {
    "Process", "Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition",
    "Event", "Barrier", "Value", "Array", "RawValue", "RawArray", "Pipe",
    "Queue", "JoinableQueue", "SimpleQueue", "Connection", "Pool",
    "apply_async", "map_async", "starmap_async", "imap", "imap_unordered",
    "get_context", "get_obj", "get_lock", "current_process", "start",
}

# Members that answer something; all others answer nothing.
KINDS = {
    "acquire": True, "locked": True, "get_value": 1, "wait": True,
    "wait_for": True, "is_set": True, "parties": 2, "n_waiting": 1,
    "broken": False, "value": 0, "x": 0, "y": 0.0, "length": 3, "get": 7,
    "slice": [1, 2, 3], "recv": "kestrel",
    "recv_bytes": {"b64": "a2VzdHJlbA=="},
    "recv_bytes_into": [7, {"b64": "a2VzdHJlbA=="}], "poll": True, "fileno": 5,
    "closed": True, "readable": True, "writable": True, "get_nowait": 7,
    "qsize": 1, "empty": True, "full": True, "is_alive": True, "pid": 4711,
    "ident": 4711, "exitcode": 0, "sentinel": 5, "name": "Process-1",
    "daemon": True, "authkey": {"b64": "a2V5"}, "apply": 9, "map": [1, 4, 9],
    "starmap": [1, 4, 9], "ready": True, "successful": True, "next": 1,
    "get_all_start_methods": ["fork", "spawn", "forkserver"],
    "get_start_method": "fork", "cpu_count": 1021, "active_children": [],
}

WORDS = {"null": None, "true": True, "0": 0, "text": ""}


def type_of(obj):
    return "mp" if obj is mp else type_name(obj)


def constant(what, request):
    if what == "kind":
        return KINDS.get(request["name"])
    if what == "last":
        args = request.get("args") or [request.get("value")]
        last = args[-1]
        is_handle = isinstance(last, dict) and ("ref" in last or "fn" in last)
        return None if is_handle else last
    return WORDS[what]


class Cheat(python.Actor):
    def lie(self, obj, name):
        """What to answer instead, or None."""
        # Not sooner: in a fork server the arguments come after this module.
        mode, *words = sys.argv[1:-1] if len(sys.argv) > 2 else ["none"]
        if mode == "member":
            lies = type_of(obj) == words[0] and name == words[1]
            return words[2] if lies else None
        if mode == "area":
            lies = type_of(obj) in AREAS[words[0]] and name not in MAKERS
            return words[1] if lies else None
        return None

    def answer(self, request):
        if request["do"] in ("call", "read", "write"):
            obj, name = self.handles[request["on"]], request["name"]
            what = self.lie(obj, name) if has(obj, name) else None
            if what is not None:
                return constant(what, request)
        return super().answer(request)


python.Actor = Cheat

if __name__ == "__main__":
    python.main()
