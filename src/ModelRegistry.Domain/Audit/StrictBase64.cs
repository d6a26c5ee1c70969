namespace ModelRegistry.Domain.Audit;

/// <summary>
/// Base64 of RFC 4648 section 4 with one spelling per value: the framework's reader also takes white space and stray
/// bits before the padding, which would let a signed line be respelled.
/// </summary>
internal static class StrictBase64
{
    public static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, bytes, out var written))
            return false;
        bytes = bytes[..written];
        return Convert.ToBase64String(bytes) == text;
    }
}
