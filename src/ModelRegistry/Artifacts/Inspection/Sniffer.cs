using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>Recognises what a file is by its bytes; what its name says counts for nothing but for plain text.</summary>
internal static class Sniffer
{
    // What nothing here parses yet: recognised, so that people are told what it is, and unknown all the same.
    private static readonly (int At, byte[] Magic, string Kind, string Words)[] Known =
    [
        (0, [0x89, .. "HDF\r\n"u8, 0x1a, (byte)'\n'], "keras", "It is HDF5, as Keras writes it: layers in it can carry code, and nothing here looks into it yet."),
        (0, "GGUF"u8.ToArray(), "gguf", "It is GGUF, which nothing here looks into yet."),
        (4, "TFL3"u8.ToArray(), "tflite", "It is TensorFlow Lite, which nothing here looks into yet."),
        (0, [0x1f, 0x8b], "compressed", "It is compressed (gzip): what is inside is not seen."),
        (0, "BZh"u8.ToArray(), "compressed", "It is compressed (bzip2): what is inside is not seen."),
        (0, [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "compressed", "It is compressed (xz): what is inside is not seen."),
        (0, [0x28, 0xb5, 0x2f, 0xfd], "compressed", "It is compressed (zstd): what is inside is not seen."),
        (257, "ustar"u8.ToArray(), "archive", "It is a tar archive: what is inside is not seen."),
    ];

    private static readonly byte[][] Programs =
        [[0x7f, .. "ELF"u8], "#!"u8.ToArray(), [0xfe, 0xed, 0xfa, 0xce], [0xfe, 0xed, 0xfa, 0xcf], [0xce, 0xfa, 0xed, 0xfe], [0xcf, 0xfa, 0xed, 0xfe]];

    /// <summary>Recognises the file and looks inside where there is a parser.</summary>
    public static void Look(ByteWindow file, FileReading it)
    {
        var head = file.Piece(0, 512);
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
        else if (head.AsSpan().StartsWith("PK\x03\x04"u8) || head.AsSpan().StartsWith("PK\x05\x06"u8))
            Zip(file, it);
        else if (head is [0x93, ..] && head.AsSpan(1).StartsWith("NUMPY"u8))
            Numpy(it, head);
        else if (Known.FirstOrDefault(k => head.Length >= k.At + k.Magic.Length && head.AsSpan(k.At).StartsWith(k.Magic)) is { Kind: not null } known)
        {
            it.Kind = known.Kind;
            it.Find("format_not_inspected", known.Words, ScanVerdict.Unknown);
        }
        else if (OnnxReader.LooksLikeSavedModel(file))
        {
            it.Kind = "tensorflow_saved_model";
            it.Find("format_not_inspected", "It is a TensorFlow SavedModel: its graph can read and write files, and nothing here looks into it yet.", ScanVerdict.Unknown);
        }
        // Before protocol 2 a pickle begins with any opcode, and so can a file that is ONNX as well.
        else if (new PickleProbe(file).Finds())
            Pickle(file, it, head);
        else if (OnnxReader.Looks(file))
        {
            it.Kind = "onnx";
            new OnnxReader(file, it).Read();
        }
        else if (TextReader.Allows(it.Path))
            TextReader.Read(file, it);
        else
            it.Find("format_unknown", "Its bytes are of no format that is known here.", ScanVerdict.Unknown);
    }

    // From protocol 2 on every pickle begins so; a damaged one is as unsafe as a whole one.
    private static bool StartsPickle(byte[] head) => head is [0x80, <= 5, ..] && !SafetensorsReader.Looks(head);

    private static void Pickle(ByteWindow file, FileReading it, byte[] head)
    {
        it.Kind = "pickle";
        it.MayBeChance = head[0] == 0x80 && !new PickleProbe(file).Finds();
        it.Find("pickle", "It is a Python pickle, or a damaged one: loading it runs whatever it names.", ScanVerdict.Unsafe);
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
        it.Kind = "safetensors";
        new SafetensorsReader(file, it).Read();
    }

    private static void Zip(ByteWindow file, FileReading it)
    {
        var pickle = ZipNames.HasPickle(file);
        it.Kind = pickle == true ? "pytorch" : "archive";
        if (pickle == true)
            it.Find("pickle_in_archive", "It is an archive with a Python pickle in it, as PyTorch writes: loading it runs whatever the pickle names.", ScanVerdict.Unsafe);
        else
            it.Find("format_not_inspected", pickle is null ? "It begins as a zip archive and has no directory that can be read." : "It is a zip archive: what is inside is not seen.", ScanVerdict.Unknown);
    }

    private static void Numpy(FileReading it, byte[] head)
    {
        it.Kind = "numpy";
        // A NumPy header describes its elements; O stands for Python objects, which are pickled.
        if (head.AsSpan().IndexOf("|O"u8) >= 0 || head.AsSpan().IndexOf("'O'"u8) >= 0)
            it.Find("pickle_in_numpy", "It is a NumPy array of Python objects, which are a pickle: loading it runs whatever it names.", ScanVerdict.Unsafe);
        else
            it.Find("format_not_inspected", "It is a NumPy array, which nothing here looks into yet.", ScanVerdict.Unknown);
    }
}
