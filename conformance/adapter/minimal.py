"""The smallest adapter worth running: it offers the three functions below."""
# SPDX-License-Identifier: MIT
import json
import multiprocessing
import os
import socket
import sys

OFFERED = ("get_all_start_methods", "get_start_method", "set_start_method")
ABOUT = {"protocol": 1, "name": "minimal", "version": "1", "language": "Python",
         "methods": multiprocessing.get_all_start_methods(),
         "features": ["method"], "profiles": ["core"]}


def answer(request):
    if request["do"] in ("hello", "bye"):
        return {"ok": ABOUT if request["do"] == "hello" else None}
    if request["do"] != "call" or request["name"] not in OFFERED:
        return {"unsupported": request.get("name", request["do"])}
    try:
        function = getattr(multiprocessing, request["name"])
        return {"ok": function(*request["args"], **request["named"])}
    except Exception as e:
        return {"error": [c.__name__ for c in type(e).__mro__], "text": str(e)}


def serve(stream):
    stream.write(json.dumps({"hello": {"pid": os.getpid()}}) + "\n")
    stream.flush()
    for line in stream:
        request = json.loads(line)
        stream.write(json.dumps({"id": request["id"], **answer(request)}) + "\n")
        stream.flush()
        if request["do"] == "bye":
            return


with socket.socket(socket.AF_UNIX) as wire:
    wire.connect(sys.argv[-1])
    serve(wire.makefile("rw"))
