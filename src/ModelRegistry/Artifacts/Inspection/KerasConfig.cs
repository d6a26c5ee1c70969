using System.Text.Json;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Reads the description of a Keras model, which is JSON: objects with a <c>class_name</c>, each made by the class it names.
/// Classes that Keras itself has and that only compute are listed; every other is a finding, and those that carry code are unsafe.
/// </summary>
internal sealed class KerasConfig(FileReading it, InspectionBudget budget)
{
    private const int MostDepth = 200, MostTold = 40, MostName = 300;

    // Code in the description itself, or a door to what is outside: other models, any function of TensorFlow, pickles.
    private static readonly HashSet<string> Unsafe = ["Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "CustomTFOpLayer"];

    private static readonly HashSet<string> Modules = ["", "keras", "keras.layers", "keras.models", "keras.initializers", "keras.regularizers", "keras.constraints", "keras.optimizers", "keras.optimizers.schedules", "keras.losses", "keras.metrics", "keras.random", "builtins"];

    private static readonly HashSet<string> Known = Words("""
        Functional Model Sequential InputLayer Dense Activation Embedding Masking EinsumDense Identity Conv1D Conv2D Conv3D SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D Conv1DTranspose Conv2DTranspose Conv3DTranspose
        MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D AdaptiveAveragePooling2D AdaptiveMaxPooling2D
        LSTM LSTMCell GRU GRUCell SimpleRNN SimpleRNNCell RNN StackedRNNCells TimeDistributed Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D BatchNormalization LayerNormalization UnitNormalization GroupNormalization RMSNormalization SpectralNormalization
        Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianDropout AlphaDropout GaussianNoise ActivityRegularization MultiHeadAttention GroupedQueryAttention Attention AdditiveAttention Reshape Flatten RepeatVector Permute Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
        Concatenate Average Maximum Minimum Add Subtract Multiply Dot ReLU Softmax LeakyReLU PReLU ELU ThresholdedReLU Normalization Discretization TextVectorization StringLookup IntegerLookup Hashing HashedCrossing CategoryEncoding
        Resizing Rescaling CenterCrop RandomCrop RandomFlip RandomTranslation RandomRotation RandomZoom RandomHeight RandomWidth RandomContrast RandomBrightness SeedGenerator DTypePolicy Policy FloatDTypePolicy QuantizedDTypePolicy
        Zeros Ones Constant RandomNormal RandomUniform TruncatedNormal VarianceScaling Orthogonal OrthogonalInitializer IdentityInitializer LecunNormal LecunUniform GlorotNormal GlorotUniform HeNormal HeUniform L1 L2 L1L2 OrthogonalRegularizer MaxNorm NonNeg UnitNorm MinMaxNorm
        SGD RMSprop Adam AdamW Adadelta Adagrad Adamax Adafactor Nadam Ftrl Lion Lamb LossScaleOptimizer ExponentialDecay PiecewiseConstantDecay PolynomialDecay InverseTimeDecay CosineDecay CosineDecayRestarts
        BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy CategoricalFocalCrossentropy BinaryFocalCrossentropy Poisson KLDivergence MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError CosineSimilarity Huber LogCosh Hinge SquaredHinge CategoricalHinge CTC Dice Tversky
        Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy SparseTopKCategoricalAccuracy Mean Sum MeanMetricWrapper LossFunctionWrapper RootMeanSquaredError AUC Precision Recall TruePositives TrueNegatives FalsePositives FalseNegatives PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity F1Score FBetaScore R2Score IoU BinaryIoU MeanIoU OneHotIoU OneHotMeanIoU
        TensorShape TypeSpec __tuple__ __ellipsis__ __tensor__ __numpy__ __bytes__ __typespec__
        """);

    private readonly HashSet<string> _told = [];

    private sealed class Open
    {
        public string Class { get; set; } = "";
        public string Module { get; set; } = "";
        public string Registered { get; set; } = "";
    }

    /// <summary>Goes through the whole text; what is no JSON is damage.</summary>
    public void Read(ReadOnlySpan<byte> text)
    {
        try
        {
            Walk(text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InspectionStop("malformed", "The description of its layers is not JSON as it should be.");
        }
    }

    /// <summary>The same of what stands beside an object in a SavedModel, which may be something else than JSON.</summary>
    public void ReadMetadata(ReadOnlySpan<byte> text)
    {
        if (text.TrimStart(" \r\n\t"u8) is [(byte)'{', ..])
            Read(text);
    }

    private void Walk(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MostDepth });
        var open = new Stack<Open>();
        while (json.Read())
        {
            budget.Step();
            switch (json.TokenType)
            {
                case JsonTokenType.StartObject:
                    open.Push(new Open());
                    break;
                case JsonTokenType.EndObject:
                    Judge(open.Pop());
                    break;
                case JsonTokenType.PropertyName when json.ValueTextEquals("class_name"):
                    open.Peek().Class = Next(ref json, open, open.Peek().Class);
                    break;
                case JsonTokenType.PropertyName when json.ValueTextEquals("module"):
                    open.Peek().Module = Next(ref json, open, open.Peek().Module);
                    break;
                case JsonTokenType.PropertyName when json.ValueTextEquals("registered_name"):
                    open.Peek().Registered = Next(ref json, open, open.Peek().Registered);
                    break;
                case JsonTokenType.PropertyName when json.ValueTextEquals("vocabulary") && Next(ref json, open, "").Length > 0:
                    it.Find("keras_outside_file", "A layer takes its vocabulary from a file or an address: whoever loads it reads what that names.", ScanVerdict.Unsafe);
                    break;
                default: break;
            }
        }
    }

    /// <summary>The text that is the value; empty when it is none. What is said twice is read as the last, and found.</summary>
    private string Next(ref Utf8JsonReader json, Stack<Open> open, string said)
    {
        if (!json.Read())
            throw new InspectionStop("malformed", "The description of its layers ends before it should.");
        if (json.TokenType == JsonTokenType.StartObject)
            open.Push(new Open());
        if (json.TokenType != JsonTokenType.String)
            return said;
        if (said.Length > 0)
            Tell("keras_custom_object", "A layer names its class twice, and readers differ in which counts.", ScanVerdict.Findings);
        return json.ValueSpan.Length > MostName ? "…" : FileReading.Words(json.GetString()!, MostName);
    }

    private void Judge(Open named)
    {
        if (named.Class.Length == 0)
            return;
        if (Unsafe.Contains(named.Class))
            Tell("keras_lambda", $"A layer is '{named.Class}', which carries code or leads outside of the model: loading it can run that.", ScanVerdict.Unsafe);
        else if (!Modules.Contains(named.Module) || !Known.Contains(named.Class) || (named.Registered.Length > 0 && named.Registered != named.Class && named.Registered != $"keras>{named.Class}"))
            Tell("keras_custom_object", $"The class '{named.Class}'{(named.Module.Length > 0 ? $" of '{named.Module}'" : "")} is not one that Keras is known here to have: loading it needs code from elsewhere, or imports some.", ScanVerdict.Findings);
    }

    private void Tell(string code, string words, ScanVerdict verdict)
    {
        if (_told.Count < MostTold && _told.Add(words))
            it.Find(code, words, verdict);
    }

    private static HashSet<string> Words(string text) => new(text.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
}
