#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the demonstration's model and data: handwritten digits, 8 by 8 pixels.

usage: model.py FOLDER

Trains a small network on half of sklearn's load_digits with a fixed seed, and
writes to FOLDER:

  digits-1.onnx, digits-32.onnx  float32 [N, 64] "pixels" -> [N, 10] "logits"
  images.f32     all 1797 images, 64 float32 each, 0 to 1
  labels.u8      the digit that each shows, one byte each
  images.json    {"images", "pixels", "classes", "trained"}: the first "trained"
                 images are those that the network was trained on

Each step is a process of its own, because sklearn, onnx and onnxruntime cannot
be imported together without thousands of warnings.
"""
import json
import os
import subprocess
import sys
import time

BATCHES = (1, 32)
HIDDEN = (128, 64)
SEED = 20
# The accelerator that the demonstration is shown on (docs/accelerator.md).
TILES = 4
SPEED = 4  # operations a microsecond and tile
MARGIN = 5  # the modelled time is at least so many times the host's


def path(folder, name):
    return os.path.join(folder, name)


def train(folder):
    """Images, labels and weights.npz"""
    import numpy
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    digits = load_digits()
    images = (digits.data / 16).astype("<f4")
    labels = digits.target.astype("u1")
    half = len(images) // 2
    network = MLPClassifier(HIDDEN, random_state=SEED, max_iter=400, alpha=0.01)
    network.fit(images[:half], labels[:half])
    right = network.score(images[half:], labels[half:])
    print(f"digits: {100 * right:.1f} % of the {len(images) - half} images that "
          f"it has not seen are recognised")
    if right < 0.9:
        sys.exit("digits: that is too few, the network was not trained well")
    numpy.savez(path(folder, "weights.npz"), *network.coefs_, *network.intercepts_)
    images.tofile(path(folder, "images.f32"))
    labels.tofile(path(folder, "labels.u8"))
    with open(path(folder, "images.json"), "w", encoding="ascii") as file:
        json.dump({"images": len(images), "pixels": 64, "classes": 10,
                   "trained": half}, file)


def layers(folder):
    import numpy

    arrays = list(numpy.load(path(folder, "weights.npz")).values())
    count = len(arrays) // 2
    return list(zip(arrays[:count], arrays[count:]))


def operations(folder, batch):
    """A multiply and an add for each weight and image"""
    return batch * sum(2 * weights.size for weights, _ in layers(folder))


def export(folder):
    """digits-N.onnx from weights.npz"""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants = [], []
    last = len(HIDDEN)
    for i, (weights, bias) in enumerate(layers(folder)):
        constants += [numpy_helper.from_array(weights.astype("<f4"), f"w{i}"),
                      numpy_helper.from_array(bias.astype("<f4"), f"b{i}")]
        source = f"x{i}" if i else "pixels"
        target = f"sum{i}" if i < last else "logits"
        nodes.append(helper.make_node("Gemm", [source, f"w{i}", f"b{i}"], [target]))
        if i < last:
            nodes.append(helper.make_node("Relu", [target], [f"x{i + 1}"]))
    for batch in BATCHES:
        graph = helper.make_graph(
            nodes, "digits",
            [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [batch, 64])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, 10])],
            constants)
        model = helper.make_model(graph, ir_version=8,
                                  opset_imports=[helper.make_opsetid("", 17)])
        helper.set_model_props(
            model, {"layby.operations": str(operations(folder, batch))})
        onnx.checker.check_model(model)
        onnx.save(model, path(folder, f"digits-{batch}.onnx"))


def host_us(session, pixels):
    """Best of many: what the host needs if nothing else runs"""
    best = float("inf")
    for _ in range(300):
        start = time.perf_counter()
        session.run(None, {"pixels": pixels})
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def measure(folder):
    """Is what the model claims to cost far more than what it costs here?"""
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    images = numpy.fromfile(path(folder, "images.f32"), "<f4").reshape(-1, 64)
    for batch in BATCHES:
        session = onnxruntime.InferenceSession(
            path(folder, f"digits-{batch}.onnx"), options,
            providers=["CPUExecutionProvider"])
        host = host_us(session, images[:batch])
        modelled = operations(folder, batch) / (TILES * SPEED)
        print(f"digits-{batch}: {modelled:.0f} us modelled on {TILES} tiles, "
              f"{host:.0f} us on this host")
        if modelled < MARGIN * host:
            sys.exit(f"digits-{batch}: want {MARGIN} times the host's time")


STEPS = {"train": train, "export": export, "measure": measure}


def main():
    if len(sys.argv) == 3:
        STEPS[sys.argv[1]](sys.argv[2])
        return
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for step in STEPS:
        done = subprocess.run([sys.executable, __file__, step, folder],
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            sys.exit(f"{done.stderr}\nmodel.py: {step} failed")
    os.remove(path(folder, "weights.npz"))


if __name__ == "__main__":
    main()
