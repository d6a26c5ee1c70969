using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain.Exports;

/// <summary>Reads members of JSON that others wrote: each is there and of its kind, or a <see cref="FormatException"/> says which is not.</summary>
internal static class ExportFields
{
    public static string NeedText(this JsonObject json, string name) => json.Text(name) ?? throw new FormatException($"'{name}' is missing or no text.");

    /// <summary>Null where it is missing, null or no text.</summary>
    public static string? Text(this JsonObject json, string name) =>
        json[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    public static long NeedWhole(this JsonObject json, string name) =>
        json[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out long number) ? number : throw new FormatException($"'{name}' is missing or no whole number.");

    public static JsonObject NeedObject(this JsonObject json, string name) => json[name] as JsonObject ?? throw new FormatException($"'{name}' is missing or no object.");

    public static IReadOnlyList<JsonObject> NeedObjects(this JsonObject json, string name) =>
        [.. (json[name] as JsonArray ?? throw new FormatException($"'{name}' is missing or no list.")).Select(item => item as JsonObject ?? throw new FormatException($"'{name}' holds what is no object."))];

    public static IReadOnlyList<string> NeedTexts(this JsonObject json, string name) =>
        [.. (json[name] as JsonArray ?? throw new FormatException($"'{name}' is missing or no list."))
            .Select(item => item is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : throw new FormatException($"'{name}' holds what is no text."))];

    public static Digest NeedDigest(this JsonObject json, string name) =>
        json.NeedText(name) is var text && Digest.TryParse(text, out var digest) && digest.Hex == text ? digest : throw new FormatException($"'{name}' is no SHA-256 in lower-case hexadecimal.");

    public static DateTimeOffset NeedTime(this JsonObject json, string name) => Times.Parse(json.NeedText(name));

    public static byte[] NeedBytes(this JsonObject json, string name) =>
        Audit.StrictBase64.TryDecode(json.NeedText(name), out var bytes) ? bytes : throw new FormatException($"'{name}' is not base64.");

    /// <summary>One of the words of an enumeration, as it is written.</summary>
    public static T NeedWord<T>(this JsonObject json, string name) where T : struct, Enum =>
        json.NeedText(name) is var word && Enum.TryParse<T>(word, ignoreCase: true, out var value) && Word(value) == word ? value : throw new FormatException($"'{name}' is '{word}', which is none of its words.");

    public static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
