# SPDX-License-Identifier: MIT
"""The machine that figures are of: what a run says of it, and whether two runs
were on the same one. It has no name of a host."""
import os
import platform

# Figures of two runs can be compared if these are the same.
SAME = ("cpu", "cores", "kernel")


def field(path, name):
    """Returns what /proc says of a name, or nothing."""
    try:
        with open(path, encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines
                        if line.startswith(name))
    except (OSError, StopIteration):
        return ""


def describe():
    memory_kib = field("/proc/meminfo", "MemTotal").split() or ["0"]
    return {"cpu": (field("/proc/cpuinfo", "model name")
                    or platform.processor() or platform.machine()),
            "cores": len(os.sched_getaffinity(0)),
            "memory_mib": int(memory_kib[0]) // 1024,
            "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver())}


def text(machine):
    return (f"{machine['cpu']}, {machine['cores']} cores, "
            f"{machine['memory_mib']:,} MiB, Linux {machine['kernel']}, "
            f"{machine['libc']}")


def differences(one, other):
    """Returns in words what makes them two machines."""
    return [f"{name} is {one.get(name)} here and {other.get(name)} there"
            for name in SAME if one.get(name) != other.get(name)]
