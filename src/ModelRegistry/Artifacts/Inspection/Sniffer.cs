using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>Recognises what a file is by its bytes; what its name says counts for nothing but for plain text and what stands beside a SavedModel.</summary>
internal static class Sniffer
{
    // What nothing here unpacks: recognised, so that people are told what it is, and unknown all the same.
    private static readonly (byte[] Magic, string Kind, string Words)[] Known =
    [
        ("BZh"u8.ToArray(), "compressed", "It is compressed (bzip2): what is inside is not seen, and of joblib it would be a pickle."),
        ([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "compressed", "It is compressed (xz): what is inside is not seen, and of joblib it would be a pickle."),
        ([0x28, 0xb5, 0x2f, 0xfd], "compressed", "It is compressed (zstd): what is inside is not seen."),
        ([0x04, 0x22, 0x4d, 0x18], "compressed", "It is compressed (lz4): what is inside is not seen, and of joblib it would be a pickle."),
        ([(byte)'7', (byte)'z', 0xbc, 0xaf, 0x27, 0x1c], "compressed", "It is a 7z archive: what is inside is not seen."),
        ("Rar!"u8.ToArray(), "compressed", "It is a RAR archive: what is inside is not seen."),
    ];

    private static readonly byte[][] Programs =
        [[0x7f, .. "ELF"u8], "#!"u8.ToArray(), [0xfe, 0xed, 0xfa, 0xce], [0xfe, 0xed, 0xfa, 0xcf], [0xce, 0xfa, 0xed, 0xfe], [0xcf, 0xfa, 0xed, 0xfe]];

    // The pickle that PyTorch begins with before it wrote archives: a number made to be known by.
    private static readonly byte[] TorchMagic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    /// <summary>Recognises the file and looks inside where there is a parser.</summary>
    public static void Look(ByteWindow file, FileReading it)
    {
        var head = file.Piece(0, 512);
        // Archives are read to their end; and within one the end of a file can take unpacking all of it.
        if (it.Depth == 0 && !ZipReader.Looks(head) && !TarReader.Looks(head))
            HiddenContainer.Find(file, it, mayEndAsZip: TfliteReader.Looks(head));
        if (head.Length == 0)
            it.Kind = "empty";
        else if (StartsPickle(head))
            Pickle(file, it, head);
        else if (SafetensorsReader.Looks(head))
            Safetensors(file, it);
        else if (Programs.Any(p => head.AsSpan().StartsWith(p)) || (head.AsSpan().StartsWith("MZ"u8) && head.Length >= 64 && !TextReader.Allows(it.Path)))
        {
            it.Kind = "program";
            it.MayBeChance = head[0] == 'M';
            it.Find("program", "It is a program or a script: no model needs one beside it.", ScanVerdict.Unsafe);
        }
        else if (ZipReader.Looks(head))
            Archive.Zip(file, it);
        else if (TarReader.Looks(head))
            Archive.Tar(file, it);
        else if (head is [0x1f, 0x8b, ..])
            Archive.Compressed(file, it, Packing.Gzip);
        else if (NumpyReader.Looks(head))
            NumpyReader.Read(file, it);
        else if (GgufReader.Looks(head))
            Parsed(it, "gguf", new GgufReader(file, it).Read);
        else if (TfliteReader.Looks(head))
            Parsed(it, "tflite", new TfliteReader(file, it).Read);
        else if (Hdf5Reader.Looks(head))
            new Hdf5Reader(file, it).Read();
        else if (Known.FirstOrDefault(k => head.AsSpan().StartsWith(k.Magic)) is { Kind: not null } known)
        {
            it.Kind = known.Kind;
            it.Find("format_not_inspected", known.Words, ScanVerdict.Unknown);
        }
        else
            LookFurther(file, it, head);
    }

    /// <summary>What has no mark at its beginning.</summary>
    private static void LookFurther(ByteWindow file, FileReading it, byte[] head)
    {
        if (OnnxReader.LooksLikeSavedModel(file))
            Parsed(it, "tensorflow_saved_model", new SavedModelReader(file, it).Read);
        else if (SavedModelParts.Read(file, it))
            return;
        // Before protocol 2 a pickle begins with any opcode, and so can a file that is ONNX as well.
        else if (new PickleProbe(file).Finds())
            Pickle(file, it, head);
        else if (OnnxReader.Looks(file))
            Parsed(it, "onnx", new OnnxReader(file, it).Read);
        else if (TensorBundleReader.Looks(file))
            Parsed(it, "tensorflow_variables", new TensorBundleReader(file, it).Read);
        else if (Archive.LooksLikeZlib(file, head))
            Archive.Compressed(file, it, Packing.Zlib);
        else if (SignatureBundleReader.Looks(head))
            SignatureBundleReader.Read(file, it);
        else if (TextReader.Allows(it.Path))
            TextReader.Read(file, it);
        else
            it.Find("format_unknown", "Its bytes are of no format that is known here.", ScanVerdict.Unknown);
    }

    private static void Parsed(FileReading it, string kind, Action read)
    {
        it.Kind = kind;
        read();
    }

    // From protocol 2 on every pickle begins so; a damaged one is as unsafe as a whole one.
    private static bool StartsPickle(byte[] head) => head is [0x80, <= 5, ..] && !SafetensorsReader.Looks(head);

    private static void Pickle(ByteWindow file, FileReading it, byte[] head)
    {
        var isTorch = head.AsSpan().StartsWith(TorchMagic);
        it.Kind = isTorch ? "pytorch" : "pickle";
        it.MayBeChance = head[0] == 0x80 && !isTorch && !new PickleProbe(file).Finds();
        it.Find("pickle", "It is a Python pickle, or a damaged one: loading it runs whatever it names.", ScanVerdict.Unsafe);
        var walk = new PickleWalk(file, it);
        // PyTorch's own: the magic number, a version, the system, the model and the order of the numbers, which follow as they are.
        walk.Walk(0, isTorch ? 5 : int.MaxValue);
        if (walk.Frameworks.Contains("sklearn"))
            (it.Kind, it.Framework) = ("sklearn", "scikit-learn");
        else if (isTorch || walk.Frameworks.Contains("torch"))
            (it.Kind, it.Framework) = ("pytorch", "pytorch");
        if (walk.IsJoblib)
            it.Find("pickle_joblib", "It is of joblib: arrays stand as they are between the opcodes, and what follows the first of them is not seen.", ScanVerdict.Unsafe);
        else if (walk.IsPlain)
            it.Note("pickle_plain", "It names nothing but constructors of plain state: a reader that takes only those can load it.");
    }

    private static void Safetensors(ByteWindow file, FileReading it)
    {
        // A length can be chosen so that the same bytes are opcodes which step over the header.
        if (new PickleProbe(file).Finds())
        {
            it.Kind = "pickle";
            it.Find("pickle", "It reads as safetensors and as a Python pickle at once: loading it can run whatever it names.", ScanVerdict.Unsafe);
            return;
        }
        Parsed(it, "safetensors", new SafetensorsReader(file, it).Read);
    }
}
