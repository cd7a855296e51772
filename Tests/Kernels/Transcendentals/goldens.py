"""Writes xmath-goldens.txt: values of the mathematical library's functions to 100 digits (pip install mpmath).

A line is: function, the argument(s) and the nearest double of the value as hexadecimal bits, and how far the exact value is from
that double, in units of its last place."""
import random
import struct
from mpmath import *

mp.dps = 100
random.seed(20)


def bits(x):
    return struct.unpack('<Q', struct.pack('<d', x))[0]


def ulp(x):
    x = abs(x)
    return ldexp(1, max(int(floor(log(mpf(x), 2))) - 52, -1074)) if x else ldexp(1, -1074)


def exact_double(y):
    """The nearest double of an mpf, subnormals and overflow included."""
    if y == 0:
        return 0.0
    e = max(int(floor(log(abs(y), 2))) - 52, -1074)
    n = int(nint(y / mpf(2) ** e))
    return float('inf') * (1 if n > 0 else -1) if abs(n) * mpf(2) ** e > mpf(2) ** 1024 - 1 else float(mpf(n) * mpf(2) ** e)


def magnitudes(low, high, count):
    """Both signs, exponents spread evenly."""
    return [random.choice((-1, 1)) * random.uniform(1, 2) * 2.0 ** random.randint(low, high) for _ in range(count)]


def uniform(low, high, count):
    return [random.uniform(low, high) for _ in range(count)]


TINY = [5e-324, -5e-324, 2.2250738585072014e-308, 1e-310, -3e-300, 1e-20]
FUNCTIONS = {
    'Exp': (exp, uniform(-745.2, 709.7, 120) + uniform(-1, 1, 80) + [709.782712893384, -744.4, -708.5, -740]),
    'Exp2': (lambda x: power(2, x), uniform(-1075, 1023.99, 120) + uniform(-1, 1, 80) + [3, -1074, 1023]),
    'Expm1': (expm1, uniform(-45, 709, 100) + uniform(-2, 2, 150) + magnitudes(-60, 0, 50) + TINY),
    'Log': (log, [abs(x) for x in magnitudes(-1022, 1023, 100)] + uniform(0.5, 2, 150) + [5e-324, 1e-310]),
    'Log2': (lambda x: log(x, 2), [abs(x) for x in magnitudes(-1022, 1023, 100)] + uniform(0.5, 2, 150) + [5e-324, 8.0, 0.125]),
    'Log10': (log10, [abs(x) for x in magnitudes(-1022, 1023, 100)] + uniform(0.5, 2, 150) + [1e3, 1e22, 5e-324]),
    'Log1p': (log1p, uniform(-0.9999, 3, 200) + magnitudes(-60, 0, 50) + [abs(x) for x in magnitudes(0, 1000, 50)] + TINY),
    'Sin': (sin, uniform(-10, 10, 150) + magnitudes(-30, 1023, 200) + uniform(-2e6, 2e6, 50) + TINY + [6381956970095103.0 * 2.0 ** 797]),
    'Cos': (cos, uniform(-10, 10, 150) + magnitudes(-30, 1023, 200) + uniform(-2e6, 2e6, 50) + [6381956970095103.0 * 2.0 ** 797]),
    'Tan': (tan, uniform(-10, 10, 150) + magnitudes(-30, 1023, 200) + uniform(-2e6, 2e6, 50) + TINY + [6381956970095103.0 * 2.0 ** 797]),
    'Asin': (asin, uniform(-1, 1, 250) + magnitudes(-40, -1, 50) + TINY + [1 - 2.0 ** -53, 0.5]),
    'Acos': (acos, uniform(-1, 1, 250) + magnitudes(-40, -1, 50) + [1 - 2.0 ** -53, 0.5, -0.5, -1 + 2.0 ** -53]),
    'Atan': (atan, uniform(-4, 4, 250) + magnitudes(-60, 200, 80) + TINY),
    'Sinh': (sinh, uniform(-710.4, 710.4, 80) + uniform(-3, 3, 200) + magnitudes(-60, 0, 40) + TINY),
    'Cosh': (cosh, uniform(-710.4, 710.4, 80) + uniform(-3, 3, 200)),
    'Tanh': (tanh, uniform(-22, 22, 100) + uniform(-1.5, 1.5, 200) + magnitudes(-60, 0, 40) + TINY),
    'Asinh': (asinh, uniform(-4, 4, 250) + magnitudes(-60, 1000, 100) + TINY),
    'Acosh': (acosh, uniform(1, 4, 200) + [1 + abs(x) for x in magnitudes(-52, 0, 60)] + [abs(x) for x in magnitudes(2, 1000, 60)]),
    'Atanh': (atanh, uniform(-1, 1, 250) + magnitudes(-60, -1, 60) + TINY + [1 - 2.0 ** -53]),
    'Cbrt': (lambda x: sign(x) * cbrt(abs(x)), magnitudes(-1022, 1023, 200) + uniform(0.5, 9, 100) + TINY),
    'Erf': (erf, uniform(-6, 6, 100) + uniform(-1.5, 1.5, 200) + magnitudes(-60, 0, 40) + TINY),
    'Erfc': (erfc, uniform(-6, 27.2, 200) + uniform(-1, 2, 200) + magnitudes(-60, 0, 20)),
}


def write(out, name, arguments, y):
    d = exact_double(y)
    if d in (float('inf'), -float('inf')):
        return
    words = ' '.join(f'{bits(x):016x}' for x in (*arguments, d))
    out.write(f'{name} {words} {nstr((y - mpf(d)) / ulp(d), 4)}\n')


with open('xmath-goldens.txt', 'w', newline='\n') as out:
    for name, (f, points) in FUNCTIONS.items():
        for x in points:
            write(out, name, (x,), f(mpf(x)))
    for _ in range(300):
        x, y = random.choice((magnitudes(-300, 300, 2), uniform(-3, 3, 2), magnitudes(-1000, 1000, 2)))
        write(out, 'Atan2', (y, x), atan2(mpf(y), mpf(x)))
    for _ in range(400):
        x, t = abs(magnitudes(-1022, 1023, 1)[0]), random.uniform(-745, 709)
        y = t / float(log(x)) if random.random() < 0.7 else random.uniform(-5, 5)
        write(out, 'Pow', (x, y), power(mpf(x), mpf(y)))
        x = random.uniform(0.5, 2)
        y = random.uniform(-700, 700) / float(log(x))
        write(out, 'Pow', (x, y), power(mpf(x), mpf(y)))
