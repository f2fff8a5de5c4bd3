#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the small ONNX models that the device's and the driver's tests run.

usage: models.py FOLDER

Uses the onnx package only: onnxruntime in the same process prints thousands of
schema warnings.
"""
import os
import sys

import onnx
from onnx import TensorProto, helper

OPSET = [helper.make_opsetid("", 17)]
FLOAT = TensorProto.FLOAT
N = 256


def value(name, shape, element=FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def constant(name, values, element=FLOAT, shape=None):
    return helper.make_tensor(name, element,
                              [len(values)] if shape is None else shape, values)


def model(nodes, inputs, outputs, constants=(), operations=None, moved=None):
    graph = helper.make_graph(nodes, "layby", inputs, outputs, list(constants))
    made = helper.make_model(graph, opset_imports=OPSET, ir_version=8)
    cost = {"layby.operations": operations, "layby.bytes": moved}
    helper.set_model_props(made, {name: str(number) for name, number in cost.items()
                                  if number is not None})
    onnx.checker.check_model(made)
    return made


def add(operations, moved=None, length=N):
    """y = x + w with w[i] = i"""
    return model([helper.make_node("Add", ["x", "w"], ["y"])],
                 [value("x", [length])], [value("y", [length])],
                 [constant("w", [float(i) for i in range(N)])], operations, moved)


def echo():
    """y = x, of any length"""
    return model([helper.make_node("Identity", ["x"], ["y"])],
                 [value("x", ["n"], TensorProto.UINT8)],
                 [value("y", ["n"], TensorProto.UINT8)], operations=4000)


def leak():
    """y = the first bytes of the tiles' local memory, whoever left them"""
    return model([helper.make_node("Identity", ["layby.tile_memory"], ["y"])],
                 [value("layby.tile_memory", [4096], TensorProto.UINT8)],
                 [value("y", [4096], TensorProto.UINT8)], operations=4000)


def witness():
    """y = x, of any length, and z = all of four tiles' local memory before that"""
    tiles = [4 * 65536]
    return model([helper.make_node("Identity", ["x"], ["y"]),
                  helper.make_node("Identity", ["layby.tile_memory"], ["z"])],
                 [value("x", ["n"], TensorProto.UINT8),
                  value("layby.tile_memory", tiles, TensorProto.UINT8)],
                 [value("y", ["n"], TensorProto.UINT8),
                  value("z", tiles, TensorProto.UINT8)], operations=4000)


def loop(operations):
    """A loop that really computes for hours, whatever its cost is said to be"""
    body = helper.make_graph(
        [helper.make_node("Sin", ["v_in"], ["v_out"]),
         helper.make_node("Identity", ["go_in"], ["go_out"])],
        "body",
        [value("i", [], TensorProto.INT64), value("go_in", [], TensorProto.BOOL),
         value("v_in", [N])],
        [value("go_out", [], TensorProto.BOOL), value("v_out", [N])])
    return model([helper.make_node("Loop", ["trips", "go", "x"], ["y"], body=body)],
                 [value("x", [N])], [value("y", [N])],
                 [constant("trips", [10 ** 12], TensorProto.INT64, []),
                  constant("go", [True], TensorProto.BOOL, [])], operations)


def gather():
    """y = w[x]: fails while it runs if an index in x is out of range"""
    return model([helper.make_node("Gather", ["w", "x"], ["y"])],
                 [value("x", [N], TensorProto.INT32)], [value("y", [N])],
                 [constant("w", [float(i) for i in range(N)])], 4000)


def external():
    """Its weights are said to stand in a file of the host"""
    made = add(4000)
    weight = made.graph.initializer[0]
    weight.ClearField("float_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, text in (("location", "etc/passwd"), ("offset", "0"),
                      ("length", str(4 * N))):
        entry = weight.external_data.add()
        entry.key, entry.value = key, text
    return made


MODELS = {
    "add": lambda: add(8000),          # 500 us on four tiles
    "costless": lambda: add(None),     # says nothing about its cost
    "slow": lambda: add(160000000),    # 10 s on four tiles
    "steady": lambda: add(48000000),   # 3 s on four tiles
    "endless": lambda: add(2 ** 64 - 1),
    # 20 ms on four tiles and half of the memory's 8000 bytes a tick
    "stream": lambda: add(320000, 80 * 10 ** 6),
    # 400 ms of all of it on any tiles
    "hog": lambda: add(1000, 3200 * 10 ** 6),
    "flood": lambda: add(1000, 80 * 10 ** 9), # the same for 10 s
    "boundless": lambda: add(1000, 2 ** 64 - 1),
    "odd": lambda: add(1000, "-5"),    # bytes that are no number
    "echo": echo,
    "leak": leak,
    "witness": witness,
    "loop": lambda: loop(2 ** 62),     # a slow program, truly slow
    "liar": lambda: loop(8000),        # claims 500 us, computes for hours
    "gather": gather,
    "external": external,
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, make in MODELS.items():
        with open(os.path.join(folder, name + ".onnx"), "wb") as file:
            file.write(make().SerializeToString())


if __name__ == "__main__":
    main()
