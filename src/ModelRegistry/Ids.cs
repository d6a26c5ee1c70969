using System.Buffers.Binary;

namespace ModelRegistry;

/// <summary>
/// Immutable ids: a prefix that says what it is, and a version 7 UUID in lower-case Crockford base 32, so that ids
/// sort by the time they were made and can be read out over a telephone. They carry no authority.
/// </summary>
public static class Ids
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public static string New(string prefix, DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(now).TryWriteBytes(bytes, bigEndian: true, out _);
        var value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        Span<char> text = stackalloc char[26];
        for (var i = text.Length - 1; i >= 0; i--, value >>= 5)
            text[i] = Alphabet[(int)(value & 31)];
        return $"{prefix}_{text}";
    }
}
