/**
 * Python that stands in for threads, which the interpreter has none of. A thread runs from its start to its end when
 * somebody waits: for it, for a lock, for a queue, for time to pass, or at the end of the program. That serves a main
 * function in a thread of its own, workers with locks, producers and consumers, pools of workers; threads that go back and
 * forth, each waiting for the other's next step, are refused by name. asyncio gets a loop of its own, whose clock jumps to
 * the next timer where nothing else is to be done.
 */
export const threadsSource = `
import _thread, _threading_local, asyncio, asyncio.base_events, concurrent.futures, concurrent.futures.thread, queue, threading, time

class DeadlockError(BaseException):
    """Everything waits for something else, and no thread can be left in the middle of its run for another."""

_waiting = collections.deque()
_running = [_thread.get_ident()]
_sleep = time.sleep

def _get_ident():
    return _running[-1]

def _run_next():
    """Runs the thread that was started first; False where there is none."""
    if not _waiting:
        return False
    thread = _waiting.popleft()
    _running.append(thread.ident)
    threading._active[thread.ident] = thread
    try:
        thread.run()
    except DeadlockError:
        # One that serves others for ever ends where it has nothing more to do.
        if not thread.daemon:
            raise
    except BaseException:
        thread._invoke_excepthook(thread)
    finally:
        thread._os_thread_handle._set_done()
        threading._active.pop(_running.pop(), None)
    return True

def _wait_for(is_done, timeout=-1):
    while not is_done():
        if _run_next():
            continue
        if timeout is not None and timeout >= 0:
            _sleep(timeout)
            return is_done()
        raise DeadlockError('the sandbox runs threads one after the other, each from its start to its end, and here every one waits for another')
    return True

class Lock:
    __slots__ = ('_held', '__weakref__')

    def __init__(self):
        self._held = False

    def acquire(self, blocking=True, timeout=-1):
        if self._held and (not blocking or not _wait_for(lambda: not self._held, timeout)):
            return False
        self._held = True
        return True

    def release(self):
        if not self._held:
            raise RuntimeError('release unlocked lock')
        self._held = False

    def locked(self):
        return self._held

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *exception):
        self.release()

    acquire_lock, release_lock, locked_lock = acquire, release, locked

def _start(self):
    if not self._initialized:
        raise RuntimeError('thread.__init__() not called')
    if self._started.is_set():
        raise RuntimeError('threads can only be started once')
    self._started.set()
    self._ident = self._native_id = id(self)
    self._os_thread_handle = threading._make_thread_handle(self._ident)
    _waiting.append(self)

def _join(self, timeout=None):
    if not self._initialized:
        raise RuntimeError('Thread.__init__() not called')
    if not self._started.is_set():
        raise RuntimeError('cannot join thread before it is started')
    if self is threading.current_thread():
        raise RuntimeError('cannot join current thread')
    _wait_for(self._os_thread_handle.is_done, -1 if timeout is None else max(timeout, 0))

def _is_alive(self):
    # Somebody who asks in a loop waits.
    while self in _waiting and _run_next():
        pass
    return self._started.is_set() and not self._os_thread_handle.is_done()

def _start_new_thread(function, args=(), kwargs={}):
    thread = threading.Thread(target=function, args=args, kwargs=kwargs, daemon=True)
    thread.start()
    return thread.ident

def _pause(seconds):
    while _run_next():
        pass
    _sleep(seconds)

_stack_size = 0

def _set_stack_size(size=0):
    # The stack is as large as it gets already.
    global _stack_size
    before, _stack_size = _stack_size, size
    return before

def _submit(self, function, /, *args, **kwargs):
    """A pool of threads runs a task when it is given one."""
    if self._shutdown:
        raise RuntimeError('cannot schedule new futures after shutdown')
    if not self._threads:
        context = self._create_worker_context()
        context.initialize()
        self._threads = {context}
    future = concurrent.futures.Future()
    task = self._resolve_work_item_task(function, args, kwargs)
    concurrent.futures.thread._WorkItem(future, task).run(*self._threads)
    return future

def _shut_down(self, wait=True, *, cancel_futures=False):
    self._shutdown = True

def _finish_threads():
    """At the end of a program: those that are not daemons run; the others are left."""
    while _waiting:
        if all(thread.daemon for thread in _waiting):
            _waiting.clear()
        else:
            _run_next()

_pool = concurrent.futures.thread.ThreadPoolExecutor
_pool.submit, _pool.shutdown = _submit, _shut_down
threading.Thread.start, threading.Thread.join, threading.Thread.is_alive = _start, _join, _is_alive
threading.Lock = threading._allocate_lock = _thread.allocate_lock = _thread.allocate = _thread.lock = _thread.LockType = Lock
_thread.start_new_thread = _thread.start_new = _start_new_thread
threading.stack_size = _thread.stack_size = _set_stack_size
threading.get_ident = _thread.get_ident = _get_ident
threading.local = _threading_local.local
queue.SimpleQueue = queue._PySimpleQueue
time.sleep = _pause

class _Loop(asyncio.base_events.BaseEventLoop):
    """Timers and tasks; there is nothing to read from or write to."""

    def __init__(self):
        super().__init__()
        self._ahead = 0.0
        self._selector = self

    def time(self):
        return time.monotonic() + self._ahead

    def select(self, timeout):
        if _run_next():
            return []
        if timeout is None:
            raise DeadlockError('every task waits for something that never comes')
        self._ahead += timeout
        return []

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass

class _LoopPolicy(asyncio.events._AbstractEventLoopPolicy):
    _loop = None

    def get_event_loop(self):
        if self._loop is None:
            self._loop = self.new_event_loop()
        return self._loop

    def set_event_loop(self, loop):
        self._loop = loop

    def new_event_loop(self):
        return _Loop()

asyncio.run = asyncio.runners.run
asyncio.SelectorEventLoop = asyncio.DefaultEventLoop = asyncio.EventLoop = _Loop

def start_loop():
    """Each program has a loop of its own."""
    asyncio.events._set_running_loop(None)
    asyncio.events._set_event_loop_policy(_LoopPolicy())
`;
