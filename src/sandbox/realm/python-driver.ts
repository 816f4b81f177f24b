import { stdinPath } from './python-realm.ts';
import { machineSource } from './python-machine.ts';
import { threadsSource } from './python-threads.ts';
import { valuesSource } from './python-values.ts';

/**
 * Python that runs inside the interpreter: loads a solution, calls it, writes its results on the wire (values.ts). It is
 * part of the memory snapshot, together with the modules that solutions import most. A program can reach and change all of
 * it, and thereby its own results and nothing else. Replies are a tag letter and text as in boot.ts.
 */
export const driverSource = `${valuesSource}${threadsSource}${machineSource}
import sys, io, os, json, types, builtins, inspect, traceback, atexit, gc, linecache
import array, bisect, collections, copy, datetime, decimal, enum, fractions, functools, heapq, itertools, math, operator
import random, re, string, statistics, time, typing, dataclasses

_decode = json.JSONDecoder().decode

def describe(error):
    try:
        text = type(error).__name__ + ': ' + str(error)
    except BaseException:
        text = type(error).__name__
    return 'e' + text[:300]

class Solution:
    def __init__(self, source):
        self.code = None
        self.entry = None
        # Looking for what is to go takes time.
        self.acts_late = '__del__' in source or 'yield' in source
        # For tracebacks and inspect.getsource.
        linecache.cache['solution.py'] = (len(source), None, source.splitlines(True), 'solution.py')
        try:
            # An editor's byte order mark is no part of the program.
            self.code = compile(source.removeprefix(chr(0xFEFF)), 'solution.py', 'exec')
        except BaseException as error:
            self.fault = 'c' + describe(error)[1:]
            streams()
            sys.stderr.write(''.join(traceback.format_exception_only(error)))
            sys.stderr.flush()

    def module(self, name):
        main = types.ModuleType(name)
        main.__dict__['__builtins__'] = builtins
        main.__dict__['__file__'] = 'solution.py'
        sys.modules['__main__'] = sys.modules[name] = main
        sys.argv = ['solution.py']
        return main

    def load(self, name):
        """The top level, once, as it is imported; then the function, also where it is a method of a class Solution."""
        streams()
        main = self.module('solution')
        try:
            exec(self.code, main.__dict__)
        except BaseException as error:
            return describe(error)
        found = main.__dict__.get(name)
        if not callable(found):
            holder = main.__dict__.get('Solution')
            try:
                found = getattr(holder(), name, None) if isinstance(holder, type) else None
            except BaseException as error:
                return describe(error)
        if not callable(found):
            return 'cthere is no function named ' + name
        self.entry = found
        return 'v'

    def call(self, text, limit):
        _waiting.clear()
        try:
            value = self.entry(*arguments(text))
            if inspect.iscoroutine(value):
                value = asyncio.run(value)
            return write(value, limit)
        except BaseException as error:
            return describe(error)

    def run(self, live):
        """The whole program; the reply has no text, the output is with the streams. live: each line leaves at once."""
        streams(live)
        main = self.module('__main__')
        code = 0
        fault = None
        try:
            exec(self.code, main.__dict__)
        except SystemExit as stop:
            code = stop.code
        except BaseException as error:
            fault = describe(error)
            report(error)
            code = 1
        try:
            _finish_threads()
        except BaseException as error:
            fault = fault or describe(error)
            report(error)
            code = 1
        try:
            atexit._run_exitfuncs()
        except BaseException:
            pass
        if code is None:
            code = 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            fault, code = 'eSystemExit: ' + str(code)[:200], 1
        flush(sys.stdout, sys.stderr)
        flush(*[value for value in main.__dict__.values() if issubclass(type(value), io.IOBase)])
        main = None
        self.forget()
        flush(sys.stdout, sys.stderr)
        code = int(code) & 255
        if fault is None and code != 0:
            fault = 'eexit code %d' % code
        return str(code) + ' ' + (fault or 'v')

    def forget(self):
        """Lets go of the program, as when CPython ends: finalizers and generators may have something to do then."""
        sys.modules.pop('__main__', None)
        if self.acts_late:
            gc.collect()

def flush(*streams):
    for stream in streams:
        try:
            stream.flush()
        except BaseException:
            pass

def arguments(text):
    digits = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(0)
        return _decode(text)
    finally:
        sys.set_int_max_str_digits(digits)

_excepthook = sys.excepthook

def report(error):
    if sys.excepthook is not _excepthook:
        try:
            # The first level of the traceback is the driver's.
            return sys.excepthook(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
        except BaseException:
            pass
    try:
        rows = traceback.format_exception(error)
        sys.stderr.write(rows[0] + ''.join([row for row in rows[1:] if 'judge_driver' not in row]))
    except BaseException:
        pass

STDIN = '${stdinPath}'
_kept = []

def streams(live=False):
    # A program may close its streams, as open(0) does when it is dropped.
    if not _kept:
        _kept.extend([os.dup(number) for number in range(3)])
    for number in range(3):
        os.dup2(_kept[number], number)
    # A file, as a shell redirects one: its size is known, and it can be read again.
    redirected = os.open(STDIN, os.O_RDONLY)
    os.dup2(redirected, 0)
    os.close(redirected)
    _waiting.clear()
    start_loop()
    start_clock()
    # Ends of lines are read as they are, as on Linux.
    sys.stdin = open(0, 'r', encoding='utf-8', errors='surrogateescape', newline='\\n', closefd=False)
    sys.stdout = open(1, 'w', 1 if live else -1, encoding='utf-8', errors='surrogateescape', closefd=False)
    sys.stderr = open(2, 'w', encoding='utf-8', errors='backslashreplace', closefd=False)
    for name in ('stdin', 'stdout', 'stderr'):
        stream = getattr(sys, name)
        stream.buffer.raw.name = '<%s>' % name
        # Where a program finds the streams again that it has replaced.
        setattr(sys, '__%s__' % name, stream)
    sys.excepthook = _excepthook
    sys.setrecursionlimit(1000)
    atexit._clear()
`;
