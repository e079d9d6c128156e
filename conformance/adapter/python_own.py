"""The handle `os` of PROTOCOL.md: an actor's own process."""
# SPDX-License-Identifier: MIT
import atexit
import builtins
import ctypes
import errno
import importlib
import os
import resource
import select
import signal
import socket
import sys
import threading

import python_functions
from python_functions import getter, number_of, pattern, putter
from python_module import reduction
from python_pool import PoolOwn


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


def do_what(method_of, obj, name, *args):
    found = method_of(obj, name)
    return found(*args) if callable(found) else found


def answer_of(method_of, obj, name):
    """`name` is a name, or a list of a method's name and its arguments."""
    try:
        return do_what(method_of, obj,
                       *(name if isinstance(name, list) else [name]))
    except Exception as e:
        return {"error": type(e).__name__}


def preloaded():
    return getattr(builtins, "brood_preloaded", 0)


class Own(PoolOwn):
    """The handle `os`."""

    carried = None  # what the actor's last error had with it
    error_number = None  # its errno
    text = None
    method_of = None  # of python_names, which needs this module
    connection = -1  # the descriptor of the actor's connection

    def getpid(self):
        return os.getpid()

    def getppid(self):
        return os.getppid()

    knocking = []  # the connections of strangers

    def knock(self, address, text=None):
        Own.knocking.append(socket.create_connection(tuple(address)))
        if text is not None:
            Own.knocking[-1].sendall(text.encode())

    def getcwd(self):
        return os.getcwd()

    def chdir(self, path):
        os.chdir(path)

    def getenv(self, name):
        return os.environ.get(name)

    def putenv(self, name, value):
        os.environ[name] = value

    def unsetenv(self, name):
        os.environ.pop(name, None)

    def clearenv(self):
        os.environ.clear()

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
        return preloaded()

    def signal(self, name, how):
        action = {"default": signal.SIG_DFL, "ignore": signal.SIG_IGN,
                  "handle": handled}[how]
        signal.signal(number_of(name), action)

    def block(self, name):
        signal.pthread_sigmask(signal.SIG_BLOCK, [number_of(name)])

    def alarm(self, seconds):
        return signal.alarm(seconds)

    def tick(self, seconds):
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)

    def open_fd(self, path, inheritable):
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.set_inheritable(fd, inheritable)
        return Fd(fd)

    def open_fds(self, path, n):
        return Fds(self.open_fd(path, False) for _ in range(n))

    def fd_of(self, number):
        return Fd(number)

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

    def close_from(self, number):
        os.closerange(number, self.connection)
        os.closerange(max(number, self.connection + 1),
                      os.sysconf("SC_OPEN_MAX"))

    def limit_files(self, n):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (n, hard))

    def allow_core(self):
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

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

    def exec(self, words):
        os.execvp(words[0], words)

    def at_exit(self, path, text):
        atexit.register(python_functions.note, path, text)

    def kill(self, pid, name):
        os.kill(pid, number_of(name))

    def start_thread(self):
        threading.Thread(target=threading.Event().wait, daemon=True).start()

    def start_many(self, context, n, gate):
        many = [context.Process(target=python_functions.gate, args=(gate,))
                for _ in range(n)]
        for process in many:
            process.start()
        return many

    def call_in_threads(self, obj, names, n):
        rows = [[] for _ in range(n)]

        def call_all(row):
            for name in names:
                row.append(answer_of(self.method_of, obj, name))

        threads = [threading.Thread(target=call_all, args=(row,))
                   for row in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return rows

    def repeat(self, n, steps):
        """A step is a list of an object, a name and arguments."""
        answers = None
        for _ in range(n):
            answers = [do_what(self.method_of, *step) for step in steps]
        return answers

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

    def blob(self, n, seed=0):
        return Blob(pattern(n, seed))

    def bits(self, x):
        if not isinstance(x, float):
            raise TypeError("not a float")
        return python_functions.bits_of(x)

    def same_bytes(self, a, b):
        return a == b

    def put_blobs(self, channel, first, n, size):
        put = putter(channel)
        for i in range(first, first + n):
            put(pattern(size + i % 8, i))

    def get_blobs(self, channel, first, n, size):
        get = getter(channel)
        return [i for i in range(first, first + n)
                if get() != pattern(size + i % 8, i)]

    def error_data(self):
        return self.carried

    def error_text(self):
        return self.text

    def error_name(self):
        return errno.errorcode.get(self.error_number)

    # Only for the python profile.

    def random(self):
        return int.from_bytes(importlib.import_module("random").randbytes(6),
                              "big")

    def pickle(self, obj):
        importlib.import_module("pickle").dumps(obj)

    def text(self, obj):
        return str(obj)

    def subclass(self, context, path, text):
        process = getattr(python_functions,
                          "Noting" + context.Process.__name__)()
        process.what = (path, text)
        return process


setattr(Own, "raise", Own.raise_)


class Blob(bytes):
    """Many bytes that stay a handle on the wire."""

    def __reduce__(self):
        return bytes, (bytes(self),)
