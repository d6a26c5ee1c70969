namespace ModelRegistry.Artifacts.Inspection;

/// <summary>Tensor types of ggml (<c>ggml_type</c>), and the mixtures of them that whole files are named by (<c>general.file_type</c>).</summary>
internal static class GgmlTypes
{
    // Elements of a block and its bytes.
    private static readonly Dictionary<uint, (string Name, int Block, int Bytes)> Types = new()
    {
        [0] = ("float32", 1, 4), [1] = ("float16", 1, 2), [2] = ("q4_0", 32, 18), [3] = ("q4_1", 32, 20), [6] = ("q5_0", 32, 22), [7] = ("q5_1", 32, 24), [8] = ("q8_0", 32, 34), [9] = ("q8_1", 32, 36),
        [10] = ("q2_k", 256, 84), [11] = ("q3_k", 256, 110), [12] = ("q4_k", 256, 144), [13] = ("q5_k", 256, 176), [14] = ("q6_k", 256, 210), [15] = ("q8_k", 256, 292),
        [16] = ("iq2_xxs", 256, 66), [17] = ("iq2_xs", 256, 74), [18] = ("iq3_xxs", 256, 98), [19] = ("iq1_s", 256, 50), [20] = ("iq4_nl", 32, 18), [21] = ("iq3_s", 256, 110), [22] = ("iq2_s", 256, 82), [23] = ("iq4_xs", 256, 136),
        [24] = ("int8", 1, 1), [25] = ("int16", 1, 2), [26] = ("int32", 1, 4), [27] = ("int64", 1, 8), [28] = ("float64", 1, 8), [29] = ("iq1_m", 256, 56), [30] = ("bfloat16", 1, 2),
        [34] = ("tq1_0", 256, 54), [35] = ("tq2_0", 256, 66), [39] = ("mxfp4", 32, 17),
    };

    private static readonly Dictionary<int, string> Mixtures = new()
    {
        [0] = "F32", [1] = "F16", [2] = "Q4_0", [3] = "Q4_1", [7] = "Q8_0", [8] = "Q5_0", [9] = "Q5_1", [10] = "Q2_K", [11] = "Q3_K_S", [12] = "Q3_K_M", [13] = "Q3_K_L", [14] = "Q4_K_S", [15] = "Q4_K_M",
        [16] = "Q5_K_S", [17] = "Q5_K_M", [18] = "Q6_K", [19] = "IQ2_XXS", [20] = "IQ2_XS", [21] = "Q2_K_S", [22] = "IQ3_XS", [23] = "IQ3_XXS", [24] = "IQ1_S", [25] = "IQ4_NL", [26] = "IQ3_S", [27] = "IQ3_M",
        [28] = "IQ2_S", [29] = "IQ2_M", [30] = "IQ4_XS", [31] = "IQ1_M", [32] = "BF16", [36] = "TQ1_0", [37] = "TQ2_0", [38] = "MXFP4",
    };

    public static (string Name, int Block, int Bytes)? Find(uint number) => Types.TryGetValue(number, out var type) ? type : null;

    /// <summary>The usual name of a mixture; its number where it has none here.</summary>
    public static string Mixture(int number) => Mixtures.GetValueOrDefault(number) ?? $"file type {number}";
}
