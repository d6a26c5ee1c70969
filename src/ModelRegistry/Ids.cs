using System.Buffers.Binary;

namespace ModelRegistry;

/// <summary>
/// Immutable ids: a prefix that says what it is, and a version 7 UUID in lower-case Crockford base 32, so that ids
/// sort by the time they were made and can be read out over a telephone. They carry no authority.
/// The 12 bits after the milliseconds hold the microseconds (RFC 9562 §6.2, method 3), and no two writes share one.
/// </summary>
public static class Ids
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public static string New(string prefix, DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(now).TryWriteBytes(bytes, bigEndian: true, out _);
        var fraction = (int)(Domain.Times.Micros(now) % 1000 * 4096 / 1000);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | fraction));
        var value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        Span<char> text = stackalloc char[26];
        for (var i = text.Length - 1; i >= 0; i--, value >>= 5)
            text[i] = Alphabet[(int)(value & 31)];
        return $"{prefix}_{text}";
    }
}
