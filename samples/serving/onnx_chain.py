"""Runs small classifiers without any ONNX runtime: a chain of Gemm and Relu that ends in Softmax, such as those of
samples/digits. Whatever else a file holds is refused, never guessed at.

Read field by field from the protobuf wire format; field numbers are those of onnx.proto3 in the ONNX specification (IR version 8).
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Iterator, List, NamedTuple, Sequence, Tuple, Union


class NotRunnable(Exception):
    """The file is damaged, or is another kind of model."""


class Layer(NamedTuple):
    """Weights as one column per output, and a bias for each."""

    columns: List[Tuple[float, ...]]
    biases: Tuple[float, ...]


class Classifier:
    def __init__(self, steps: Sequence[Union[Layer, str]]) -> None:
        self._steps = steps
        layers = [step for step in steps if isinstance(step, Layer)]
        if not layers:
            raise NotRunnable("it has no layer")
        self.inputs = len(layers[0].columns[0])

    @staticmethod
    def read(file: Path) -> "Classifier":
        try:
            return _classifier(file.read_bytes())
        except (struct.error, IndexError, UnicodeDecodeError, KeyError) as e:
            raise NotRunnable(f"it cannot be read ({type(e).__name__})") from None

    def run(self, values: Sequence[float]) -> List[float]:
        """The probability of each class."""
        if len(values) != self.inputs:
            raise ValueError(f"{self.inputs} values are needed, not {len(values)}")
        current = list(values)
        for step in self._steps:
            if isinstance(step, Layer):
                current = [bias + sum(x * w for x, w in zip(current, column)) for column, bias in zip(step.columns, step.biases)]
            elif step == "Relu":
                current = [max(0.0, x) for x in current]
            else:
                highest = max(current)
                powers = [math.exp(x - highest) for x in current]
                current = [p / sum(powers) for p in powers]
        return current


Value = Union[int, bytes]


def _fields(message: bytes) -> Iterator[Tuple[int, Value]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
        elif key & 7 in (1, 5):
            size = 8 if key & 7 == 1 else 4
            yield key >> 3, message[at : at + size]
            at += size
        elif key & 7 == 2:
            size, at = _varint(message, at)
            if at + size > len(message):
                raise NotRunnable("a field is longer than what it is in")
            yield key >> 3, message[at : at + size]
            at += size
        else:
            raise NotRunnable("it is not protobuf")


def _varint(message: bytes, at: int) -> Tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise NotRunnable("a number is too long")


def _bytes(message: bytes, number: int) -> List[bytes]:
    return [value for field, value in _fields(message) if field == number and isinstance(value, bytes)]


def _classifier(content: bytes) -> Classifier:
    # ModelProto: graph = 7. GraphProto: node = 1, initializer = 5
    graphs = _bytes(content, 7)
    if len(graphs) != 1:
        raise NotRunnable(f"it holds {len(graphs)} graphs instead of one")
    constants = dict(_tensor(message) for message in _bytes(graphs[0], 5))
    steps: List[Union[Layer, str]] = []
    current, width = "", 0
    for node in _bytes(graphs[0], 1):
        # NodeProto: input = 1, output = 2, op_type = 4, attribute = 5
        inputs, outputs = [i.decode() for i in _bytes(node, 1)], [o.decode() for o in _bytes(node, 2)]
        operation = b"".join(_bytes(node, 4)).decode()
        if steps and inputs[0] != current:
            raise NotRunnable("it is no chain")
        # AttributeProto: name = 1, i = 3. A Softmax over another axis than the classes, and a Gemm with any of its own, are other ones.
        attributes = {b"".join(_bytes(a, 1)): next((v for n, v in _fields(a) if n == 3), None) for a in _bytes(node, 5)}
        if operation == "Softmax" and attributes.get(b"axis", 1) not in (1, 2**64 - 1):
            raise NotRunnable("its Softmax is over another axis")
        if operation == "Gemm" and not attributes and len(inputs) == 3:
            (shape, weights), (bias_shape, biases) = constants[inputs[1]], constants[inputs[2]]
            if len(shape) != 2 or bias_shape != (shape[1],) or (width and shape[0] != width):
                raise NotRunnable("its shapes do not fit")
            width = shape[1]
            steps.append(Layer([weights[column :: shape[1]] for column in range(shape[1])], biases))
        elif operation in ("Relu", "Softmax") and "Softmax" not in steps and width:
            steps.append(operation)
        else:
            raise NotRunnable(f"{operation} is not known here")
        current = outputs[0]
    if not steps or steps[-1] != "Softmax":
        raise NotRunnable("it gives no probabilities")
    return Classifier(steps)


def _tensor(message: bytes) -> Tuple[str, Tuple[Tuple[int, ...], Tuple[float, ...]]]:
    # TensorProto: dims = 1 (packed or one by one), data_type = 2 (1: float), name = 8, raw_data = 9
    shape: List[int] = []
    kind, name, raw = 0, "", b""
    for number, value in _fields(message):
        if number == 1 and isinstance(value, int):
            shape.append(value)
        elif number == 1 and isinstance(value, bytes):
            at = 0
            while at < len(value):
                size, at = _varint(value, at)
                shape.append(size)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8 and isinstance(value, bytes):
            name = value.decode()
        elif number == 9 and isinstance(value, bytes):
            raw = value
    if kind != 1 or math.prod(shape) * 4 != len(raw):
        raise NotRunnable(f"the constant '{name}' is not of 32-bit floats")
    return name, (tuple(shape), struct.unpack(f"<{len(raw) // 4}f", raw))
