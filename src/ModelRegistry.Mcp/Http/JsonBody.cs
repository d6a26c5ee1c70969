using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Http;

/// <summary>
/// Reads the body of a request: one JSON object and nothing else. That its type is said to be JSON is more than form: a page
/// of another site can make a browser send texts and forms anywhere without asking, and JSON it cannot.
/// </summary>
internal static class JsonBody
{
    public const int MostBytes = 1_048_576, MostLevels = 32;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MostLevels, AllowDuplicateProperties = false };

    /// <param name="most">Bytes that it has at most.</param>
    /// <returns>The object, and the bytes it was read from.</returns>
    public static async Task<Outcome<(JsonElement Object, ReadOnlyMemory<byte> Bytes)>> ReadAsync(HttpContext http, int most = MostBytes)
    {
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            return Refusals.ContentTypeNotTaken(http.Request.ContentType);
        if (http.Request.ContentLength > most)
            return Refusals.BodyTooLarge(most);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = most;
        using var bytes = new MemoryStream();
        try
        {
            await http.Request.Body.CopyToAsync(bytes, http.RequestAborted);
        }
        catch (IOException e) when (!http.RequestAborted.IsCancellationRequested)
        {
            return (e as BadHttpRequestException)?.StatusCode == StatusCodes.Status413PayloadTooLarge ? Refusals.BodyTooLarge(most) : Refusals.BodyInvalid("it did not arrive whole");
        }
        var body = (ReadOnlyMemory<byte>)bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        return Parse(body).Then<(JsonElement, ReadOnlyMemory<byte>)>(json => (json, body));
    }

    /// <summary>A body as long as files are.</summary>
    /// <param name="from">How much of the file is here already, in bytes.</param>
    public static void Unbound(HttpContext http, long from = 0)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = Artifacts.BlobDesk.MostBytes - from;
    }

    private static Outcome<JsonElement> Parse(ReadOnlyMemory<byte> bytes)
    {
        // A tree is made from bytes that are decoded when they are looked at; what is no UTF-8 would throw there.
        if (!Utf8.IsValid(bytes.Span))
            return Refusals.BodyInvalid("it is not UTF-8");
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            Read(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : Refusals.BodyInvalid("it is not an object");
        }
        catch (JsonException e)
        {
            return Refusals.BodyInvalid($"it is not JSON as it is taken here, from line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
        }
        catch (InvalidOperationException)
        {
            // Half a character, escaped: JSON lets it pass, and everything that reads it later throws.
            return Refusals.BodyInvalid("it has half a character, which is no Unicode");
        }
    }

    private static void Read(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    Read(member.Value);
                }
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    Read(item);
                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }
}
