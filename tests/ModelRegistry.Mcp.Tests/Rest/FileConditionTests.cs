using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>Files asked for under conditions and in parts (RFC 9110, sections 13 and 14).</summary>
public sealed class FileConditionTests
{
    private const string Past = "Thu, 01 Jan 2026 00:00:00 GMT";

    [Fact]
    public async Task A_condition_that_holds_gives_the_file_and_one_that_fails_gives_a_status_and_nothing_else()
    {
        await using var rest = await ServedRest.OpenAsync();
        var file = (await rest.GetAsync("/models/churn/versions/v1/files")).Json["items"]!.AsArray().Single()!;
        var (path, tag, size) = ($"/models/churn/versions/v1/files/{file["path"]}", $"\"{file["sha256"]}\"", (long)file["size_bytes"]!);
        const string other = "\"0000000000000000000000000000000000000000000000000000000000000000\"";
        var whole = (await rest.GetAsync(path)).Body;

        async Task ComesAsync(int status, params (string, string)[] headers)
        {
            foreach (var method in (string[])["GET", "HEAD"])
            {
                var answer = await rest.SendAsync(method, path, null, headers: headers);
                Assert.True(answer.Status == status, $"{method} with {string.Join(", ", headers)} answered {answer.Status}");
                Assert.Equal(tag, answer.Response.Headers.ETag?.Tag);
                Assert.Equal(status == 200 && method == "GET" ? whole : "", answer.Body);
                if (status == 412)
                    Assert.Equal((0L, null), (answer.Response.Content.Headers.ContentLength ?? 0, answer.Response.Content.Headers.ContentDisposition));
            }
        }
        await ComesAsync(200, ("If-Match", tag));
        await ComesAsync(200, ("If-Match", "*"));
        await ComesAsync(200, ("If-Match", $"{other}, {tag}"));
        await ComesAsync(200, ("If-Unmodified-Since", DateTime.UtcNow.AddDays(1).ToString("R", CultureInfo.InvariantCulture)));
        await ComesAsync(200, ("If-None-Match", other));
        await ComesAsync(412, ("If-Match", other));
        await ComesAsync(412, ("If-Match", $"W/{tag}"));
        await ComesAsync(412, ("If-Unmodified-Since", Past));
        await ComesAsync(412, ("If-Match", other), ("Range", "bytes=0-1"));
        await ComesAsync(304, ("If-None-Match", tag));
        await ComesAsync(304, ("If-None-Match", "*"));
        await ComesAsync(412, ("If-Match", other), ("If-None-Match", tag));
        // What cannot be read as a condition is none.
        await ComesAsync(200, ("If-Match", "x y"));

        var part = await rest.GetAsync(path, ("Range", "bytes=1-2"), ("If-Range", tag));
        Assert.Equal((206, whole[1..3], $"bytes 1-2/{size}"), (part.Status, part.Body, part.Response.Content.Headers.ContentRange?.ToString()));
        Assert.Equal((200, whole), ((await rest.GetAsync(path, ("Range", "bytes=1-2"), ("If-Range", other))) is var all ? (all.Status, all.Body) : default));
        var beyond = await rest.GetAsync(path, ("Range", $"bytes={size}-"));
        Assert.Equal((416, $"bytes */{size}"), (beyond.Status, beyond.Response.Content.Headers.ContentRange?.ToString()));
        Assert.Equal(200, (await rest.GetAsync("/health")).Status);
    }

    [Fact]
    public async Task The_description_says_which_conditions_are_taken()
    {
        await using var rest = await ServedRest.OpenAsync(churn: false);
        var get = (await rest.GetAsync("/openapi/v1.json")).Json["paths"]!["/models/{model}/versions/{version}/files/{path}"]!["get"]!;
        Assert.Equal(["If-Match", "If-None-Match", "If-Range", "Range"], get["parameters"]!.AsArray().Where(p => (string?)p!["in"] == "header").Select(p => (string?)p!["name"]).Order(StringComparer.Ordinal));
        foreach (var status in (string[])["200", "206", "304", "412", "416"])
            Assert.NotNull(get["responses"]![status]);
        Assert.Null((get["responses"]!["412"] as JsonObject)!["content"]);
    }
}
