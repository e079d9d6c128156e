"""What processes run: the functions of PROTOCOL.md, but for `agent`.

They live in a module that can be imported, so that a child finds them by name.
"""
# SPDX-License-Identifier: MIT
import os
import signal
import struct
import sys
import threading

from python_module import managers, mp


def number_of(name):
    return getattr(signal, "SIG" + name)


def pattern(n, seed):
    """The bytes of os.blob."""
    period = bytes((i + seed) % 251 for i in range(251))
    return (period * (n // 251 + 1))[:n]


def echo(*values):
    return list(values) if len(values) > 1 else values[0] if values else None


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


def note_authkey(path):
    note(path, bytes(mp.current_process().authkey).hex())


def bits_of(x):
    return struct.pack(">d", x).hex()


def described(value):
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return "int %d" % value
    if isinstance(value, float):
        return "float " + bits_of(value)
    if isinstance(value, bytes):
        return "bytes " + value.hex()
    return "text " + value


def note_values(path, *values):
    for value in values:
        note(path, described(value))


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


def putter(channel):
    return channel.put if hasattr(channel, "put") else channel.send


def getter(channel):
    return channel.get if hasattr(channel, "get") else channel.recv


def produce(channel, name, n, size=0):
    put = putter(channel)
    for k in range(n):
        put(("%s:%d" % (name, k)).ljust(size, "."))


def consume(channel, path):
    get = getter(channel)
    while True:
        try:
            item = get()
        except EOFError:
            return
        if item is None:
            return
        text = item.rstrip(".")
        dots = len(item) - len(text)
        note(path, text + ("+%d" % dots if dots else ""))


def take_note(channel, path):
    note(path, "takes")
    getter(channel)()
    note(path, "taken")


def put_all(channel, *values):
    put = putter(channel)
    for value in values:
        put(value)


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


def at(address, authkey, **named):
    """A manager that is not started; an address is [host, port], or a path."""
    if isinstance(address, list):
        address = tuple(address)
    return managers.SyncManager(address, authkey, **named)


def serve_manager(address, authkey, path):
    server = at(address, authkey).get_server()
    note(path, "ready")
    server.serve_forever()


# A function of which only this line still knows: its name finds another one.
def shadowed(path, held=(v for v in ())):
    note(path, "the one that was meant")


meant = shadowed


def shadowed(path):
    note(path, "the other")


def table():
    found = {f.__name__: f for f in (
        echo, square, fail, leave, leave_now, die, gate, note, gate_note,
        note_size, note_authkey, note_values, tell, thread_note, hammer, wait_note, meet, act, act_fails,
        produce, consume, take_note, put_all, serve_manager)}
    # dill would serialise the function, but not what this one holds.
    found["unregistered"] = lambda *values, held=(v for v in ()): None
    found["shadowed"], found["namesake"] = meant, shadowed
    found["unloadable"] = Unloadable()
    found["of_main"] = getattr(sys.modules["__main__"], "of_main", None)
    return found
