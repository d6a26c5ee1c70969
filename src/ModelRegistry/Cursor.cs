using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using ModelRegistry.Domain;

namespace ModelRegistry;

/// <summary>Opaque keyset cursors: the sort keys of the last row given, as base64url JSON. They grant nothing, so they are not signed.</summary>
internal static class Cursor
{
    public const int MaxLimit = 100;

    public static string Write(params string[] keys) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(keys));

    /// <summary>The keys, when there are exactly <paramref name="count"/> of them; null for anything else.</summary>
    public static string[]? Read(string cursor, int count)
    {
        if (cursor.Length > 1024 || !Base64Url.IsValid(cursor))
            return null;
        try
        {
            var keys = JsonSerializer.Deserialize<string[]>(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)));
            return keys?.Length == count && keys.All(k => k is { Length: < 600 } && !k.Contains('\0')) ? keys : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static Outcome<int> Limit(int limit) => limit is >= 1 and <= MaxLimit ? limit : Refusals.InvalidArgument("limit", $"a whole number from 1 to {MaxLimit}");
}
