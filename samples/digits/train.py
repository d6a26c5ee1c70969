"""Trains the two digit classifiers of this folder and writes them as ONNX.

    python3 -m pip install scikit-learn onnx      (or Debian: python3-sklearn python3-onnx)
    python3 train.py [FOLDER]

Writes digits-v1.onnx, digits-v2.onnx and test.csv into FOLDER (default: here) and prints what scikit-learn itself
measures on the held-out rows. Every seed is fixed: with scikit-learn 1.2.1, onnx 1.12 and numpy 1.24 the files come
out the same to the byte. Other versions may round a weight differently; the measured metrics then move a little.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

PIXELS, DIGITS, BRIGHTEST = 64, 10, 16
SEED = 7
# v1 stands for a first attempt before all the data was there.
ROWS_OF_V1 = 300


def write_onnx(path, layers):
    """Writes a chain Gemm, Relu, Gemm, ..., Softmax. A layer is its weights (inputs x outputs) and its biases."""
    nodes, initializers = [], []
    current = "pixels"
    for i, (weights, biases) in enumerate(layers):
        initializers.append(numpy_helper.from_array(weights.astype(np.float32), f"W{i}"))
        initializers.append(numpy_helper.from_array(biases.astype(np.float32), f"b{i}"))
        nodes.append(helper.make_node("Gemm", [current, f"W{i}", f"b{i}"], [f"z{i}"]))
        current = f"z{i}"
        if i < len(layers) - 1:
            nodes.append(helper.make_node("Relu", [current], [f"r{i}"]))
            current = f"r{i}"
    nodes.append(helper.make_node("Softmax", [current], ["probabilities"], axis=1))
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", PIXELS])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", DIGITS])],
        initializers,
    )
    # The producer's name is part of the bytes, and so of the digests that the registry binds approvals to.
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="spike"
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def main(folder):
    images, digits = load_digits(return_X_y=True)
    images = (images / BRIGHTEST).astype(np.float32)
    # Stratified, so that each digit is as frequent in the 540 held-out rows as in all 1,797.
    train_x, test_x, train_y, test_y = train_test_split(
        images, digits, test_size=0.3, random_state=SEED, stratify=digits
    )

    first = LogisticRegression(max_iter=500).fit(train_x[:ROWS_OF_V1], train_y[:ROWS_OF_V1])
    write_onnx(folder / "digits-v1.onnx", [(first.coef_.T, first.intercept_)])

    second = MLPClassifier((32,), max_iter=400, random_state=SEED).fit(train_x, train_y)
    write_onnx(folder / "digits-v2.onnx", list(zip(second.coefs_, second.intercepts_)))

    # One row per image: the digit, then 64 pixels of 0..16, row by row from the top left.
    held_out = np.c_[test_y, (test_x * BRIGHTEST).astype(int)]
    np.savetxt(folder / "test.csv", held_out, fmt="%d", delimiter=",")

    for name, classifier in (("digits-v1.onnx", first), ("digits-v2.onnx", second)):
        guesses = classifier.predict(test_x)
        print(
            name,
            f"accuracy {accuracy_score(test_y, guesses):.4f}",
            f"macro_f1 {f1_score(test_y, guesses, average='macro'):.4f}",
            f"log_loss {log_loss(test_y, classifier.predict_proba(test_x)):.4f}",
            f"sha256 {hashlib.sha256((folder / name).read_bytes()).hexdigest()}",
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
