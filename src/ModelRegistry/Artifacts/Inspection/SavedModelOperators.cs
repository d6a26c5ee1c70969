using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// What TensorFlow's operators can do beside computing. Those known to compute only are listed; every other is a finding,
/// for what nobody has listed yet can do anything.
/// </summary>
internal static class SavedModelOperators
{
    // Files, programs, the network: what they do is not bounded by the model's inputs and outputs.
    private static readonly HashSet<string> Unsafe = Words("""
        ReadFile WriteFile MatchingFiles PyFunc PyFuncStateless EagerPyFunc ImmutableConst PrintV2 Save SaveV2 SaveSlices Restore RestoreV2 RestoreSlice MergeV2Checkpoints
        WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 FixedLengthRecordReader FixedLengthRecordReaderV2 TFRecordReader TFRecordReaderV2 LMDBReader ReaderRead ReaderReadV2 ReaderReadUpTo ReaderReadUpToV2
        TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 CSVDataset CSVDatasetV2 SqlDataset ExperimentalSqlDataset ExperimentalCSVDataset ExperimentalLMDBDataset LMDBDataset
        SnapshotDataset SnapshotDatasetV2 SaveDataset SaveDatasetV2 LoadDataset CacheDataset CacheDatasetV2 DatasetToTFRecord ExperimentalDatasetToTFRecord DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4
        RegisterDataset RegisterDatasetV2 MatchingFilesDataset ExperimentalMatchingFilesDataset AssertCardinalityDataset
        CreateSummaryFileWriter CreateSummaryDbWriter SummaryWriter WriteSummary WriteScalarSummary WriteHistogramSummary WriteImageSummary WriteAudioSummary WriteGraphSummary WriteRawProtoSummary ImportEvent
        DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary DebugNumericSummaryV2 InitializeTableFromTextFile GenerateVocabRemapping LoadAndRemapMatrix
        BigtableClient GcsConfigureBlockCache GcsConfigureCredentials KafkaDataset RpcCall TryRpc XlaLaunch XlaCustomCall XlaCustomCallV2 RemoteCall RemoteFusedGraphExecute _Send _Recv _HostSend _HostRecv
        """);

    private static readonly HashSet<string> Computing = Words("""
        Abs AccumulateNV2 Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual ArgMax ArgMin AsString Asin Asinh Assert Assign AssignAdd AssignAddVariableOp AssignSub AssignSubVariableOp AssignVariableOp Atan Atan2 Atanh AvgPool AvgPool3D
        BatchMatMul BatchMatMulV2 BatchMatMulV3 BatchNormWithGlobalNormalization BatchToSpace BatchToSpaceND BiasAdd BiasAddGrad BiasAddV1 Bincount Bitcast BitwiseAnd BitwiseOr BitwiseXor BroadcastArgs BroadcastTo Bucketize
        Case Cast Ceil CheckNumerics ClipByValue CombinedNonMaxSuppression Complex ComplexAbs Concat ConcatOffset ConcatV2 Conj Const ControlTrigger Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 Cos Cosh CropAndResize Cross Cumprod Cumsum CumulativeLogsumexp
        DecodeBase64 DecodeBmp DecodeGif DecodeImage DecodeJpeg DecodePng DecodeRaw DecodePaddedRaw DenseBincount DenseToDenseSetOperation DepthToSpace DepthwiseConv2dNative Dequantize Diag DiagPart Digamma Dilation2D Div DivNoNan DynamicPartition DynamicStitch
        EditDistance Einsum Elu Empty EmptyTensorList EncodeBase64 EncodeJpeg EncodePng EnsureShape Enter Equal Erf Erfc Erfinv Exit Exp ExpandDims Expm1 ExtractImagePatches ExtractVolumePatches
        FFT FFT2D FFT3D FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel Fill Fingerprint Floor FloorDiv FloorMod FractionalAvgPool FractionalMaxPool FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
        Gather GatherNd GatherV2 Greater GreaterEqual GuaranteeConst HSVToRGB HashTable HashTableV2 HistogramFixedWidth IFFT IFFT2D IFFT3D IRFFT IRFFT2D Identity IdentityN If Igamma Igammac Imag InTopK InTopKV2 InitializeTable InitializeTableV2 Inv Invert InvertPermutation IsFinite IsInf IsNan IsVariableInitialized
        L2Loss LRN LeakyRelu LeftShift Less LessEqual Lgamma LinSpace ListDiff Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr LookupTableExport LookupTableExportV2 LookupTableFind LookupTableFindV2 LookupTableImport LookupTableImportV2 LookupTableInsertV2 LookupTableSize LookupTableSizeV2 LoopCond LowerBound
        MatMul MatrixBandPart MatrixDeterminant MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixInverse MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve MatrixTriangularSolve Max MaxPool MaxPool3D MaxPoolV2 MaxPoolWithArgmax Maximum Mean Merge Min Minimum MirrorPad Mod Mul MulNoNan Multinomial MutableHashTable MutableHashTableV2
        Neg NextIteration NoOp NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 NonMaxSuppressionWithOverlaps NotEqual NthElement OneHot OnesLike Pack Pad PadV2 ParallelConcat ParallelDynamicStitch ParseExample ParseExampleV2 ParseSingleExample ParseTensor PartitionedCall Placeholder PlaceholderV2 PlaceholderWithDefault Polygamma Pow PreventGradient Prod
        Qr QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 QuantizeV2 QuantizedAdd QuantizedBiasAdd QuantizedConv2D QuantizedMatMul QuantizedMaxPool QuantizedRelu QuantizedReshape RFFT RFFT2D RGBToHSV RaggedGather RaggedRange RaggedTensorFromVariant RaggedTensorToSparse RaggedTensorToTensor RaggedTensorToVariant RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt Range Rank ReadVariableOp Real RealDiv Reciprocal ReciprocalGrad
        RegexFullMatch RegexReplace Relu Relu6 Requantize Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ResourceGather ResourceGatherNd Reverse ReverseSequence ReverseV2 RightShift Rint Roll Round Rsqrt SampleDistortedBoundingBox ScatterNd ScaleAndTranslate SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum Select SelectV2 Selu Shape ShapeN ShardedFilename Sigmoid Sign Sin Sinh Size Slice Snapshot Softmax Softplus Softsign
        SpaceToBatch SpaceToBatchND SpaceToDepth SparseCross SparseConcat SparseFillEmptyRows SparseReorder SparseReshape SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum SparseSlice SparseSoftmax SparseTensorDenseMatMul SparseToDense SparseToSparseSetOperation Split SplitV Sqrt Square SquaredDifference Squeeze StatefulPartitionedCall StatelessCase StatelessIf StatelessMultinomial StatelessRandomGetAlg StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformInt StatelessRandomUniformV2 StatelessRandomUniformIntV2 StatelessTruncatedNormal StatelessTruncatedNormalV2 StatelessWhile StaticRegexFullMatch StaticRegexReplace StopGradient StridedSlice StringFormat StringJoin StringLength StringLower StringNGrams StringSplit StringSplitV2 StringStrip StringToHashBucket StringToHashBucketFast StringToHashBucketStrong StringToNumber StringUpper Sub Substr Sum Svd Switch SymbolicGradient
        Tan Tanh TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3 TensorArrayV3 TensorArrayWriteV3 TensorListConcat TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve TensorListResize TensorListScatter TensorListScatterV2 TensorListSetItem TensorListSplit TensorListStack TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate TensorStridedSliceUpdate Tile TopK TopKV2 Transpose TruncateDiv TruncateMod TruncatedNormal
        UnicodeDecode UnicodeDecodeWithOffsets UnicodeEncode UnicodeScript UnicodeTranscode UniformQuantize UniformDequantize Unique UniqueV2 UniqueWithCounts UniqueWithCountsV2 Unpack UnravelIndex UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum UpperBound VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2 Where While Xdivy Xlog1py Xlogy Zeta ZerosLike
        """);

    /// <summary>Why an operator is a finding; null where it only computes.</summary>
    public static (ScanVerdict Verdict, string Why)? Why(string operation) =>
        Computing.Contains(operation) ? null
        : Unsafe.Contains(operation) ? (ScanVerdict.Unsafe, "reads or writes files, runs programs or reaches the network.")
        : (ScanVerdict.Findings, "is not among those that are known here to compute and do nothing else.");

    /// <summary>Whether a node of a function is one of the saver that every SavedModel carries: it takes the checkpoint's name as the function's argument.</summary>
    public static bool IsSaver(string operation, string firstInput) => operation switch
    {
        "RestoreV2" => firstInput == "file_prefix",
        "SaveV2" => firstInput.StartsWith("ShardedFilename", StringComparison.Ordinal) && firstInput.Contains(":filename:", StringComparison.Ordinal),
        "MergeV2Checkpoints" => firstInput.StartsWith("MergeV2Checkpoints/checkpoint_prefixes", StringComparison.Ordinal),
        _ => false,
    };

    private static HashSet<string> Words(string text) => new(text.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
}

/// <summary>Element types of TensorFlow (<c>types.proto</c>).</summary>
internal static class TensorFlowTypes
{
    // In the order of their numbers, from 1; what has no fixed width is written 0.
    private static readonly (string Name, int Bytes)[] Types =
    [
        ("float32", 4), ("float64", 8), ("int32", 4), ("uint8", 1), ("int16", 2), ("int8", 1), ("string", 0), ("complex64", 8), ("int64", 8), ("bool", 1), ("qint8", 1), ("quint8", 1), ("qint32", 4), ("bfloat16", 2),
        ("qint16", 2), ("quint16", 2), ("uint16", 2), ("complex128", 16), ("float16", 2), ("resource", 0), ("variant", 0), ("uint32", 4), ("uint64", 8), ("float8e5m2", 1), ("float8e4m3fn", 1),
    ];

    public static (string Name, int Bytes)? Find(ulong number) => number is > 0 && number <= (ulong)Types.Length ? Types[number - 1] : null;
}
