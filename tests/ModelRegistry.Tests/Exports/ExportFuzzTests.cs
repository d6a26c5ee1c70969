using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Domain.Exports;
using Xunit;

namespace ModelRegistry.Tests.Exports;

/// <summary>
/// Exports with bytes flipped, cut and spliced, and with members moved, doubled and replaced and signed anew: verifying them never
/// throws, and none of them verifies that says something else than the registry did. Seeded; MODELREGISTRY_FUZZ_CASES asks for more,
/// MODELREGISTRY_FUZZ_SEED for others.
/// </summary>
public sealed class ExportFuzzTests
{
    private static int Number(string variable, int usual) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var asked) ? asked : usual;

    private static readonly JsonNode?[] Strange = [null, 0, -1, 1.5, 1e300, long.MaxValue, true, "", "\0", "\uFFFD", "0", new string('a', 64), "2026-13-01T00:00:00.000000Z", new JsonArray(), new JsonObject(), new JsonArray(null, 1, "x"), "approve", "reject", "signed", "passphrase"];

    [Fact]
    public async Task No_change_of_bytes_verifies_or_throws()
    {
        await using var it = await ExportingRegistry.OpenAsync("regulated");
        var export = await it.ExportAsync(await it.RegulatedAsync());
        var (pinned, payload) = (it.Pinned, DsseEnvelope.Read(export)!.Value.Payload);
        var random = new Random(Number("MODELREGISTRY_FUZZ_SEED", 1));

        for (var i = 0; i < Number("MODELREGISTRY_FUZZ_CASES", 2_000); i++)
        {
            var changed = Change(export, random);
            if (ExportVerification.Verify(changed, pinned).Verified)
                Assert.Equal(payload, DsseEnvelope.Read(changed)!.Value.Payload);
        }
    }

    [Fact]
    public async Task No_change_that_is_signed_anew_says_something_else_and_verifies()
    {
        await using var it = await ExportingRegistry.OpenAsync("regulated");
        var original = ExportingRegistry.Payload(await it.ExportAsync(await it.RegulatedAsync()));
        var said = Said(original);
        var (pinned, random) = (it.Pinned, new Random(Number("MODELREGISTRY_FUZZ_SEED", 1)));
        await using var db = await it.Registry.DatabaseAsync();
        using var key = db.OpenAuditKey();
        var verified = 0;

        for (var i = 0; i < Number("MODELREGISTRY_FUZZ_CASES", 2_000); i++)
        {
            var payload = original.DeepClone().AsObject();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                Change(payload, random);
            var report = ExportVerification.Verify(DsseEnvelope.Sign(Encoding.UTF8.GetBytes(payload.ToJsonString()), pinned, key), pinned);
            if (!report.Verified)
                continue;
            verified++;
            Assert.Equal(said, Said(payload));
        }
        // Not everything that can be changed says anything: the time of the export, members that nobody reads, a text that is left out.
        Assert.InRange(verified, 1, Number("MODELREGISTRY_FUZZ_CASES", 2_000) / 2);
    }

    /// <summary>What an export says that matters: of which files and statement, who decided what, and what came of it.</summary>
    private static string Said(JsonObject payload)
    {
        var p = payload["predicate"]!;
        var files = payload["subject"]!.AsArray().Select(s => $"{s!["name"]} {s["digest"]!["sha256"]} {s["annotations"]!["size"]}").Order(StringComparer.Ordinal);
        var decisions = p["decisions"]!.AsArray().Select(d => $"{d!["id"]} {d["person_id"]} {d["decision"]} {d["statement_sha256"]} {d["at"]} {d["proof"]!["assurance"]} {d["proof"]!["method"]}").Order(StringComparer.Ordinal);
        return string.Join('\n', [.. files, (string)p["promotion"]!["statement"]!, (string)p["promotion"]!["status"]!, (string)p["promotion"]!["requested_at"]!, (string)p["promotion"]!["ended_at"]!, .. decisions, $"{p["break_glass"] is null}"]);
    }

    private static byte[] Change(byte[] export, Random random)
    {
        var at = random.Next(export.Length);
        switch (random.Next(5))
        {
            case 0:
                var flipped = (byte[])export.Clone();
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 1:
                return export[..at];
            case 2:
                return [.. export[..at], (byte)random.Next(256), .. export[at..]];
            case 3:
                return [.. export[..at], .. export[Math.Min(export.Length, at + random.Next(1, 64))..]];
            default:
                // Within the base64, so that the payload is JSON that was changed.
                var other = (byte[])export.Clone();
                other[at] = (byte)"ABCDabcd0123+/= \n\""[random.Next(18)];
                return other;
        }
    }

    private static void Change(JsonNode root, Random random)
    {
        var nodes = new List<JsonNode>();
        Walk(root);
        switch (nodes[random.Next(nodes.Count)])
        {
            case JsonObject { Count: > 0 } o:
                var name = o.ElementAt(random.Next(o.Count)).Key;
                if (random.Next(4) == 0)
                    o.Remove(name);
                else if (random.Next(6) == 0)
                    o[name + "_"] = Other(o[name], random);
                else
                    o[name] = Other(o[name], random);
                break;
            case JsonArray { Count: > 0 } a:
                var at = random.Next(a.Count);
                if (random.Next(3) == 0)
                    a.RemoveAt(at);
                else if (random.Next(3) == 0)
                    a.Insert(random.Next(a.Count), a[at]?.DeepClone());
                else
                    a[at] = Other(a[at], random);
                break;
            default:
                break;
        }

        void Walk(JsonNode? node)
        {
            if (node is JsonObject or JsonArray)
                nodes.Add(node);
            foreach (var child in node is JsonObject o ? o.Select(m => m.Value) : node is JsonArray a ? a : [])
                Walk(child);
        }
    }

    private static JsonNode? Other(JsonNode? node, Random random)
    {
        if (random.Next(2) == 0 && node is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0)
        {
            var at = random.Next(text.Length);
            return text[..at] + (char)random.Next(32, 127) + text[(at + 1)..];
        }
        return Strange[random.Next(Strange.Length)]?.DeepClone();
    }
}
