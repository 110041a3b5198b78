"""The safetensors format, read strictly and written plainly, as lib/storage/safetensors.ts does.
Python's standard library alone.

8 bytes: little-endian length N of the header | N bytes: JSON header, padded with spaces | the tensors' bytes
"""

import json
import math
import os
import re
import struct
from collections import namedtuple

SIZES = {"F64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "U8": 1}
LONGEST_HEADER = 100_000_000
INTEGER = re.compile(r"0|[1-9][0-9]*")

Tensor = namedtuple("Tensor", "dtype shape data")
"""data: the bytes of the values in row order, little-endian: bytes, or a memoryview of the file."""


class SafetensorsError(Exception):
    """Not a valid file, or nothing that could be made one. The message names file, value and rule."""


def read(path):
    """Reads a whole file. @returns {name: Tensor} in the order of their bytes, and
    the metadata, a dict of strings.
    """
    try:
        with open(path, "rb") as file:
            content = bytearray(file.read())
    except OSError as error:
        raise SafetensorsError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return decode(content)
    except SafetensorsError as error:
        raise SafetensorsError(f"{path}: {error}") from None


def decode(content):
    if len(content) < 8:
        raise SafetensorsError(
            f"the file has {len(content)} bytes, but the length of the header alone takes 8"
        )
    (length,) = struct.unpack("<Q", content[:8])
    if length > LONGEST_HEADER:
        raise SafetensorsError(f"the header's length is {length}, but it may be {LONGEST_HEADER} at most")
    if 8 + length > len(content):
        raise SafetensorsError(
            f"the header's length is {length}, but only {len(content) - 8} bytes follow it: it is cut short"
        )
    header = parse(bytes(content[8 : 8 + length]))
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise SafetensorsError("__metadata__ must map strings to strings")
    data = memoryview(content)[8 + length :]
    entries = sorted(
        ((name, *layout(name, entry)) for name, entry in header.items()), key=lambda entry: entry[3:]
    )
    tensors, expected = {}, 0
    for name, dtype, shape, begin, end in entries:
        if begin != expected:
            raise SafetensorsError(f"tensor {name} begins at {begin}, but the one before ends at {expected}")
        if end > len(data):
            raise SafetensorsError(
                f"tensor {name} ends at {end}, but the file has {len(data)} bytes of data: it is cut short"
            )
        tensors[name] = Tensor(dtype, shape, data[begin:end])
        expected = end
    if expected != len(data):
        raise SafetensorsError(
            f"{len(data) - expected} bytes follow the last tensor, but it must end the file"
        )
    return tensors, metadata


def parse(text):
    if not text.startswith(b"{") or not text.rstrip(b" ").endswith(b"}"):
        raise SafetensorsError("the header must start with { and end with }, padded with spaces only")

    def once(pairs):
        result = {}
        for key, value in pairs:
            if key in result:
                raise SafetensorsError(f'the key "{key}" is given twice, but a key may be given once')
            result[key] = value
        return result

    def integer(text):
        if not INTEGER.fullmatch(text):
            raise SafetensorsError(f"the number {text} is not a plain non-negative integer")
        return int(text)

    try:
        return json.loads(
            text.decode("utf-8"), object_pairs_hook=once, parse_int=integer, parse_float=integer
        )
    except ValueError as error:  # not JSON, not UTF-8, too many digits
        raise SafetensorsError(f"the header is not valid: {error}") from None


def layout(name, entry):
    if not isinstance(entry, dict) or sorted(entry) != ["data_offsets", "dtype", "shape"]:
        raise SafetensorsError(
            f"tensor {name} must have exactly dtype, shape and data_offsets, got {json.dumps(entry)}"
        )
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in SIZES:
        raise SafetensorsError(
            f"tensor {name} has dtype {json.dumps(dtype)}, but only {', '.join(SIZES)} are known"
        )
    if not is_integers(shape):
        raise SafetensorsError(
            f"tensor {name} has shape {json.dumps(shape)}, but a list of non-negative integers is needed"
        )
    if not is_integers(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise SafetensorsError(
            f"tensor {name} has data_offsets {json.dumps(offsets)}, but [begin, end] is needed"
        )
    size = math.prod(shape) * SIZES[dtype]
    if offsets[1] - offsets[0] != size:
        raise SafetensorsError(
            f"tensor {name} spans {offsets[1] - offsets[0]} bytes, but shape {shape} of {dtype} takes {size}"
        )
    return dtype, shape, *offsets


def is_integers(value):
    return isinstance(value, list) and all(type(item) is int for item in value)


def write(path, tensors, metadata=None):
    """Writes {name: Tensor} atomically: at every moment the file is what it was
    before, or wholly the new one.
    """
    header = {"__metadata__": metadata} if metadata else {}
    offset = 0
    # The wider dtypes first, so that every tensor is aligned to its values.
    ordered = sorted(tensors.items(), key=lambda entry: -SIZES[entry[1].dtype])
    for name, (dtype, shape, data) in ordered:
        size = memoryview(data).nbytes
        if size != math.prod(shape) * SIZES[dtype]:
            raise SafetensorsError(
                f"tensor {name} has {size} bytes, but shape {list(shape)} of {dtype} needs another number"
            )
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    write_atomically(path, [struct.pack("<Q", len(text)), text, *(data for _, (_, _, data) in ordered)])


def write_atomically(path, pieces):
    """A temporary file in the same folder, flushed to the disk, then renamed."""
    folder, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise SafetensorsError(
            f"{path} could not be written: {error.strerror}. What was there before is unchanged."
        ) from None
