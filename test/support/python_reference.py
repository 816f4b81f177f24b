"""Runs programs under the Python that runs this, each in a process of its own as if it had been started with a file.

Descriptor 3: a line for each program, JSON [source, stdin]. Descriptor 4: a line for each, JSON [stdout, stderr, status]
with the bytes of the streams as latin-1. Standard streams are files from the beginning, as they are for the programs. A fork takes a hundredth of the time of a start. The program gets the
streams that the interpreter made for itself, and the interpreter ends it: exceptions, exits and threads are its matter.
"""

import json
import os
import sys
import tempfile
import types


def become(source, files):
    """In the child: the driver's place as __main__ is the program's; what it raises goes to the interpreter."""
    for number, file in enumerate(files):
        os.dup2(file.fileno(), number)
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=__builtins__, __file__="solution.py")
    sys.modules["__main__"] = main
    sys.argv = ["solution.py"]
    exec(compile(source, "solution.py", "exec"), main.__dict__)


def content(file):
    file.seek(0)
    return file.read().decode("latin-1")


requests, replies = os.fdopen(3), os.fdopen(4, "w")
for line in requests:
    program, stdin = json.loads(line)
    streams = [tempfile.TemporaryFile() for _ in range(3)]
    streams[0].write(stdin.encode())
    streams[0].seek(0)
    child = os.fork()
    if child == 0:
        become(program, streams)
        break
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([content(streams[1]), content(streams[2]), status]), file=replies, flush=True)
    for stream in streams:
        stream.close()
