# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small TensorFlow Lite models, one or more for each operator that is read."""
import struct

FLOAT32, FLOAT16, INT32 = range(3)
SAME, VALID = range(2)
(ADD, CONCATENATION, CONV_2D, DEPTHWISE_CONV_2D, DEQUANTIZE, FULLY_CONNECTED,
 LOGISTIC, MAX_POOL_2D, RESHAPE, RESIZE_BILINEAR, PAD, MEAN, PRELU) = (
     0, 2, 3, 4, 6, 9, 14, 17, 22, 23, 34, 40, 54)
# BuiltinOptions of each.
OPTIONS = {ADD: 11, CONCATENATION: 10, CONV_2D: 1, DEPTHWISE_CONV_2D: 2,
           FULLY_CONNECTED: 8, MAX_POOL_2D: 5, RESHAPE: 17,
           RESIZE_BILINEAR: 15, PAD: 22, MEAN: 27}


class File:
    """Tables whose fields take four bytes each, and come before what they lead
    to."""

    def __init__(self):
        self.data = bytearray(b"\0\0\0\0TFL3")

    def link(self, place):
        """Makes a field lead to what is written next."""
        self.data[place:place + 4] = struct.pack("<I", len(self.data) - place)

    def table(self, place, *fields):
        """Where its fields are. None for one that is not written."""
        self.data += struct.pack("<HH", 4 + 2 * len(fields), 4 + 4 * len(fields))
        for n, value in enumerate(fields):
            self.data += struct.pack("<H", 0 if value is None else 4 + 4 * n)
        self.link(place)
        self.data += struct.pack("<i", 4 + 2 * len(fields))
        start = len(self.data)
        for value in fields:
            self.data += struct.pack("<i", value or 0)
        return [start + 4 * n for n in range(len(fields))]

    def vector(self, place, items):
        """Where its items are."""
        self.link(place)
        self.data += struct.pack(f"<I{len(items)}i", len(items), *items)
        end = len(self.data)
        return range(end - 4 * len(items), end, 4)

    def bytes(self, place, data):
        self.link(place)
        self.data += struct.pack("<I", len(data)) + data


def write(tensors, operators, inputs, outputs):
    """tensors: (type, shape, data or None); operators: (kind, inputs, output,
    options...)."""
    file = File()
    _, codes, graphs, _, buffers = file.table(0, 3, 0, 0, None, 0)
    for place, op in zip(file.vector(codes, [0] * len(operators)), operators):
        file.table(place, op[0], None, 1, op[0])
    graph = file.vector(graphs, [0])
    fields = file.table(graph[0], 0, 0, 0, 0)
    places = file.vector(fields[0], [0] * len(tensors))
    for n, (kind, shape, _) in enumerate(tensors):
        file.vector(file.table(places[n], 0, kind, n + 1)[0], shape)
    file.vector(fields[1], inputs)
    file.vector(fields[2], outputs)
    places = file.vector(fields[3], [0] * len(operators))
    for n, (kind, reads, makes, *options) in enumerate(operators):
        _, read, made, _, more = file.table(
            places[n], n, 0, 0, OPTIONS.get(kind, 0), 0 if options else None)
        file.vector(read, reads)
        file.vector(made, [makes])
        if options:
            file.table(more, *options)
    places = file.vector(buffers, [0] * (len(tensors) + 1))
    file.table(places[0])
    for place, (_, _, data) in zip(places[1:], tensors):
        if data is None:
            file.table(place)
        else:
            file.bytes(file.table(place, 0)[0], data)
    return bytes(file.data)


def floats(*shape):
    count = 1
    for side in shape:
        count *= side
    numbers = [(n % 7 - 3) / 4 for n in range(count)]
    return FLOAT32, shape, struct.pack(f"<{count}f", *numbers)


def halves(*shape):
    _, _, data = floats(*shape)
    numbers = struct.unpack(f"<{len(data) // 4}f", data)
    return FLOAT16, shape, struct.pack(f"<{len(numbers)}e", *numbers)


def numbers(*values, shape=None):
    return INT32, shape or [len(values)], struct.pack(f"<{len(values)}i", *values)


def value(*shape):
    return FLOAT32, shape, None


def seeds():
    i4 = value(1, 4, 4, 2)
    return [
        write([i4, floats(3, 3, 3, 2), floats(3), value(1, 2, 2, 3)],
              [(CONV_2D, [0, 1, 2], 3, SAME, 2, 2, 3, 1, 1)], [0], [3]),
        write([i4, floats(3, 2, 2, 2), value(1, 3, 3, 3)],
              [(CONV_2D, [0, 1, -1], 2, VALID, 1, 1, 0)], [0], [2]),
        write([i4, halves(1, 3, 3, 2), value(1, 3, 3, 2), halves(2), value(2),
               value(1, 4, 4, 2)],
              [(DEQUANTIZE, [1], 2), (DEQUANTIZE, [3], 4),
               (DEPTHWISE_CONV_2D, [0, 2, 4], 5, SAME, 1, 1, 1, 1)], [0], [5]),
        write([i4, floats(1, 2, 2, 4), floats(4), value(1, 4, 4, 4)],
              [(DEPTHWISE_CONV_2D, [0, 1, 2], 3, SAME, 1, 1, 2, 0, 2, 2)],
              [0], [3]),
        write([i4, value(1, 2, 2, 2), numbers(0, 0, 0, 0, 0, 0, 0, 2,
                                              shape=[4, 2]), value(1, 2, 2, 4)],
              [(MAX_POOL_2D, [0], 1, SAME, 2, 2, 2, 2, 0), (PAD, [1, 2], 3)],
              [0], [3]),
        write([i4, numbers(1, 2), value(1, 2), floats(3, 2), floats(3),
               value(1, 3), value(1, 3)],
              [(MEAN, [0, 1], 2, 0), (FULLY_CONNECTED, [2, 3, 4], 5, 1),
               (LOGISTIC, [5], 6)], [0], [6, 5]),
        write([i4, numbers(8, 6), value(1, 8, 6, 2), floats(1, 1, 2),
               value(1, 8, 6, 2), value(1, 8, 6, 2)],
              [(RESIZE_BILINEAR, [0, 1], 2, None, None, 0, 1),
               (PRELU, [2, 3], 4), (ADD, [2, 4], 5, 2)], [0], [5]),
        write([i4, value(1, 4, 4, 2), value(1, 16, 2), value(1, 16, 2),
               value(1, 32, 2)],
              [(ADD, [0, 0], 1), (RESHAPE, [0], 2), (RESHAPE, [1], 3),
               (CONCATENATION, [2, 3], 4, 1, 0)], [0], [4]),
        write([i4, numbers(7, 7), value(1, 7, 7, 2), numbers(2, 1),
               value(1, 1, 1, 2)],
              [(RESIZE_BILINEAR, [0, 1], 2, None, None, 1),
               (MEAN, [2, 3], 4, 1)], [0], [2, 4]),
    ]
