using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Writes GGUF, also what no program would write ("GGUF", ggml documentation).</summary>
internal static class Gguf
{
    /// <param name="Offset">Of the data, from where data begins.</param>
    public sealed record Tensor(string Name, ulong[] Shape, uint Type, ulong Offset);

    public static byte[] File(byte[][] keys, Tensor[] tensors, int data, uint version = 3, ulong? tensorCount = null, ulong? keyCount = null)
    {
        byte[] head =
        [
            .. "GGUF"u8, .. Int(version), .. Long(tensorCount ?? (ulong)tensors.Length), .. Long(keyCount ?? (ulong)keys.Length), .. keys.SelectMany(k => k),
            .. tensors.SelectMany(t => (byte[])[.. Text(t.Name), .. Int((uint)t.Shape.Length), .. t.Shape.SelectMany(Long), .. Int(t.Type), .. Long(t.Offset)]),
        ];
        return [.. head, .. new byte[(32 - head.Length % 32) % 32], .. new byte[data]];
    }

    public static byte[] Model(params byte[][] more) => File(
        [Key("general.architecture", "llama"), Key("general.license", "apache-2.0"), Number("general.file_type", 2), Number("llama.context_length", 4096), List("tokenizer.ggml.tokens", "a", "b"), .. more],
        [new("token_embd.weight", [32, 2], 2, 0), new("output_norm.weight", [4], 0, 64)], 80);

    public static byte[] Key(string key, string value) => [.. Text(key), .. Int(8), .. Text(value)];

    public static byte[] Number(string key, uint value) => [.. Text(key), .. Int(4), .. Int(value)];

    public static byte[] List(string key, params string[] values) => [.. Text(key), .. Int(9), .. Int(8), .. Long((ulong)values.Length), .. values.SelectMany(Text)];

    public static byte[] Raw(string key, uint type, params byte[] value) => [.. Text(key), .. Int(type), .. value];

    public static byte[] Text(string text) => [.. Long((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] Int(uint value) => BitConverter.GetBytes(value);

    public static byte[] Long(ulong value) => BitConverter.GetBytes(value);
}

/// <summary>Writes FlatBuffers: every part stands behind what points to it.</summary>
internal static class Flat
{
    public delegate int Part(List<byte> bytes);

    public static byte[] File(Part root)
    {
        List<byte> bytes = [0, 0, 0, 0, .. "TFL3"u8];
        Patch(bytes, 0, (uint)root(bytes));
        return [.. bytes];
    }

    /// <summary>Values are parts, bytes, numbers of four and of eight bytes.</summary>
    public static Part Table(params (int Field, object Value)[] fields) => bytes =>
    {
        Align(bytes);
        var (start, places, size) = (bytes.Count, new ushort[fields.Length == 0 ? 0 : fields.Max(f => f.Field) + 1], 4);
        foreach (var (field, value) in fields)
            (places[field], size) = ((ushort)size, size + (value is ulong ? 8 : 4));
        bytes.AddRange([.. BitConverter.GetBytes((ushort)(4 + 2 * places.Length)), .. BitConverter.GetBytes((ushort)size), .. places.SelectMany(BitConverter.GetBytes)]);
        Align(bytes);
        var at = bytes.Count;
        bytes.AddRange(BitConverter.GetBytes(at - start));
        foreach (var (_, value) in fields)
            bytes.AddRange(value switch { ulong l => BitConverter.GetBytes(l), byte b => [b, 0, 0, 0], int i => BitConverter.GetBytes(i), _ => new byte[4] });
        foreach (var (field, value) in fields)
            if (value is Part part)
                Patch(bytes, at + places[field], (uint)part(bytes));
        return at;
    };

    public static Part Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    public static Part Bytes(byte[] content) => bytes =>
    {
        Align(bytes);
        var at = bytes.Count;
        bytes.AddRange([.. BitConverter.GetBytes(content.Length), .. content, 0]);
        return at;
    };

    public static Part Numbers(params int[] numbers) => bytes =>
    {
        Align(bytes);
        var at = bytes.Count;
        bytes.AddRange([.. BitConverter.GetBytes(numbers.Length), .. numbers.SelectMany(BitConverter.GetBytes)]);
        return at;
    };

    public static Part List(params Part[] parts) => bytes =>
    {
        var at = Numbers(new int[parts.Length])(bytes);
        for (var i = 0; i < parts.Length; i++)
            Patch(bytes, at + 4 + 4 * i, (uint)parts[i](bytes));
        return at;
    };

    private static void Align(List<byte> bytes) => bytes.AddRange(new byte[(4 - bytes.Count % 4) % 4]);

    private static void Patch(List<byte> bytes, int at, uint target)
    {
        foreach (var (b, i) in BitConverter.GetBytes(target - (uint)at).Select((b, i) => (b, i)))
            bytes[at + i] = b;
    }
}

/// <summary>Small TensorFlow Lite models (<c>schema.fbs</c>).</summary>
internal static class Tflite
{
    public static byte[] Model(int version = 3, Flat.Part[]? codes = null, Flat.Part[]? tensors = null, int[]? inputs = null, Flat.Part[]? buffers = null, int operation = 0) => Flat.File(Flat.Table(
        (0, version), (1, Flat.List(codes ?? [Code(9)])), (4, Flat.List(buffers ?? [Flat.Table(), Buffer(24)])),
        (2, Flat.List(Flat.Table(
            (0, Flat.List(tensors ?? [Tensor("x", [1, 3], 0), Tensor("w", [2, 3], 1)])), (1, Flat.Numbers(inputs ?? [0])), (2, Flat.Numbers(0)),
            (3, Flat.List(Flat.Table((0, operation), (1, Flat.Numbers(0, 1)), (2, Flat.Numbers(0))))))))));

    public static Flat.Part Code(int number, string? name = null) => name is null ? Flat.Table((0, (byte)Math.Min(number, 127)), (3, number)) : Flat.Table((0, (byte)number), (1, Flat.Text(name)), (3, number));

    public static Flat.Part Tensor(string name, int[] shape, int buffer, byte type = 0) => Flat.Table((0, Flat.Numbers(shape)), (1, type), (2, buffer), (3, Flat.Text(name)));

    public static Flat.Part Buffer(int bytes) => Flat.Table((0, Flat.Bytes(new byte[bytes])));
}

/// <summary>Small SavedModels (<c>saved_model.proto</c>) and the index of their variables.</summary>
internal static class Tf
{
    public static byte[] Model(params byte[][] graph) => Whole(Proto.Bytes(2, graph));

    public static byte[] Whole(params byte[][] metaGraph) => [.. Proto.Number(1, 1), .. Proto.Bytes(2, [Proto.Bytes(1, Proto.Text(4, "serve"), Proto.Text(5, "2.15.0")), .. metaGraph])];

    public static byte[] Node(string name, string operation, params byte[][] more) => Proto.Bytes(1, [Proto.Text(1, name), Proto.Text(2, operation), .. more]);

    public static byte[] Calls(string function) => Proto.Bytes(5, Proto.Text(1, "f"), Proto.Bytes(2, Proto.Bytes(10, Proto.Text(1, function))));

    public static byte[] Input(string name) => Proto.Text(3, name);

    public static byte[] Library(params byte[][] functions) => Proto.Bytes(2, functions);

    public static byte[] Function(string name, params byte[][] nodes) => Proto.Bytes(1, [Proto.Bytes(1, Proto.Text(1, name)), .. nodes.Select(n => Proto.Bytes(3, n[2..]))]);

    public static byte[] Signature(string key, string input, string output) =>
        Proto.Bytes(5, Proto.Text(1, key), Proto.Bytes(2, Value(1, input, 1, -1, 28, 28, 1), Value(2, output, 1, -1, 10), Proto.Text(3, "tensorflow/serving/predict")));

    private static byte[] Value(int field, string name, ulong type, params long[] shape) =>
        Proto.Bytes(field, Proto.Text(1, name), Proto.Bytes(2, Proto.Text(1, $"{name}:0"), Proto.Number(2, type), Proto.Bytes(3, [.. shape.Select(d => Proto.Bytes(2, Proto.Number(1, (ulong)d)))])));

    /// <summary>As TensorFlow 2 writes it: the saver's functions, called by the saver's own nodes alone.</summary>
    public static byte[] Usual(params byte[][] more) => Whole([
        Proto.Bytes(2, Node("serving_default_x", "Placeholder"), Node("saver_filename", "Placeholder"), Node("StatefulPartitionedCall", "StatefulPartitionedCall", Input("serving_default_x"), Calls("__inference_fn_1")),
            Node("StatefulPartitionedCall_1", "StatefulPartitionedCall", Input("saver_filename"), Calls("__inference__traced_save_2")), Node("StatefulPartitionedCall_2", "StatefulPartitionedCall", Input("saver_filename"), Calls("__inference__traced_restore_3")),
            Library(Function("__inference_fn_1", Node("a", "MatMul"), Node("b", "BiasAdd"), Node("c", "Softmax"), Node("d", "Identity")),
                Function("__inference__traced_save_2", Node("s", "ShardedFilename"), Node("t", "SaveV2", Input("ShardedFilename:filename:0")), Node("u", "MergeV2Checkpoints", Input("MergeV2Checkpoints/checkpoint_prefixes:output:0"), Input("file_prefix"))),
                Function("__inference__traced_restore_3", Node("r", "RestoreV2", Input("file_prefix")), Node("v", "AssignVariableOp")))),
        Signature("serving_default", "x", "y"), .. more]);

    /// <summary>The index of variables of 32-bit numbers, in one data file.</summary>
    public static byte[] Index(params (string Name, ulong[] Shape, ulong Offset, ulong Size)[] variables)
    {
        byte[] entries =
        [
            .. Entry("", Proto.Number(1, 1), Proto.Bytes(3, Proto.Number(1, 1))),
            .. variables.SelectMany(v => Entry(v.Name, Proto.Number(1, 1), Proto.Bytes(2, [.. v.Shape.Select(d => Proto.Bytes(2, Proto.Number(1, d)))]), Proto.Number(4, v.Offset), Proto.Number(5, v.Size), [0x35, 0, 0, 0, 0])),
        ];
        var block = Block(entries);
        var index = Block(Entry("z", Proto.Varint(0), Proto.Varint((ulong)block.Length - 5)));
        byte[] handles = [0, 0, .. Proto.Varint((ulong)block.Length), .. Proto.Varint((ulong)index.Length - 5)];
        return [.. block, .. index, .. handles, .. new byte[40 - handles.Length], 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
    }

    private static byte[] Entry(string key, params byte[][] value) => [0, .. Proto.Varint((ulong)key.Length), .. Proto.Varint((ulong)value.Sum(v => v.Length)), .. Encoding.UTF8.GetBytes(key), .. value.SelectMany(v => v)];

    private static byte[] Block(byte[] entries) => [.. entries, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4];
}

/// <summary>Archives, whole ones and others.</summary>
internal static class Archives
{
    public static byte[] Zip(CompressionLevel level, params (string Name, byte[] Bytes)[] files)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        return bytes.ToArray();
    }

    public static byte[] Zip(params (string Name, byte[] Bytes)[] files) => Zip(CompressionLevel.Optimal, files);

    public static byte[] Gzip(byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(content);
        return bytes.ToArray();
    }

    public static byte[] Tar(params (string Name, byte[] Bytes)[] files) => [.. files.SelectMany(f => TarEntry(f.Name, f.Bytes)), .. new byte[1024]];

    public static byte[] TarEntry(string name, byte[] content, char type = '0', long? size = null)
    {
        var head = new byte[512];
        Encoding.UTF8.GetBytes(name, head);
        Encoding.ASCII.GetBytes("0000644\0").CopyTo(head, 100);
        Encoding.ASCII.GetBytes(Convert.ToString(size ?? content.Length, 8).PadLeft(11, '0') + "\0").CopyTo(head, 124);
        head[156] = (byte)type;
        "ustar\0"u8.CopyTo(head.AsSpan(257));
        "        "u8.CopyTo(head.AsSpan(148));
        Encoding.ASCII.GetBytes(Convert.ToString(head.Sum(b => (int)b), 8).PadLeft(6, '0') + "\0 ").CopyTo(head, 148);
        return [.. head, .. content, .. new byte[(512 - content.Length % 512) % 512]];
    }

    /// <summary>The same archive with a number changed in the directory's entry of its first file.</summary>
    public static byte[] InDirectory(byte[] zip, int field, params byte[] value) => Changed(zip, "PK\x01\x02"u8, field, value);

    /// <summary>The same archive with a number changed before its first file.</summary>
    public static byte[] BeforeFile(byte[] zip, int field, params byte[] value) => Changed(zip, "PK\x03\x04"u8, field, value);

    private static byte[] Changed(byte[] zip, ReadOnlySpan<byte> mark, int field, byte[] value)
    {
        byte[] changed = [.. zip];
        value.CopyTo(changed, zip.AsSpan().IndexOf(mark) + field);
        return changed;
    }

    /// <summary>The same archive with its end changed to that of a directory of another length.</summary>
    public static byte[] WithPrefix(byte[] prefix, byte[] zip)
    {
        byte[] changed = [.. prefix, .. zip];
        var end = changed.AsSpan().LastIndexOf("PK\x05\x06"u8) + 16;
        BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(end), BinaryPrimitives.ReadUInt32LittleEndian(changed.AsSpan(end)) + (uint)prefix.Length);
        return changed;
    }
}
