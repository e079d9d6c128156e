"""Names of the wire that are not just Python's: methods and types."""
# SPDX-License-Identifier: MIT
import ctypes
import types

from python_manager import type_of, word_of
from python_module import connection, managers, mp, pool, sharedctypes
from python_own import Fd, Fds
from python_pool import Callback, Listener, Source


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


# What is elsewhere in the module than in its own names.
OF_MODULE = {
    "wait": connection.wait,
    "Connection": lambda fd, readable=True, writable=True:
        connection.Connection(getattr(fd, "number", fd), readable, writable),
}


def recv_bytes_into(end, size, offset=0):
    buffer = bytearray(b"." * size)
    return [end.recv_bytes_into(buffer, offset), bytes(buffer)]


# billiard's contexts do not pass on all that its pools know.
def make_pool(obj, *args, **named):
    if mp.__name__ != "billiard":
        return obj.Pool(*args, **named)
    return pool.Pool(*args, context=obj.get_context(), **named)


# A chunked iterator is a generator, which has no timeout.
def next_of(iterator, timeout=None):
    if timeout is None or not isinstance(iterator, types.GeneratorType):
        return next(iterator) if timeout is None else iterator.next(timeout)
    raise TypeError("this iterator knows no timeout")


# Proxies have words of their own, and a dictionary its own `get`.
def has_brackets(obj, name):
    return (name in BRACKETS and hasattr(type(obj), "__getitem__")
            and not isinstance(obj, managers.BaseProxy))


def method_of(obj, name):
    word = word_of(obj, name)
    if word is not None:
        return lambda *args, **named: word(obj, *args, **named)
    if name == "Pool":
        return lambda *args, **named: make_pool(obj, *args, **named)
    if name == "next":
        return lambda *args, **named: next_of(obj, *args, **named)
    if obj is mp and name in OF_MODULE:
        return OF_MODULE[name]
    if name == "recv_bytes_into":
        return lambda *args, **named: recv_bytes_into(obj, *args, **named)
    if has_brackets(obj, name):
        return lambda *args, **named: BRACKETS[name](obj, *args, **named)
    return getattr(obj, name)


def has(obj, name):
    return (word_of(obj, name) is not None
            or name == "pid" and isinstance(obj, managers.BaseManager)
            or hasattr(type(obj), name) or name in own_names(obj)
            or name == "next" and isinstance(obj, types.GeneratorType)
            or has_brackets(obj, name)
            or obj is mp and name in OF_MODULE)


# Names of the wire for classes that are made on the fly, bases last.
TYPES = (
    (mp.process.BaseProcess, "Process"),
    (mp.context.BaseContext, "Context"),
    (sharedctypes.SynchronizedArray, "Array"),
    (sharedctypes.SynchronizedBase, "Value"),
    (ctypes.Array, "RawArray"),
    ((ctypes._SimpleCData, ctypes.Structure), "RawValue"),
    (pool.Pool, "Pool"), (pool.ApplyResult, "AsyncResult"),
    ((pool.IMapIterator, types.GeneratorType), "Iterator"),
    ((Callback, Listener), "callback"), (Source, "source"),
    (managers.BaseManager, "Manager"), (Fd, "fd"), (Fds, "fds"),
    (bytes, "blob"),
)


def attribute_of(obj, name):
    if isinstance(obj, managers.BaseManager) and name == "pid":
        return obj._process.pid
    return getattr(obj, name)


def type_name(obj):
    if isinstance(obj, managers.BaseProxy):
        return type_of(obj)
    names = [name for types, name in TYPES if isinstance(obj, types)]
    return names[0] if names else type(obj).__name__
