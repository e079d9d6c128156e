#!/usr/bin/env python3
"""The smallest adapter worth running: three functions of multiprocessing."""
# SPDX-License-Identifier: MIT
import json, multiprocessing as mp, os, socket, sys

OFFERED = ["get_all_start_methods", "get_start_method", "set_start_method"]
ABOUT = {"protocol": 1, "name": "minimal", "version": "1", "language": "Python",
         "methods": mp.get_all_start_methods(), "features": ["method"],
         "profiles": ["core"]}


def answer(do, name=None, args=(), named={}, **rest):
    if do in ("hello", "bye"):
        return {"ok": ABOUT if do == "hello" else None}
    if name not in OFFERED:
        return {"unsupported": name or do}
    try:
        return {"ok": getattr(mp, name)(*args, **named)}
    except Exception as e:
        return {"error": [c.__name__ for c in type(e).__mro__], "text": str(e)}


wire = socket.socket(socket.AF_UNIX)
wire.connect(sys.argv[-1])
wire.sendall(json.dumps({"hello": {"pid": os.getpid()}}).encode() + b"\n")
for line in wire.makefile():
    request = json.loads(line)
    reply = {"id": request["id"], **answer(**request)}
    wire.sendall(json.dumps(reply).encode() + b"\n")
    if request["do"] == "bye":
        break
