"""What pools run: the task functions of PROTOCOL.md.

They live in a module that can be imported, so that a worker finds them by name.
"""
# SPDX-License-Identifier: MIT
import builtins
import os
import signal
import threading
import time

from python_functions import gate, note, pattern
from python_module import mp
from python_own import Cell, preloaded


def pid():
    return os.getpid()


def parent_pid():
    return mp.parent_process().pid


def cell_of():
    return Cell.value


def keep_cell(n):
    Cell.value = n


def preloads():
    return preloaded()


def daemonic():
    return mp.current_process().daemon


def worker_name():
    return mp.current_process().name


def note_pid(path):
    note(path, str(os.getpid()))


def add(a, b):
    return a + b


def big(n, seed=0):
    return pattern(n, seed)


def gate_echo(gate_path, value):
    gate(gate_path)
    return value


def note_echo(path, value):
    note(path, str(value))
    return value


def note_gate(path, text, gate_path):
    note(path, text)
    gate(gate_path)
    return os.getpid()


def raise_value(text):
    raise ValueError(text)


def odd_fails(n):
    if n % 2:
        raise ValueError("%d is odd" % n)
    return n


def note_odd_fails(path, n):
    note(path, str(n))
    return odd_fails(n)


def gate_raise(gate_path, kind):
    gate(gate_path)
    raise getattr(builtins, kind)("raised on request")


def gate_item(item):
    gate_path, value = item
    return gate_echo(gate_path, value)


def note_gate_echo(path, gate_path, value):
    note(path, "began")
    return gate_echo(gate_path, value)


def note_gate_item(item):
    return note_gate_echo(*item)


def note_die(path, text):
    note(path, text)
    os.kill(os.getpid(), signal.SIGKILL)


def odd_dies(n):
    if n % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def nap_echo(value):
    time.sleep(0.005)
    return value


def dying_echo(gate_path, value):
    def die():
        gate(gate_path)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=die, daemon=True).start()
    return value


def stubborn(path):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(path, "deaf")
    while True:
        signal.pause()


def send_back(channel, value):
    channel.send(value)


def write_back(fd, text):
    os.write(fd.number, text.encode())


def unsendable():
    # Not a lambda: dill serialises those.
    return (value for value in ())


def swell(n):
    """Touches n bytes, which the process keeps."""
    swell.kept = b"x" * n
    return os.getpid()


# Time limits.

# How a task is told of its soft limit; of no type where there is none.
Told = getattr(getattr(mp, "exceptions", None), "SoftTimeLimitExceeded", ())


def soft_fail(path):
    note(path, "waits")
    while True:
        threading.Event().wait(0.05)


def soft_echo(path, value):
    try:
        soft_fail(path)
    except Told:
        return value


def soft_deaf(path, gate_path):
    try:
        soft_fail(path)
    except Told:
        note(path, "told")
        gate(gate_path)


# Only for the python profile.

class Unloadable(Exception):
    """Is serialised well, and cannot be made anew."""

    def __init__(self, one, two):
        super().__init__(one)


def raise_unloadable():
    raise Unloadable("one", "two")


TASKS = (
    pid, parent_pid, cell_of, keep_cell, preloads, daemonic, worker_name,
    note_pid, add, big, gate_echo, note_echo, note_gate, raise_value,
    odd_fails, note_odd_fails, gate_raise, gate_item, note_gate_echo,
    note_gate_item, note_die, odd_dies, nap_echo, dying_echo, stubborn,
    send_back, write_back, unsendable, swell, soft_fail, soft_echo,
    soft_deaf, raise_unloadable)


def table():
    return {f.__name__: f for f in TASKS}
