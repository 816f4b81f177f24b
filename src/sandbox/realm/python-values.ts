/**
 * Python that writes results on the wire (values.ts). What counts as data is what Python's `==` calls equal to JSON data:
 * subclasses count as what they are derived from (Counter, defaultdict, OrderedDict, IntEnum, a str or int of the program's
 * own), by the data that they hold and not by methods that they redefine; so do mappings, UserList, UserString, Decimal and
 * Fraction. A tuple, a namedtuple and a deque stand for a list, because JSON has one kind of sequence. Sets, ranges,
 * generators and other objects are no data.
 */
export const valuesSource = `
import collections, collections.abc, decimal, fractions, math, sys
from json.encoder import encode_basestring_ascii as _quote

MAX_DEPTH = 500

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
        if issubclass(kind, int):
            return self.integer(int.__pos__(value))
        if issubclass(kind, float):
            return self.float(float.__pos__(value))
        if issubclass(kind, str):
            return self.text(str.__str__(value))
        if issubclass(kind, dict):
            return self.object(dict.items(value), dict.__len__(value), depth)
        for base in (list, tuple, collections.deque):
            if issubclass(kind, base):
                return self.array(base.__iter__(value), base.__len__(value), depth)
        return self.other(value, kind, depth)

    def other(self, value, kind, depth):
        if issubclass(kind, fractions.Fraction) and value.denominator == 1:
            return self.integer(int.__pos__(value.numerator))
        if issubclass(kind, decimal.Decimal) and value.is_finite() and value.adjusted() < self.left and value == value.to_integral_value():
            return self.integer(int(value))
        if issubclass(kind, (fractions.Fraction, decimal.Decimal)):
            return self.float(float(value))
        if issubclass(kind, collections.UserString):
            return self.value(value.data, depth)
        if issubclass(kind, collections.UserList):
            return self.value(value.data, depth)
        if issubclass(kind, collections.abc.Mapping):
            members = dict(value.items())
            return self.object(members.items(), len(members), depth)
        raise _Refused('bthe result holds a ' + kind.__name__[:100] + ', which is not JSON data')

    def integer(self, value):
        if value.bit_length() > 4 * self.left:
            raise _Refused('othe result is too large')
        return self.spend(int.__repr__(value))

    def float(self, value):
        if value != value:
            return self.special('NaN')
        if value in (math.inf, -math.inf):
            return self.special('Infinity' if value > 0 else '-Infinity')
        return self.spend(float.__repr__(value))

    def text(self, value):
        if len(value) > self.left:
            raise _Refused('othe result is too large')
        return self.spend(_quote(value))

    def array(self, items, length, depth):
        self.enter(length, depth)
        return '[' + self.spend(',').join([self.value(item, depth + 1) for item in items]) + ']'

    def object(self, items, length, depth):
        self.enter(length, depth)
        members = {}
        for key, item in items:
            name = self.key(key)
            if name in members:
                raise _Refused('bthe result has two keys that JSON writes alike: ' + name[:100])
            members[name] = self.value(item, depth + 1)
        return '{' + ','.join([name + ':' + text for name, text in members.items()]) + '}'

    def enter(self, length, depth):
        if depth >= MAX_DEPTH:
            raise _Refused('bthe result is cyclic or nested deeper than %d' % MAX_DEPTH)
        if length > self.left:
            raise _Refused('othe result is too large')

    def key(self, key):
        """The text of a key: numbers, truth and None as json.dumps writes them."""
        kind = type(key)
        if issubclass(kind, str):
            text = str.__str__(key)
        elif key is None or kind is bool or issubclass(kind, (int, float)):
            text = _Writer(self.left).value(key, 0)
        else:
            raise _Refused('bthe result has a key that is a ' + kind.__name__[:100])
        # The mark of what JSON cannot say is that character alone.
        return self.text(chr(0) + text if text[:1] == chr(0) else text)

def write(value, limit):
    """A value on the wire. Digits without end and frames for each level are the writer's, not the program's."""
    depth, digits = sys.getrecursionlimit(), sys.get_int_max_str_digits()
    try:
        # Each level of a value takes four frames.
        sys.setrecursionlimit(max(depth, 1000 + 5 * MAX_DEPTH))
        sys.set_int_max_str_digits(0)
        return 'v' + _Writer(limit).value(value, 0)
    except _Refused as refusal:
        return str(refusal)
    finally:
        sys.setrecursionlimit(depth)
        sys.set_int_max_str_digits(digits)
`;
