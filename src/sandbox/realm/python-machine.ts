/**
 * Python that makes the interpreter the machine that solutions are written for. It is compiled for 32 bits and without
 * processes; solutions take `sys.maxsize` for infinity, `array('l')` for 64 bits, raise the limit of their stack. What
 * would reach out of the sandbox is refused by name.
 */
export const machineSource = `
import array, decimal, functools, os, posix, re, signal, sys, time, types

_own_maxsize = sys.maxsize
sys.maxsize = 2 ** 63 - 1

_make_cache = functools._lru_cache_wrapper

def _lru_cache_wrapper(function, maxsize, typed, info):
    return _make_cache(function, maxsize if maxsize is None else min(maxsize, _own_maxsize), typed, info)

functools._lru_cache_wrapper = _lru_cache_wrapper

_started = 0.0

def start_clock():
    """There is no clock of the processor: a program's own time is what has passed since it began."""
    global _started
    _started = time.perf_counter()

def _process_time():
    return time.perf_counter() - _started

def _process_time_ns():
    return round(_process_time() * 1e9)

time.process_time = time.thread_time = _process_time
time.process_time_ns = time.thread_time_ns = _process_time_ns

_array = array.array

class _ArrayType(type):
    """Items of 'l' and 'L' have 8 bytes, under the names that such items have on any machine."""

    def __call__(cls, typecode, *initial):
        if cls is array.array:
            return _array({'l': 'q', 'L': 'Q'}.get(typecode, typecode), *initial)
        return super().__call__(typecode, *initial)

    def __instancecheck__(cls, value):
        return isinstance(value, _array) if cls is array.array else super().__instancecheck__(value)

array.array = array.ArrayType = _ArrayType('array', (_array,), {'__module__': 'array'})

class _FormattedDecimal:
    """What the interpreter leaves to a module that it comes without: 'z', which takes the sign from a zero."""

    def __init__(self, text):
        self.value = decimal.Decimal(text)

    def __format__(self, specification, context=None):
        parts = re.fullmatch('((?:.?[<>=^])?[-+ ]?)z(.*?((?:[.][0-9]+)?[eEfFgGn%]?))', specification, re.DOTALL)
        if parts is None:
            raise ValueError('invalid format string')
        before, behind, rounding = parts.groups()
        digits = format(self.value, rounding).lower().partition('e')[0]
        value = self.value if re.search('[1-9a-z]', digits) else self.value.copy_abs()
        return format(value, before + behind)

sys.modules['_pydecimal'] = types.ModuleType('_pydecimal')
sys.modules['_pydecimal'].Decimal = _FormattedDecimal

def _refuse(name):
    def refused(*args, **kwargs):
        raise PermissionError(name + ' is not available in the sandbox')
    return refused

for _module in (os, posix):
    for _name in ('_exit', 'abort', 'system', 'popen', 'fork', 'execv', 'execve', 'kill', 'posix_spawn', 'posix_spawnp'):
        if hasattr(_module, _name):
            setattr(_module, _name, _refuse('os.' + _name))
for _name in ('alarm', 'setitimer', 'pause', 'sigwait'):
    setattr(signal, _name, _refuse('signal.' + _name))

class _Absent(types.ModuleType):
    def __getattr__(self, name):
        raise PermissionError('multiprocessing is not available in the sandbox, which has one process; use threads')

sys.modules['_multiprocessing'] = _Absent('_multiprocessing')

def _make_resource():
    """The stack is as large as it gets already; other limits are the judge's."""
    resource = types.ModuleType('resource')
    names = 'CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS'.split()
    resource.__dict__.update({'RLIMIT_' + name: number for number, name in enumerate(names)})
    resource.RLIM_INFINITY, resource.RUSAGE_SELF = -1, 0
    resource.getrlimit = lambda which: (-1, -1)
    resource.setrlimit = lambda which, limits: None
    resource.getrusage = lambda who: types.SimpleNamespace(ru_utime=time.process_time(), ru_stime=0.0)
    return resource

sys.modules['resource'] = _make_resource()
`;
