using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Http;

namespace ModelRegistry.Mcp.Rest;

/// <summary>
/// Reads a form with files (RFC 7578), each file straight into the store as it comes, in flat memory. Fields that stand before the
/// first file are looked at before a byte of it is read.
/// </summary>
internal static class VersionParts
{
    private const int MostFieldBytes = 1_048_576, MostFields = 200;

    // Programs send these from files, too.
    private static readonly string[] Texts = ["metadata", "card"];

    public static bool IsForm(HttpRequest request) => MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);

    /// <param name="model">The model named by the address; null: the field <c>model_name</c> names it.</param>
    public static async Task<Outcome<RegistrationForm>> ReadAsync(RestCall call, string? model)
    {
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(call.Http.Request.ContentType).Boundary).Value;
        if (boundary is not { Length: > 0 and <= 70 })
            return Refusals.FormPartInvalid("its type names no boundary of 1 to 70 characters");
        JsonBody.Unbound(call.Http);
        var reader = new MultipartReader(boundary, call.Http.Request.Body) { HeadersLengthLimit = 16_384, HeadersCountLimit = 16 };
        var (fields, files) = (new JsonObject(), new List<UploadedFile>());
        try
        {
            while (await reader.ReadNextSectionAsync(call.Cancel) is { } section)
            {
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var part) || HeaderUtilities.RemoveQuotes(part.Name).Value is not { Length: > 0 and <= 200 } name)
                    return Refusals.FormPartInvalid("a part has no name");
                if (FileOf(part) is var named && named.Refusal is { } unreadable)
                    return unreadable;
                var file = named.Value;
                if (string.IsNullOrEmpty(file) || Texts.Contains(name))
                {
                    if (fields.ContainsKey(name) || fields.Count == MostFields)
                        return Refusals.InvalidArgument(name, fields.Count == MostFields ? "is one field too many" : "is there more than once");
                    var text = await TextAsync(section.Body, call.Cancel);
                    if (text is null)
                        return Refusals.InvalidArgument(name, $"must be a text in UTF-8 of at most {MostFieldBytes} bytes, without U+0000");
                    fields[name] = text;
                    continue;
                }
                if (files.Count == 0 && await EarlyAsync(call, model, fields) is { } early)
                    return early;
                if (files.Count == Manifest.MaxFiles)
                    return Refusals.TooManyFiles(Manifest.MaxFiles);
                var stored = await call.Registry.Blobs.PutAsync(call.By, model ?? (string?)fields["model_name"], section.Body, call.Cancel);
                if (stored.Refusal is { } no)
                    return no;
                files.Add(new UploadedFile(file, stored.Value.Sha256));
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException && !call.Cancel.IsCancellationRequested && (e as BadHttpRequestException)?.StatusCode != StatusCodes.Status413PayloadTooLarge)
        {
            return Refusals.FormPartInvalid("it did not arrive whole, or its parts cannot be told apart");
        }
        if (Named(ref model, fields) is { } missing)
            return missing;
        var asked = RegistrationForm.DigestOf(model!, fields, files);
        return VersionForm.Read(model!, fields, files).Then<RegistrationForm>(wish => new RegistrationForm(wish, asked));
    }

    /// <summary>The file name of a part, of two the one that names its encoding (RFC 6266, section 4.3); null where it has none.</summary>
    private static Outcome<string?> FileOf(ContentDispositionHeaderValue part)
    {
        try
        {
            return HeaderUtilities.RemoveQuotes(part.FileNameStar.HasValue ? part.FileNameStar : part.FileName).Value;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            // An encoded name without a value, or in an encoding that is taken by nobody, is not passed over by its reader.
            return Refusals.FormPartInvalid("the name of a file cannot be read");
        }
    }

    private static async Task<Refusal?> EarlyAsync(RestCall call, string? model, JsonObject fields)
    {
        var said = (JsonObject)fields.DeepClone();
        if (Named(ref model, said) is { } missing)
            return missing;
        var wish = VersionForm.Read(model!, said, []);
        var key = RequestKeys.Read(call.Http);
        // One that is repeated would be told that its version is there; that it is the same is seen when all of it came.
        if ((wish.Refusal ?? key.Refusal) is not null || key.Value is not null)
            return wish.Refusal ?? key.Refusal;
        return await call.Registry.Intake.AdmitAsync(call.By, wish.Value, call.Cancel);
    }

    private static Refusal? Named(ref string? model, JsonObject fields)
    {
        if (model is not null)
            return null;
        model = fields.Remove("model_name", out var name) ? (string?)name : null;
        return string.IsNullOrWhiteSpace(model) ? Refusals.InvalidArgument("model_name", "is missing, or stands behind a file") : null;
    }

    private static async Task<string?> TextAsync(Stream body, CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[8_192];
        int read;
        while ((read = await body.ReadAsync(buffer, cancel)) > 0)
        {
            if (bytes.Length + read > MostFieldBytes)
                return null;
            bytes.Write(buffer, 0, read);
        }
        var span = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        return System.Text.Unicode.Utf8.IsValid(span) && !span.Contains((byte)0) ? Encoding.UTF8.GetString(span) : null;
    }
}
