using System.Text;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>Writes the protobuf wire format, also what no library would write.</summary>
internal static class Proto
{
    public static byte[] Message(params byte[][] fields) => [.. fields.SelectMany(f => f)];

    public static byte[] Number(int field, ulong value) => [.. Varint((ulong)field << 3), .. Varint(value)];

    public static byte[] Bytes(int field, params byte[][] content)
    {
        var all = Message(content);
        return [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)all.Length), .. all];
    }

    public static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}

/// <summary>Small ONNX models, field by field (<c>onnx.proto3</c>).</summary>
internal static class Onnx
{
    public static byte[] Model(params byte[][] graph) => Whole([Proto.Bytes(7, graph)]);

    public static byte[] Whole(byte[][] fields, string producer = "pytorch", int opset = 13) =>
        Proto.Message([Proto.Number(1, 8), Proto.Text(2, producer), Proto.Text(3, "2.1"), .. fields, Opset("", opset)]);

    public static byte[] Opset(string domain, int version) => Proto.Bytes(8, Proto.Text(1, domain), Proto.Number(2, (ulong)version));

    public static byte[] Node(string operation, string domain = "", params byte[][] more) =>
        Proto.Bytes(1, [Proto.Text(1, "x"), Proto.Text(2, "y"), Proto.Text(4, operation), .. domain.Length > 0 ? new[] { Proto.Text(7, domain) } : [], .. more]);

    /// <summary>A node with a graph in it, such as the body of a loop.</summary>
    public static byte[] Nested(byte[] within) => Node("If", "", Proto.Bytes(5, Proto.Text(1, "then_branch"), Proto.Bytes(6, within)));

    public static byte[] Constant(string name, ulong[] shape, byte[]? raw = null, ulong type = 1, params byte[][] more) =>
        Proto.Bytes(5, [.. shape.Select(d => Proto.Number(1, d)), Proto.Number(2, type), Proto.Text(8, name), .. raw is null ? [] : new[] { Proto.Bytes(9, raw) }, .. more]);

    public static byte[] External(string name, ulong[] shape, params (string Key, string Value)[] entries) =>
        Constant(name, shape, null, 1, [.. entries.Select(e => Proto.Bytes(13, Proto.Text(1, e.Key), Proto.Text(2, e.Value))), Proto.Number(14, 1)]);

    public static byte[] Value(int field, string name, ulong type, params byte[][] dimensions) =>
        Proto.Bytes(field, Proto.Text(1, name), Proto.Bytes(2, Proto.Bytes(1, Proto.Number(1, type), Proto.Bytes(2, [.. dimensions.Select(d => Proto.Bytes(1, d))]))));
}
