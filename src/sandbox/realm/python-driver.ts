/**
 * Python that runs inside the interpreter: loads a solution, calls it, writes its results on the wire (values.ts). It is
 * part of the memory snapshot, together with the modules that solutions import most. A program can reach and change all of
 * it, and thereby its own results and nothing else. Replies are a tag letter and text as in boot.ts.
 */
export const driverSource = `
import sys, io, os, json, types, builtins, inspect, traceback, atexit
import array, bisect, collections, copy, datetime, decimal, enum, fractions, functools, heapq, itertools, math, operator
import random, re, string, statistics, time, typing, dataclasses, threading

MAX_DEPTH = 500

def _refuse(name):
    def refused(*args, **kwargs):
        raise PermissionError(name + ' is not available in the sandbox')
    return refused

import posix
for _module in (os, posix):
    for _name in ('_exit', 'abort', 'system', 'popen', 'fork', 'execv', 'execve', 'kill', 'posix_spawn', 'posix_spawnp'):
        if hasattr(_module, _name):
            setattr(_module, _name, _refuse('os.' + _name))

class _Refused(Exception):
    pass

class _Writer:
    def __init__(self, limit):
        self.left = limit

    def spend(self, text):
        self.left -= len(text)
        if self.left < 0:
            raise _Refused('othe result is too large')
        return text

    def special(self, name):
        return self.spend('{"\\\\u0000":"' + name + '"}')

    def value(self, value, depth):
        kind = type(value)
        if value is None:
            return self.spend('null')
        if kind is bool:
            return self.spend('true' if value else 'false')
        if kind is int:
            # As every reader of JSON takes it: to the nearest double.
            if value.bit_length() > 1023:
                raise _Refused('bthe result holds an integer beyond 2 ** 1023')
            return self.spend(int.__repr__(value))
        if kind is float:
            if value != value:
                return self.special('NaN')
            if value in (math.inf, -math.inf):
                return self.special('Infinity' if value > 0 else '-Infinity')
            return self.spend(float.__repr__(value))
        if kind is str:
            if len(value) > self.left:
                raise _Refused('othe result is too large')
            return self.spend(json.dumps(value))
        if kind in (list, tuple, collections.deque) or kind is dict:
            if depth >= MAX_DEPTH:
                raise _Refused('bthe result is cyclic or nested deeper than %d' % MAX_DEPTH)
            if len(value) > self.left:
                raise _Refused('othe result is too large')
            return self.members(value, depth + 1)
        raise _Refused('bthe result holds a ' + kind.__name__[:100])

    def members(self, value, depth):
        if type(value) is not dict:
            return '[' + self.spend(',').join([self.value(item, depth) for item in value]) + ']'
        return '{' + ','.join([self.key(key) + ':' + self.value(item, depth) for key, item in value.items()]) + '}'

    def key(self, key):
        if key is None or type(key) in (bool, int, float):
            key = json.dumps(key)
        if type(key) is not str:
            raise _Refused('bthe result has a key that is a ' + type(key).__name__[:100])
        if key == chr(0):
            raise _Refused('bthe result has a key that is reserved')
        return self.spend(json.dumps(key))

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
        try:
            self.code = compile(source, 'solution.py', 'exec')
        except BaseException as error:
            self.fault = 'c' + describe(error)[1:]

    def module(self):
        main = types.ModuleType('__main__')
        main.__dict__['__builtins__'] = builtins
        main.__dict__['__file__'] = 'solution.py'
        sys.modules['__main__'] = main
        sys.argv = ['solution.py']
        return main

    def load(self, name):
        """The top level, once; then the function, also where it is a method of a class Solution."""
        streams()
        main = self.module()
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
        try:
            value = self.entry(*json.loads(text))
            if inspect.iscoroutine(value):
                try:
                    value.send(None)
                    return 'p'
                except StopIteration as stop:
                    value = stop.value
        except BaseException as error:
            return describe(error)
        own = sys.getrecursionlimit()
        try:
            # Each level of a value takes three frames.
            sys.setrecursionlimit(max(own, 1000 + 4 * MAX_DEPTH))
            return 'v' + _Writer(limit).value(value, 0)
        except _Refused as refusal:
            return str(refusal)
        except BaseException as error:
            return describe(error)
        finally:
            sys.setrecursionlimit(own)

    def run(self):
        """The whole program; the reply has no text, the output is with the streams."""
        streams()
        main = self.module()
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
            atexit._run_exitfuncs()
        except BaseException:
            pass
        if code is None:
            code = 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            fault, code = 'eSystemExit: ' + str(code)[:200], 1
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass
        code = int(code) & 255
        if fault is None and code != 0:
            fault = 'eexit code %d' % code
        return str(code) + ' ' + (fault or 'v')

def report(error):
    try:
        rows = traceback.format_exception(error)
        sys.stderr.write(rows[0] + ''.join([row for row in rows[1:] if 'judge_driver' not in row]))
    except BaseException:
        pass

_kept = []

def streams():
    # A program may close its streams, as open(0) does when it is dropped.
    if not _kept:
        _kept.extend([os.dup(number) for number in range(3)])
    for number in range(3):
        os.dup2(_kept[number], number)
    sys.stdin = open(0, 'r', encoding='utf-8', errors='surrogateescape', closefd=False)
    sys.stdout = open(1, 'w', encoding='utf-8', errors='surrogateescape', closefd=False)
    sys.stderr = open(2, 'w', encoding='utf-8', errors='backslashreplace', closefd=False)
    sys.setrecursionlimit(1000)
    atexit._clear()
`;
