using System.Text.Json.Nodes;
using ModelRegistry.Domain.Exports;
using ModelRegistry.Exports;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Exports;

/// <summary>What others write can be of any size and any kind: it is bounded before it is worked on, and so is what is made for others.</summary>
[OnBothDatabases]
public sealed class ExportBoundTests
{
    private static async Task<(TestRegistry It, string Id)> AppliedAsync()
    {
        var it = await TestRegistry.OpenAsync("team");
        var parked = await it.ParkAsync();
        Ok(await it.DecideAsync("ben", parked.PromotionId!));
        return (it, parked.PromotionId!);
    }

    [Fact]
    public async Task More_entries_or_decisions_than_there_can_be_are_not_looked_at()
    {
        var (it, id) = await AppliedAsync();
        await using var _ = it;
        var pinned = Ok(VerifierKey.Read(Ok(it.Services.Exports.Key(Robot))));
        var envelope = JsonNode.Parse(Ok(await it.Services.Exports.ExportAsync(Robot, id)))!;

        foreach (var (point, count, fill) in new (string, int, Action<JsonNode, int>)[]
        {
            ("decisions", PromotionRecord.MaxDecisions + 1, (p, n) => p["decisions"] = new JsonArray([.. Enumerable.Range(0, n).Select(i => (JsonNode)new JsonObject { ["id"] = $"{i:x}" })])),
            // None of them could be read: had one been looked at, it would be what failed.
            ("log", PromotionRecord.MaxEntries + 1, (p, n) => p["log"]!["entries"] = new JsonArray([.. Enumerable.Range(0, n).Select(_ => (JsonNode)new JsonObject())])),
        })
        {
            var payload = ExportingRegistry.Payload(System.Text.Encoding.UTF8.GetBytes(envelope.ToJsonString()));
            fill(payload["predicate"]!, count);
            var changed = envelope.DeepClone();
            changed["payload"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(payload.ToJsonString()));

            var report = ExportVerification.Verify(System.Text.Encoding.UTF8.GetBytes(changed.ToJsonString()), pinned);

            Assert.StartsWith($"There are {count} ", report.Points.Single(p => p.Point == point).Sentence, StringComparison.Ordinal);
            Assert.DoesNotContain(report.Points, p => p.Point.StartsWith("decision ", StringComparison.Ordinal) && point == "decisions");
        }
    }

    [Fact]
    public async Task What_was_not_asked_for_has_failed_and_is_named()
    {
        var (it, id) = await AppliedAsync();
        await using var _ = it;
        var pending = await it.ParkAsync();
        var key = Ok(it.Services.Exports.Key(Robot));

        Assert.True((await CheckAsync(id, new ExportAsked("applied", "production", "digits"))).Verified);
        Assert.True((await CheckAsync(pending.PromotionId!, new ExportAsked(null, null, null))).Verified);
        foreach (var (promotion, asked, point) in new[]
        {
            (pending.PromotionId!, new ExportAsked("applied", null, null), "asked_outcome"), (id, new ExportAsked("pending", null, null), "asked_outcome"),
            (id, new ExportAsked("applied", "staging", null), "asked_stage"), (id, new ExportAsked(null, null, "Digits"), "asked_model"),
        })
        {
            var report = await CheckAsync(promotion, asked);
            Assert.False(report.Verified);
            Assert.Equal(point, Assert.Single(report.Points, p => p.Status == "failed").Point);
        }
        Assert.Equal(["envelope", "asked_outcome"], Ok(await ExportCheck.VerifyAsync(it.File("{}"), key, asked: new ExportAsked("applied", null, null))).Points.Select(p => p.Point));

        async Task<ExportReportView> CheckAsync(string promotion, ExportAsked asked)
        {
            var file = it.File("", "export.json");
            await File.WriteAllBytesAsync(file, Ok(await it.Services.Exports.ExportAsync(Robot, promotion)));
            return Ok(await ExportCheck.VerifyAsync(file, key, asked: asked));
        }
    }

    [Fact]
    public async Task Pipes_and_links_among_the_files_are_not_followed()
    {
        var (it, id) = await AppliedAsync();
        await using var _ = it;
        var (file, folder) = (it.File("", "export.json"), Path.Combine(it.DataFolder, "..", "serve"));
        await File.WriteAllBytesAsync(file, Ok(await it.Services.Exports.ExportAsync(Robot, id)));
        Ok(await it.Services.Downloads.DownloadAsync(Robot, "digits", "@champion", folder, overwrite: false));
        var model = Path.Combine(folder, "model.onnx");

        // Round and round.
        foreach (var loop in new[] { "a", "b" })
            Directory.CreateSymbolicLink(Path.Combine(folder, loop), folder);
        Assert.Contains("is none of the files", await FailedAsync(), StringComparison.Ordinal);
        foreach (var loop in new[] { "a", "b" })
            Directory.Delete(Path.Combine(folder, loop));

        File.Move(model, file + ".onnx");
        File.CreateSymbolicLink(model, file + ".onnx");
        Assert.Equal("model.onnx is no regular file.", await FailedAsync());
        File.Delete(model);
        // Whoever opens it waits for a writer that never comes.
        using (var make = System.Diagnostics.Process.Start("mkfifo", [model]))
            await make.WaitForExitAsync();
        Assert.Equal("model.onnx is no regular file.", await FailedAsync());

        async Task<string> FailedAsync() => Assert.Single(Ok(await ExportCheck.VerifyAsync(file, Ok(it.Services.Exports.Key(Robot)), null, folder)).Points, p => p.Status == "failed").Found;
    }

    [Fact]
    public async Task A_few_are_on_their_way_at_once_and_each_makes_room_once()
    {
        var (it, id) = await AppliedAsync();
        await using var _ = it;
        var exports = it.Services.Exports;
        // What is refused takes no place.
        for (var i = 0; i < 2 * PromotionExport.MostOnTheirWay; i++)
            Assert.Equal("promotion_not_found", No(await exports.HoldAsync(Robot, "prm_none")));
        var held = new List<HeldExport>();
        for (var i = 0; i < PromotionExport.MostOnTheirWay; i++)
            held.Add(Ok(await exports.HoldAsync(Robot, id)));

        Assert.Equal("rate_limited", No(await exports.HoldAsync(Robot, id)));
        held[0].Dispose();
        held[0].Dispose();
        using var again = Ok(await exports.HoldAsync(Robot, id));
        Assert.Equal("rate_limited", No(await exports.HoldAsync(Robot, id)));
        Assert.NotEmpty(again.Envelope);
        foreach (var one in held)
            one.Dispose();

        // Whoever takes too long is told to end.
        var over = new TaskCompletionSource();
        using var late = new HeldExport([], TimeSpan.FromMilliseconds(1), TimeProvider.System, () => { });
        await using var ended = late.Overdue.Register(over.SetResult);
        await over.Task;
    }
}
