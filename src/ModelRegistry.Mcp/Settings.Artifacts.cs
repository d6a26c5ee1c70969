using ModelRegistry.Artifacts;
using ModelRegistry.Artifacts.S3;

namespace ModelRegistry.Mcp;

/// <summary>Where contents lie, and how a bucket is reached.</summary>
internal sealed partial record Settings
{
    /// <summary>How a store of contents is named.</summary>
    public const string Places = "file:PATH or s3://BUCKET/PREFIX";

    private static string? ReadArtifacts(Dictionary<string, string> said, Dictionary<string, string> bad)
    {
        var named = said.GetValueOrDefault("artifacts");
        if (named is not null && !IsStore(named))
            bad["artifacts"] = Places;
        return named;
    }

    /// <summary>Whether a text names a store of contents.</summary>
    public static bool IsStore(string named) => (named.StartsWith("file:", StringComparison.Ordinal) && named.Length > "file:".Length) || IsBucket(named);

    /// <summary>Names that mean the same in an address, a policy of the store and a command line.</summary>
    private static bool IsBucket(string named) => named.StartsWith("s3://", StringComparison.Ordinal) && named["s3://".Length..].TrimEnd('/').Split('/') is [{ Length: >= 3 and <= 63 } bucket, .. var prefix]
        && IsPlain(bucket) && prefix.All(IsPlain) && prefix.Sum(segment => segment.Length + 1) <= 200;

    private static bool IsPlain(string segment) => segment.Length > 0 && segment[0] != '.' && segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static ReadableExtent? ReadExtent(Dictionary<string, string> said, Dictionary<string, string> bad)
    {
        if (!said.TryGetValue("readable", out var text))
            return null;
        var known = text.ToLowerInvariant() switch { "nothing" => ReadableExtent.Nothing, "metadata" => ReadableExtent.Metadata, "files" => ReadableExtent.Files, _ => (ReadableExtent?)null };
        if (known is null)
            bad["readable"] = "nothing, metadata or files";
        return known;
    }

    private static S3Options ReadBucket(Dictionary<string, string> said, Dictionary<string, string> bad)
    {
        var (key, secret) = (said.GetValueOrDefault("s3-access-key"), said.GetValueOrDefault("s3-secret-key"));
        if (key is null != secret is null)
            bad[key is null ? "s3-access-key" : "s3-secret-key"] = "goes with the other; both are left out where the surroundings offer credentials";
        var region = said.GetValueOrDefault("s3-region") ?? "us-east-1";
        if (!IsPlain(region))
            bad["s3-region"] = "a region's name, such as eu-central-1";
        return new S3Options
        {
            Endpoint = ReadEndpoint(said, bad, "s3-endpoint"),
            PublicEndpoint = ReadEndpoint(said, bad, "s3-public-endpoint"),
            AccessKey = key,
            SecretKey = secret,
            Region = region,
            Timeout = TimeSpan.FromSeconds(Whole(said, bad, "s3-timeout", 30, 1, 3_600)),
            References = said.ContainsKey("s3-references") ? List(said, "s3-references") : null,
        };
    }

    private static Uri? ReadEndpoint(Dictionary<string, string> said, Dictionary<string, string> bad, string key)
    {
        if (!said.TryGetValue(key, out var text))
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" })
            return url;
        bad[key] = "an address without a path, such as https://minio.example.org:9000";
        return null;
    }
}
