namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// What a pickle may name without being told for it: constructors of plain state. The list is one of what is allowed, since
/// lists of what is dangerous never end.
/// </summary>
internal static class PickleGlobals
{
    private static readonly Dictionary<string, string[]> Plain = new(StringComparer.Ordinal)
    {
        ["builtins"] = ["set", "frozenset", "list", "dict", "tuple", "int", "float", "complex", "bool", "str", "bytes", "bytearray", "slice", "range", "object", "NoneType"],
        ["__builtin__"] = ["set", "frozenset", "list", "dict", "tuple", "int", "long", "float", "complex", "bool", "str", "unicode", "bytearray", "slice", "object"],
        ["collections"] = ["OrderedDict", "defaultdict", "Counter", "deque"],
        ["copyreg"] = ["_reconstructor"],
        ["copy_reg"] = ["_reconstructor"],
        ["_codecs"] = ["encode"],
        ["numpy"] = ["ndarray", "dtype", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "complex64", "complex128", "str_", "bytes_"],
        ["numpy.core.multiarray"] = ["_reconstruct", "scalar"],
        ["numpy._core.multiarray"] = ["_reconstruct", "scalar"],
        ["numpy.core.numeric"] = ["_frombuffer"],
        ["numpy._core.numeric"] = ["_frombuffer"],
        ["numpy.ma.core"] = ["_mareconstruct", "MaskedArray"],
        ["numpy.random._pickle"] = ["__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"],
        ["numpy.random"] = ["__RandomState_ctor"],
        ["scipy.sparse._csr"] = ["csr_matrix", "csr_array"],
        ["scipy.sparse._csc"] = ["csc_matrix", "csc_array"],
        ["sklearn.neighbors._kd_tree"] = ["newObj", "KDTree"],
        ["sklearn.neighbors._ball_tree"] = ["newObj", "BallTree"],
        ["sklearn.metrics._dist_metrics"] = ["newObj", "EuclideanDistance", "EuclideanDistance32", "EuclideanDistance64", "ManhattanDistance", "ManhattanDistance64", "MinkowskiDistance", "MinkowskiDistance64"],
        ["joblib.numpy_pickle"] = ["NumpyArrayWrapper"],
        ["torch._utils"] = ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter", "_rebuild_parameter_with_state", "_rebuild_sparse_tensor", "_rebuild_qtensor", "_rebuild_meta_tensor_no_storage"],
        ["torch._tensor"] = ["_rebuild_from_type_v2"],
        ["torch.nn.parameter"] = ["Parameter", "Buffer"],
        ["torch.storage"] = ["TypedStorage", "UntypedStorage", "_TypedStorage", "_UntypedStorage"],
        ["torch.serialization"] = ["_get_layout"],
        ["torch.jit._pickle"] = ["build_intlist", "build_tensorlist", "build_doublelist", "build_boollist", "build_tensor_from_id", "restore_type_tag"],
        ["torch"] =
        [
            "Tensor", "Size", "device", "dtype", "FloatStorage", "DoubleStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage", "CharStorage", "ByteStorage", "BoolStorage",
            "ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage", "QUInt8Storage", "QInt32Storage", "float", "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool",
            "complex64", "complex128", "qint8", "quint8", "per_tensor_affine", "per_channel_affine", "strided", "contiguous_format",
        ],
    };

    // Estimators of these parts of scikit-learn hold what they learnt. What they are given as functions is named on its own.
    private static readonly string[] Estimators =
    [
        "base", "calibration", "cluster", "compose", "covariance", "cross_decomposition", "decomposition", "discriminant_analysis", "dummy", "ensemble", "feature_extraction", "feature_selection", "gaussian_process", "impute", "isotonic",
        "kernel_approximation", "kernel_ridge", "linear_model", "manifold", "mixture", "model_selection", "multiclass", "multioutput", "naive_bayes", "neighbors", "neural_network", "pipeline", "preprocessing", "random_projection", "semi_supervised", "svm", "tree",
        "_loss",
    ];

    public static bool IsPlain(string module, string name) =>
        Plain.TryGetValue(module, out var names) ? names.Contains(name, StringComparer.Ordinal)
        : module.Split('.') is ["sklearn", var part, ..] && Estimators.Contains(part) && IsClass(name);

    private static bool IsClass(string name) => name.TrimStart('_') is [>= 'A' and <= 'Z', ..] && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
