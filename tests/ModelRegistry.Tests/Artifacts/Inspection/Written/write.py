"""Writes written-by-others.zip: small files as other programs write them, for the tests to look into.

Made once, on Debian 12 with python3-h5py 3.7, numpy 1.24, joblib 1.2, scikit-learn 1.2, torch 1.13 and flatc 2.0.8:
    python3 write.py
The tests read the archive and need none of these programs.
"""
import io, json, os, pickle, subprocess, tarfile, tempfile, zipfile

import h5py, joblib, numpy as np, torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Calls:
    def __reduce__(self):
        return os.system, ("true",)


plain = {"class_name": "Sequential", "config": {"layers": [{"class_name": "InputLayer", "config": {}}, {"class_name": "Dense", "config": {"kernel_initializer": {"class_name": "GlorotUniform", "config": {}}}}]}}
code = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"function": ["4wAAAA==", None, None]}}, {"class_name": "MyLayer", "config": {}}]}}
state = {"w": np.arange(5.0), "n": [1, 2.5, None, True, "x" * 300, b"abc", (1,), {1}, frozenset([2]), 10**30, bytearray(b"zz")]}
here, work = os.path.dirname(os.path.abspath(__file__)), tempfile.mkdtemp()
os.chdir(work)

for lib in ("earliest", "latest"):
    for name, config in (("plain", plain), ("code", code)):
        with h5py.File(f"{name}-{lib}.h5", "w", libver=lib) as f:
            f.attrs["keras_version"], f.attrs["model_config"] = b"2.11.0", json.dumps(config).encode()
            f.create_group("model_weights").create_dataset("w", data=np.zeros((3, 4), np.float32))
with h5py.File("fixed.h5", "w") as f:
    f.attrs["model_config"] = np.bytes_(json.dumps(code))
with h5py.File("weights.h5", "w") as f:
    f.create_group("layers/dense/vars").create_dataset("0", data=np.zeros((3, 4)))
for protocol in range(6):
    with open(f"state{protocol}.pkl", "wb") as f:
        pickle.dump(state, f, protocol)
    with open(f"calls{protocol}.pkl", "wb") as f:
        pickle.dump({"a": 1, "e": Calls()}, f, protocol)
with open("stacked.pkl", "wb") as f:
    f.write(pickle.dumps([1]) + pickle.dumps(Calls()))
joblib.dump({"w": np.arange(9.0)}, "array.joblib")
joblib.dump({"w": np.arange(9.0)}, "zlib.joblib", compress=3)
joblib.dump({"w": np.arange(9.0)}, "gzip.joblib.gz")
np.save("numbers.npy", np.arange(12.0).reshape(3, 4))
np.save("texts.npy", np.array(["ab", "c"]))
np.save("objects.npy", np.array([{}, Calls()], dtype=object), allow_pickle=True)
np.save("object-records.npy", np.zeros(2, dtype=[("a", "O")]), allow_pickle=True)
np.save("records.npy", np.zeros(3, dtype=[("a", "<f4"), ("b", "<i2")]))
np.savez("two.npz", a=np.arange(3), b=np.ones((2, 2)))
np.savez_compressed("packed.npz", a=np.arange(3))
torch.save({"w": torch.zeros(3, 4), "b": torch.ones(3, dtype=torch.bfloat16)}, "state.pt")
torch.save({"w": torch.zeros(3, 4)}, "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(3, 4), "module.pt")
layers = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())
torch.jit.script(layers).save("script.pt")
x = np.random.RandomState(0).rand(20, 3)
y = (x[:, 0] > 0.5).astype(int)
estimators = {"forest": RandomForestClassifier(2, max_depth=2, random_state=0), "pipeline": make_pipeline(StandardScaler(), LogisticRegression()), "neighbors": KNeighborsClassifier()}
for name, estimator in estimators.items():
    with open(f"{name}.pkl", "wb") as f:
        pickle.dump(estimator.fit(x, y), f)
long = "d/" + "x" * 120 + "/numbers.npy"
for name, form in (("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT)):
    with tarfile.open(f"{name}.tar", "w", format=form) as t:
        t.add("numbers.npy", long)
with tarfile.open("packed.tar.gz", "w:gz") as t:
    t.add("numbers.npy", "m/numbers.npy")
    t.add("state2.pkl", "m/state.pkl")
with open("model.fbs", "w") as f:
    f.write("""
table Tensor { shape:[int]; type:byte; buffer:uint; name:string; quantization:[ubyte]; is_variable:bool; sparsity:[ubyte]; shape_signature:[int]; }
table OperatorCode { deprecated_builtin_code:byte; custom_code:string; version:int = 1; builtin_code:int; }
table Operator { opcode_index:uint; inputs:[int]; outputs:[int]; }
table SubGraph { tensors:[Tensor]; inputs:[int]; outputs:[int]; operators:[Operator]; name:string; }
table Buffer { data:[ubyte] (force_align: 16); offset:ulong; size:ulong; }
table Model { version:uint; operator_codes:[OperatorCode]; subgraphs:[SubGraph]; description:string; buffers:[Buffer]; }
file_identifier "TFL3";
root_type Model;
""")
tensor = lambda name, shape, buffer=0, **more: {"name": name, "shape": shape, "type": 0, "buffer": buffer, **more}
for name, codes in (("dense", [9, 25]), ("flex", [9, 25, 32])):
    with open("model.json", "w") as f:
        json.dump({
            "version": 3, "description": "made by flatc",
            "operator_codes": [{"deprecated_builtin_code": c, "builtin_code": c, **({"custom_code": "FlexErf"} if c == 32 else {})} for c in codes],
            "buffers": [{}, {"data": [0] * 24}, {"data": [0] * 8}],
            "subgraphs": [{"inputs": [0], "outputs": [4], "tensors": [tensor("x", [1, 3], shape_signature=[-1, 3]), tensor("w", [2, 3], 1), tensor("b", [2], 2), tensor("h", [1, 2]), tensor("y", [1, 2])],
                           "operators": [{"opcode_index": 0, "inputs": [0, 1, 2], "outputs": [3]}, {"opcode_index": 1, "inputs": [3], "outputs": [4]}]}]}, f)
    subprocess.run(["flatc", "-b", "-o", ".", "model.fbs", "model.json"], check=True)
    os.rename("model.bin", f"{name}.tflite")
with zipfile.ZipFile(os.path.join(here, "written-by-others.zip"), "w", zipfile.ZIP_DEFLATED) as z:
    for name in sorted(os.listdir(".")):
        if name not in ("model.fbs", "model.json"):
            z.write(name)
