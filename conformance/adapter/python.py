"""The adapter for modules shaped like Python's multiprocessing.

A launcher calls `main`. PROTOCOL.md is the contract; python_functions.py has
what processes run, python_own.py the handle `os`.
"""
# SPDX-License-Identifier: MIT
import base64
import gc
import json
import math
import os
import platform
import socket
import struct
import sys

import python_functions
import python_tasks
from python_module import mp, synchronize
from python_names import attribute_of, has, method_of, type_name
from python_own import Blob, Fds, Own, Uncaught

MAX_BYTES = 65536  # more are answered as a handle


class Unsupported(Exception):
    pass


def collect():
    """What was dropped goes at once where references are counted."""
    if platform.python_implementation() != "CPython":
        # One pass finds it, the next what its finalizer let go.
        for _ in range(3):
            gc.collect()


def types_of(e):
    return [c.__name__ for c in type(e).__mro__ if c is not object]


def is_blob(value):
    return isinstance(value, Blob) or len(value) > MAX_BYTES


class Actor:
    def __init__(self, objects):
        self.own = Own()
        self.own.method_of = method_of
        self.handles = {"mp": mp, "os": self.own}
        self.made_up = 0
        self.functions = dict(python_functions.table(), agent=agent,
                              **python_tasks.table())
        for i, obj in enumerate(objects):
            self.handles["$%d" % i] = obj

    def decode(self, value):
        if isinstance(value, list):
            return self.decode_list(value)
        if not isinstance(value, dict):
            return value
        (key, inner), = value.items()
        if key in ("ref", "fd"):
            return self.handles[inner]
        if key == "fn":
            if inner not in self.functions:
                raise Unsupported(inner)
            return self.functions[inner]
        if key == "b64":
            return base64.b64decode(inner)
        if key == "double":
            return struct.unpack(">d", bytes.fromhex(inner))[0]
        return {k: self.decode(v) for k, v in inner.items()}

    def decode_list(self, values):
        decoded = []
        for value in map(self.decode, values):
            if isinstance(value, Fds):
                decoded.extend(value)
            else:
                decoded.append(value)
        return decoded

    def encode(self, value, name=None):
        if isinstance(value, float) and not math.isfinite(value):
            return {"double": python_functions.bits_of(value)}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, bytes) and not is_blob(value):
            return {"b64": base64.b64encode(value).decode()}
        if isinstance(value, (list, tuple)) and not isinstance(value, Fds):
            return [self.encode(v) for v in value]
        if isinstance(value, dict):
            return {"map": {str(k): self.encode(v) for k, v in value.items()}}
        return {"ref": self.keep(value, name), "type": type_name(value)}

    def keep(self, obj, name):
        """An object keeps the first name that it got."""
        known = [n for n, o in self.handles.items() if o is obj]
        if name is not None:
            self.handles[name] = obj
        elif not known:
            self.made_up += 1
            name = "#%d" % self.made_up
            self.handles[name] = obj
        return known[0] if known else name

    def answer(self, request):
        do = request["do"]
        if do == "hello":
            return hello()
        if do == "drop":
            self.handles.pop(request["ref"], None)
            collect()
            return None
        obj, name = self.handles[request["on"]], request["name"]
        if not has(obj, name):
            raise Unsupported(name)
        if do == "write":
            return setattr(obj, name, self.decode(request["value"]))
        bind = request.get("bind")
        if do == "read":
            return self.encode(attribute_of(obj, name), bind)
        named = {k: self.decode(v)
                 for k, v in request.get("named", {}).items()}
        args = self.decode_list(request.get("args", []))
        return self.encode(method_of(obj, name)(*args, **named), bind)

    def reply(self, request):
        try:
            return {"ok": self.answer(request)}
        except Unsupported as e:
            return {"unsupported": str(e)}
        except Exception as e:
            data = e.args[0] if e.args else None
            self.own.carried = data if isinstance(data, bytes) else None
            self.own.error_number = getattr(e, "errno", None)
            self.own.text = str(e)
            return {"error": types_of(e), "text": str(e)}

    def serve(self, wire):
        self.own.connection = wire.fileno()
        send(wire, {"hello": {"pid": os.getpid()}})
        # Closed here: where nothing counts references, the connection would
        # outlive this function, and the runner would see no end of it.
        with wire.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                if request["do"] == "bye":
                    return send(wire, {"id": request["id"], "ok": None})
                send(wire, {"id": request["id"], **self.reply(request)})


def send(wire, message):
    # Unbuffered: a signal's error must not make the same bytes go out twice.
    wire.sendall(json.dumps(message).encode() + b"\n")


def agent(path, *objects):
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(path)
        try:
            return Actor(objects).serve(wire)
        except Uncaught as e:
            error = e.args[0]
    raise error


# What this implementation says of itself.

FEATURES = ["method", "context", "process", "isolation", "descriptors",
            "signals", "output", "forkserver", "argv.write", "authkey",
            "daemon", "executable", "foreign", "log", "preload", "lock",
            "condition", "event", "barrier", "shared", "pipe", "queue",
            "joinable", "simple", "feeder", "language", "pool",
            "pool.callback", "pool.imap", "pool.initializer", "pool.recycle",
            "manager", "manager.sync", "manager.own", "manager.nested",
            "manager.count", "manager.remote"]


def version():
    """Of the module, if it has one of its own, and of the interpreter."""
    name = platform.python_implementation()
    text = "%s %s" % (name, platform.python_version())
    if name == "PyPy":
        text = "PyPy %s (Python %s)" % (
            ".".join(map(str, sys.pypy_version_info[:3])),
            platform.python_version())
    if "gevent" in sys.modules:
        text += " with gevent " + sys.modules["gevent"].__version__
    own = getattr(mp, "__version__", None)
    return "%s on %s" % (own, text) if own else text


def hello():
    features, profiles = list(FEATURES), ["core", "full", "python"]
    if hasattr(mp.process.BaseProcess, "kill"):
        features += ["kill", "close", "parent"]
    if hasattr(synchronize.Lock, "locked"):
        features.append("locked")
    if mp.__name__ == "billiard":
        profiles.append("billiard")
        features += ["forking", "pool.accept", "pool.crew", "pool.limits",
                     "pool.listen"]
    features = [f for f in features if f not in getattr(mp, "LACKS", ())]
    return {"protocol": 1, "name": getattr(mp, "NAME", mp.__name__),
            "version": version(),
            "language": "Python", "methods": mp.get_all_start_methods(),
            "features": features, "profiles": profiles}


def main():
    agent(sys.argv[-1])
