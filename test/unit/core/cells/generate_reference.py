"""Writes precise_reference.json: sines, belt heights, cap widths and cells computed with 60 digits.

Run with mpmath installed: python generate_reference.py > precise_reference.json
A value is written as a double and the rest that the double leaves, so that tests can count errors in
units in the last place.
"""
import json
import random

from mpmath import atanh, floor, mp, mpf, pi, sin, sqrt

mp.dps = 60
random.seed(20261121)
FLATTENING = 1 / mpf("298.257223563")
E2 = FLATTENING * (2 - FLATTENING)
E = sqrt(E2)


def q(s):
    return (1 - E2) * (s / (1 - E2 * s * s) + atanh(E * s) / E)


def sine(lat, convention):
    s = sin(mpf(lat) * pi / 180)
    return s if convention == "geodetic" else q(s) / q(mpf(1))


def pair(value):
    return [float(value), float(value - mpf(float(value)))]


def cell(lon, lat, convention, order=29):
    """Gorski et al. 2005, with exact numbers; None within 1e-6 of a cell's edge."""
    nside = 2**order
    t = (mpf(lon) / 90) % 4
    z = sine(lat, convention)
    if abs(z) <= mpf(2) / 3:
        falling, rising = (t + 0.5 - z * 3 / 4) * nside, (t + 0.5 + z * 3 / 4) * nside
        p, m = int(floor(falling)), int(floor(rising))
        edges = (falling, rising)
        fp, fm = p // nside, m // nside
        face = (fp % 4) + 4 if fp == fm else fp % 4 if fp < fm else (fm % 4) + 8
        x, y = m % nside, nside - 1 - p % nside
    else:
        column = int(floor(t))
        width = sqrt(3 * (1 - abs(z))) * nside
        a, b = (t - column) * width, (1 - (t - column)) * width
        edges = (a, b)
        p, m = int(floor(a)), int(floor(b))
        face, x, y = (column, nside - 1 - m, nside - 1 - p) if z > 0 else (column + 8, p, m)
    if any(min(e - floor(e), 1 - (e - floor(e))) < mpf("1e-6") for e in edges):
        return None
    nested = 0
    for bit in range(order):
        nested |= ((x >> bit) & 1) << (2 * bit) | ((y >> bit) & 1) << (2 * bit + 1)
    return str((face << (2 * order)) + nested)


angles = [random.uniform(-180, 360) for _ in range(150)] + [random.uniform(-46, 46) for _ in range(150)]
angles += [10.0**-k for k in range(0, 20, 2)] + [90 - 10.0**-k for k in range(0, 13)] + [30.0, 45.0, 60.0, 44.99999, 135.1]
out = {"sine": [[a, pair(sin(mpf(a) * pi / 180)), pair(sin((mpf(a) + 90) * pi / 180))] for a in angles]}
belt = [random.uniform(0, 41.8) for _ in range(200)] + [10.0**-k for k in range(0, 16, 3)] + [41.8, 30.0]
cap = [random.uniform(0, 48) for _ in range(200)] + [10.0**-k for k in range(0, 13)] + [45.0, 48.0]
for convention in ("authalic", "geodetic"):
    out[convention] = {
        "belt": [[v, pair(sine(v, convention) * 3 / 4)] for v in belt],
        "cap": [[v, pair(sqrt(3 * (1 - sine(90 - mpf(v), convention))))] for v in cap],
        "cells": [],
    }
    points = [(random.uniform(-180, 360), random.uniform(-90, 90)) for _ in range(120)]
    points += [(random.uniform(-180, 180), s * (90 - 10.0**-k)) for k in range(1, 13) for s in (1, -1)]
    points += [(random.uniform(-180, 180), s * random.uniform(41.80, 41.95)) for s in (1, -1) for _ in range(20)]
    points += [(s * (180 - 10.0**-k), random.uniform(-80, 80)) for k in range(1, 12) for s in (1, -1)]
    for lon, lat in points:
        nested = cell(lon, lat, convention)
        if nested is not None:
            out[convention]["cells"].append([lon, lat, nested])
print(json.dumps(out, separators=(",", ":")).replace("]],", "]],\n"))
