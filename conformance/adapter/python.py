"""The adapter for modules shaped like Python's multiprocessing.

BROOD_MODULE names the module, "multiprocessing" if unset. A launcher calls
`main`; everything that a child must find by name lives here, in a module that
can be imported. PROTOCOL.md is the contract.
"""
# SPDX-License-Identifier: MIT
import base64
import builtins
import ctypes
import errno
import importlib
import json
import os
import platform
import select
import signal
import socket
import sys
import threading
import time

mp = importlib.import_module(os.environ.get("BROOD_MODULE", "multiprocessing"))
reduction, sharedctypes, synchronize = (
    importlib.import_module(mp.__name__ + "." + part)
    for part in ("reduction", "sharedctypes", "synchronize"))


# What processes run.

def echo(*values):
    return values


def square(n):
    return n * n


def fail(text):
    raise RuntimeError(text)


def leave(code):
    sys.exit(code)


def leave_now(code):
    os._exit(code)


def die(name):
    os.kill(os.getpid(), number_of(name))


def gate(path):
    with open(path, "rb") as waiting:
        waiting.read()


def note(path, text):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, text.encode() + b"\n")
    os.close(fd)


def gate_note(gate_path, path, text):
    gate(gate_path)
    note(path, text)


def note_size(path, blob):
    note(path, str(len(blob)))


def tell(text):
    print(text, end="")


def hammer(lock, value, n):
    for _ in range(n):
        lock.acquire()
        value.value += 1
        lock.release()


def wait_note(condition, path):
    with condition:
        note(path, "waits")
        condition.wait()
        note(path, "woken")


def meet(barrier, path, n):
    for _ in range(n):
        note(path, str(barrier.wait()))


def act():
    gate_note("acting", "acts", "act")


def act_fails():
    raise RuntimeError("the action fails")


def thread_note(gate_path, path, text):
    threading.Thread(target=gate_note, args=(gate_path, path, text)).start()
    note(path, "left")


class Unloadable:
    """Travels to a fresh process well, and cannot be made anew there."""

    def __reduce__(self):
        return fail, ("this argument cannot be unpacked",)

    def __call__(self):
        pass


class NotesOnRun:
    """What a subclass of a Process class adds to it."""

    def run(self):
        note(*self.what)


def make_subclasses():
    for method in mp.get_all_start_methods():
        base = mp.get_context(method).Process
        name = "Noting" + base.__name__
        globals()[name] = type(name, (NotesOnRun, base),
                               {"__module__": __name__})


make_subclasses()


def functions():
    table = {f.__name__: f for f in (
        echo, square, fail, leave, leave_now, die, gate, note, gate_note,
        note_size, tell, agent, thread_note, hammer, wait_note, meet, act,
        act_fails)}
    table["unregistered"] = lambda *values: None
    table["unloadable"] = Unloadable()
    table["of_main"] = getattr(sys.modules["__main__"], "of_main", None)
    return table


# The actor's own process.

def number_of(name):
    return getattr(signal, "SIG" + name)


class Fd:
    """A descriptor; as an argument of a process it arrives there as well."""

    def __init__(self, number):
        self.number = number

    def fileno(self):
        return self.number

    def __reduce__(self):
        return arrive, (reduction.DupFd(self.number),)


def arrive(travelling):
    return Fd(travelling.detach())


class Fds(list):
    """Many descriptors: as an argument, that many arguments."""


class Structure(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]


class Cell:
    value = 0


class Uncaught(BaseException):
    """Carries an error past the loop that would make a reply of it."""


def handled(number, frame):
    pass


def sleep_for(seconds):
    time.sleep(seconds)


def answer_of(obj, name):
    """`name` is a name, or a list of a method's name and its arguments."""
    name, *args = name if isinstance(name, list) else [name]
    try:
        found = getattr(obj, name)
        return found(*args) if callable(found) else found
    except Exception as e:
        return {"error": types_of(e)[0]}


class Own:
    """The handle `os`."""

    def getpid(self):
        return os.getpid()

    def getppid(self):
        return os.getppid()

    def getcwd(self):
        return os.getcwd()

    def chdir(self, path):
        os.chdir(path)

    def getenv(self, name):
        return os.environ.get(name)

    def putenv(self, name, value):
        os.environ[name] = value

    def umask(self, mask):
        return os.umask(mask)

    def argv(self):
        return sys.argv

    def set_argv(self, words):
        sys.argv = words

    def cell(self):
        return Cell.value

    def set_cell(self, n):
        Cell.value = n

    def preloaded(self):
        return getattr(builtins, "brood_preloaded", 0)

    def signal(self, name, how):
        action = {"default": signal.SIG_DFL, "ignore": signal.SIG_IGN,
                  "handle": handled}[how]
        signal.signal(number_of(name), action)

    def block(self, name):
        signal.pthread_sigmask(signal.SIG_BLOCK, [number_of(name)])

    def alarm(self, seconds):
        return signal.alarm(seconds)

    def open_fd(self, path, inheritable):
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.set_inheritable(fd, inheritable)
        return Fd(fd)

    def open_fds(self, path, n):
        return Fds(self.open_fd(path, False) for _ in range(n))

    def fd_number(self, fd):
        return fd.number

    def read_fd(self, fd, n):
        return os.read(fd.number, n).decode()

    def write_fd(self, fd, text):
        os.write(fd.number, text.encode())

    def read_stdin(self, n):
        return sys.stdin.read(n)

    def pipe(self):
        return [Fd(end) for end in os.pipe()]

    def close_fd(self, fd):
        os.close(fd.number)

    def wait_readable(self, waited, seconds):
        # Not select(): it refuses descriptors above 1023.
        poll = select.poll()
        for fd in waited:
            poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(seconds * 1000)}
        return [fd for fd in waited if getattr(fd, "number", fd) in ready]

    def redirect_stdin(self, path):
        fd = os.open(path, os.O_RDONLY)
        os.dup2(fd, 0)
        os.close(fd)

    def redirect_stdout(self, path):
        sys.stdout.flush()
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(fd, 1)
        os.close(fd)

    def print(self, text):
        sys.stdout.write(text)

    def print_error(self, text):
        sys.stderr.write(text)

    def exit(self, code=None):
        raise Uncaught(SystemExit(code))

    def _exit(self, code):
        os._exit(code)

    def raise_(self, kind):
        raise Uncaught(getattr(builtins, kind)("raised on request"))

    def kill(self, pid, name):
        os.kill(pid, number_of(name))

    def start_thread(self, seconds):
        threading.Thread(target=sleep_for, args=(seconds,),
                         daemon=True).start()

    def call_in_threads(self, obj, names, n):
        rows = [[] for _ in range(n)]

        def call_all(row):
            for name in names:
                row.append(answer_of(obj, name))

        threads = [threading.Thread(target=call_all, args=(row,))
                   for row in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return rows

    def set_on_signal(self, name, event):
        signal.signal(number_of(name), lambda number, frame: event.set())

    def reader(self, value):
        return lambda: value.value

    def structure(self):
        return Structure

    def wait_any(self):
        try:
            return os.waitpid(-1, os.WNOHANG)[0]
        except OSError as e:
            return errno.errorcode[e.errno]

    def blob(self, n):
        return Blob(n)

    # Only for the python profile.

    def random(self):
        return int.from_bytes(importlib.import_module("random").randbytes(6),
                              "big")

    def pickle(self, obj):
        importlib.import_module("pickle").dumps(obj)

    def subclass(self, context, path, text):
        process = globals()["Noting" + context.Process.__name__]()
        process.what = (path, text)
        return process


setattr(Own, "raise", Own.raise_)


class Blob(bytes):
    """Many bytes that stay a handle on the wire."""

    def __reduce__(self):
        return bytes, (bytes(self),)


# The wire.

class Unsupported(Exception):
    pass


def types_of(e):
    return [c.__name__ for c in type(e).__mro__ if c is not object]


def own_names(obj):
    return getattr(obj, "__dict__", ())


# What is only said with brackets and `len`, by the names of the wire.
def set_item(array, index, value):
    array[index] = value


def set_slice(array, start, stop, step, values):
    array[start:stop:step] = values


BRACKETS = {
    "length": len,
    "get": lambda array, index: array[index],
    "set": set_item,
    "slice": lambda array, start=None, stop=None, step=None:
        array[start:stop:step],
    "set_slice": set_slice,
}


def method_of(obj, name):
    if name in BRACKETS and hasattr(type(obj), "__getitem__"):
        return lambda *args, **named: BRACKETS[name](obj, *args, **named)
    return getattr(obj, name)


def has(obj, name):
    return (hasattr(type(obj), name) or name in own_names(obj)
            or name in BRACKETS and hasattr(type(obj), "__getitem__"))


# Names of the wire for classes that are made on the fly, bases last.
TYPES = (
    (mp.process.BaseProcess, "Process"),
    (mp.context.BaseContext, "Context"),
    (sharedctypes.SynchronizedArray, "Array"),
    (sharedctypes.SynchronizedBase, "Value"),
    (ctypes.Array, "RawArray"),
    ((ctypes._SimpleCData, ctypes.Structure), "RawValue"),
    (Fd, "fd"), (Fds, "fds"), (Blob, "blob"),
)


def type_name(obj):
    names = [name for types, name in TYPES if isinstance(obj, types)]
    return names[0] if names else type(obj).__name__


class Actor:
    def __init__(self, objects):
        self.handles = {"mp": mp, "os": Own()}
        self.functions = functions()
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
            return self.functions[inner]
        if key == "b64":
            return base64.b64decode(inner)
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
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, bytes) and not isinstance(value, Blob):
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
            name = "#%d" % len(self.handles)
            self.handles[name] = obj
        return known[0] if known else name

    def answer(self, request):
        do = request["do"]
        if do == "hello":
            return hello()
        if do == "drop":
            return self.handles.pop(request["ref"], None) and None
        obj, name = self.handles[request["on"]], request["name"]
        if not has(obj, name):
            raise Unsupported(name)
        if do == "write":
            return setattr(obj, name, self.decode(request["value"]))
        bind = request.get("bind")
        if do == "read":
            return self.encode(getattr(obj, name), bind)
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
            return {"error": types_of(e), "text": str(e)}

    def serve(self, wire):
        send(wire, {"hello": {"pid": os.getpid()}})
        for line in wire.makefile("rb"):
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
            "condition", "event", "barrier", "shared", "language"]


def hello():
    features, profiles = list(FEATURES), ["core", "full", "python"]
    if hasattr(mp.Process, "kill"):
        features += ["kill", "close", "parent"]
    if hasattr(synchronize.Lock, "locked"):
        features.append("locked")
    version = platform.python_version()
    if mp.__name__ != "multiprocessing":
        version = "%s on CPython %s" % (mp.__version__, version)
    if mp.__name__ == "billiard":
        profiles.append("billiard")
        features.append("forking")
    return {"protocol": 1, "name": mp.__name__, "version": version,
            "language": "Python", "methods": mp.get_all_start_methods(),
            "features": features, "profiles": profiles}


def main():
    agent(sys.argv[-1])
