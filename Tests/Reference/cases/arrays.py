# SPDX-License-Identifier: Apache-2.0
# Files that NumPy has written, as bytes, with the arrays that they hold.

import io

import numpy as np


def arrays():
    return {
        "x": np.arange(600, dtype=np.float32).reshape(20, 30) / 7, "y": np.array([3, -1, 2**40]),
        "column": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "flags": np.array([True, False]),
        "scalar": np.array(2.5), "empty": np.zeros((0, 3), np.int32), "naïve": np.zeros(1000),
        # Every kind of half: normal, largest, smallest, subnormal, infinite, negative nought.
        "half": np.array([0.5, 65504, 2**-14, 2**-24, -3 * 2**-24, np.inf, -0.0], np.float16),
        "swapped": np.array([1, 0.1, -2], ">f2"), "u2": np.array([0, 1, 65535], np.uint16),
        "u4": np.array([0, 1, 2**32 - 1], ">u4"),
    }


def held(array):
    """What is read: halves as singles, unsigned integers as the next larger signed ones."""
    kinds = {"float16": np.float32, "uint16": np.int32, "uint32": np.int64}
    array = array.astype(kinds.get(array.dtype.name, array.dtype.newbyteorder("=")))
    return np.ascontiguousarray(array).reshape(array.shape)


def written(write, *values, **named):
    file = io.BytesIO()
    write(file, *values, **named)
    return np.frombuffer(file.getvalue(), np.uint8)


class Stream(io.RawIOBase):
    """Written to, and not gone back in: a pipe or a socket."""

    def __init__(self):
        self.bytes = b""

    def writable(self):
        return True

    def write(self, data):
        self.bytes += bytes(data)
        return len(data)


def streamed(**named):
    stream = Stream()
    np.savez_compressed(stream, **named)
    return np.frombuffer(stream.bytes, np.uint8)


def build():
    found = {f"values/{name}": held(array) for name, array in arrays().items()}
    found["savez/file"] = written(np.savez, **arrays())
    found["compressed/file"] = written(np.savez_compressed, **arrays())
    found["unnamed/file"] = written(np.savez, np.arange(3), np.ones(2))
    found["none/file"] = written(np.savez)
    found["streamed/file"] = streamed(x=arrays()["x"], y=arrays()["y"])
    found["objects/file"] = written(np.savez, a=np.array([{}, None]))
    for name in ["half", "swapped", "u2", "u4"]:
        found[f"{name}/file"] = written(np.save, arrays()[name])
    return found
