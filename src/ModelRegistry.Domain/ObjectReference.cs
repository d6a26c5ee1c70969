using System.Text;

namespace ModelRegistry.Domain;

/// <summary>An object in a bucket, as <c>s3://BUCKET/KEY</c>: one that every hop reads as the same key.</summary>
public sealed record ObjectReference
{
    /// <summary>What such a reference begins with.</summary>
    public const string Scheme = "s3://";

    /// <summary>The most UTF-8 bytes a key may have ("Creating object key names", Amazon S3 User Guide).</summary>
    private const int MaxKeyBytes = 1_024;

    private ObjectReference(string bucket, string key) => (Bucket, Key) = (bucket, key);

    public string Bucket { get; }

    public string Key { get; }

    /// <summary>What stands behind the last slash.</summary>
    public string FileName => Key[(Key.LastIndexOf('/') + 1)..];

    /// <summary>Whether a text means an object rather than a file of this machine.</summary>
    public static bool Is(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>The reference, or <c>reference_invalid</c> saying what is wrong with it.</summary>
    public static Outcome<ObjectReference> Parse(string? text)
    {
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal))
            return Refusals.ReferenceInvalid(text, "it does not begin with s3://");
        var rest = text[Scheme.Length..];
        var slash = rest.IndexOf('/');
        if (slash <= 0 || slash == rest.Length - 1)
            return Refusals.ReferenceInvalid(text, "it names no bucket and key");
        var (bucket, key) = (rest[..slash], rest[(slash + 1)..]);
        return Problem(key) is { } problem ? Refusals.ReferenceInvalid(text, problem) : new ObjectReference(bucket, key);
    }

    public override string ToString() => $"{Scheme}{Bucket}/{Key}";

    private static string? Problem(string key)
    {
        if (key.Length > MaxKeyBytes || Encoding.UTF8.GetByteCount(key) > MaxKeyBytes)
            return $"its key is longer than {MaxKeyBytes} bytes in UTF-8";
        for (var at = 0; at < key.Length;)
        {
            if (Rune.DecodeFromUtf16(key.AsSpan(at), out var rune, out var used) != System.Buffers.OperationStatus.Done || rune == Rune.ReplacementChar)
                return "it is not well-formed Unicode";
            if (ArtifactPath.Unseen(rune) || rune.Value == '\\')
                return $"its key has the character U+{rune.Value:X4}";
            at += used;
        }
        // What makes an address of the key could resolve the steps, and mean another key.
        return key.Split('/').Any(step => step is "" or "." or "..") ? "its key has an empty step, '.' or '..'" : null;
    }
}
