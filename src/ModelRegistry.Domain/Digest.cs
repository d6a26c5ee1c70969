using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace ModelRegistry.Domain;

/// <summary>A SHA-256 digest, written as 64 lower-case hexadecimal digits.</summary>
public readonly record struct Digest
{
    private readonly string? _hex;

    private Digest(string hex) => _hex = hex;

    /// <summary>64 lower-case hexadecimal digits; empty for the default value.</summary>
    public string Hex => _hex ?? "";

    public static Digest Of(ReadOnlySpan<byte> bytes) => FromHash(SHA256.HashData(bytes));

    public static Digest Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Takes 32 bytes that already are a SHA-256 hash.</summary>
    public static Digest FromHash(ReadOnlySpan<byte> hash) => hash.Length == SHA256.HashSizeInBytes
        ? new Digest(Convert.ToHexStringLower(hash))
        : throw new ArgumentException("A SHA-256 hash has 32 bytes.", nameof(hash));

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        var hex = text is ['s', 'h', 'a', '2', '5', '6', ':', .. var rest] ? rest : text;
        digest = default;
        if (hex is not { Length: 64 } || !hex.All(char.IsAsciiHexDigit))
            return false;
        digest = new Digest(hex.ToLowerInvariant());
        return true;
    }

    public static Digest Parse(string text) => TryParse(text, out var digest) ? digest : throw new FormatException($"'{text}' is not a SHA-256 digest.");

    public byte[] ToBytes() => Convert.FromHexString(Hex);

    public override string ToString() => Hex;
}
