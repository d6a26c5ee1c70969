using System.Globalization;
using System.Text.Json.Nodes;
using ModelRegistry.Faults.Load;
using ModelRegistry.Tests.Storage;

namespace ModelRegistry.Faults.Storage;

/// <summary>A server whose clock is set, forwards and back, while it is at work: its system calls are told another time (libfaketime).</summary>
internal static class ClockFaults
{
    /// <summary>The library, where it is installed (Debian: <c>libfaketime</c>); null where not.</summary>
    public static string? Library { get; } = Directory.Exists("/usr/lib") ? Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu*").Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists) : null;

    // In hours from the true time. What waited a day is over after the second, and stays so after the third.
    private static readonly double[] Steps = [-2, 27, 0.5, 55, 1, -30, 0];

    public static async Task TurnAsync(Campaign campaign, string server, TimeSpan time)
    {
        using var folder = new TempFolder();
        var clock = folder.File("clock");
        await SetAsync(clock, 0);
        await using var registry = await LoadedRegistry.StartAsync(campaign, server, new TrialPlace(folder.File("data")), 3, with: pipeline => pipeline.WithTurningClock(), environment: new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = Library!, ["FAKETIME_TIMESTAMP_FILE"] = clock, ["FAKETIME_NO_CACHE"] = "1", ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1", ["DONT_FAKE_MONOTONIC"] = "1",
        });
        using var proposer = new Caller(registry.Servers.There, campaign, registry.Token, campaign.Chance("proposer"));
        using var person = new Caller(registry.Servers.There, campaign, null, campaign.Chance("person"));
        var (furthest, parked) = (0.0, new List<(string Id, double At)>());
        foreach (var step in Steps)
        {
            await registry.ThriveAsync(5);
            parked.Add((await ParkAsync(proposer, $"waits-{parked.Count}"), furthest));
            await SetAsync(clock, step);
            campaign.Count("steps of the clock");
            await Task.Delay(time);
            furthest = Math.Max(furthest, step);
            foreach (var (id, at) in parked)
                await TryToApproveAsync(campaign, proposer, person, id, expired: furthest - at > 24);
            campaign.Say(string.Create(CultureInfo.InvariantCulture, $"the clock is {step} h off"));
        }
        await registry.ThriveAsync(5);
        await registry.EndAsync(time: new ShiftedClock(TimeSpan.FromHours(furthest)));
    }

    // libfaketime reads it at each call: whole it must be at any moment.
    private static async Task SetAsync(string path, double hours)
    {
        await File.WriteAllTextAsync(path + ".new", string.Create(CultureInfo.InvariantCulture, $"{(hours < 0 ? "" : "+")}{hours * 3600:F0}\n"));
        File.Move(path + ".new", path, overwrite: true);
    }

    private static async Task<string> ParkAsync(Caller proposer, string model)
    {
        var form = new Func<HttpContent>(() => new MultipartFormDataContent
        {
            { new StringContent("onnx"), "format" },
            { new StringContent("""{"dataset": "digits@1", "code_commit": "0123abc", "card": "# Card\n\n## Intended use\n\nReading digits.\n"}"""), "metadata" },
            { new ByteArrayContent("weights"u8.ToArray()), "file", "model.bin" },
        });
        await proposer.SendAsync(HttpMethod.Post, $"/models/{model}/versions", form);
        await proposer.SendAsync(HttpMethod.Post, $"/models/{model}/versions/v1/promotions", new JsonObject { ["stage"] = "staging", ["reason"] = "waits" });
        return (await proposer.SendAsync(HttpMethod.Post, $"/models/{model}/versions/v1/promotions", new JsonObject { ["stage"] = "production", ["reason"] = "waits" }))["promotion_id"]!;
    }

    /// <summary>What has waited too long by the registry's time is over, and an approval is refused, also once the clock is back.</summary>
    private static async Task TryToApproveAsync(Campaign campaign, Caller proposer, Caller person, string id, bool expired)
    {
        var seen = await proposer.SendAsync(HttpMethod.Get, $"/promotions/{id}/statement");
        var state = seen.Json?["promotion"]?["status"]?.ToString();
        if (state != (expired ? "expired" : "pending"))
            campaign.Violate($"promotion {id} must be {(expired ? "expired, for good" : "pending")} and is {state}: {seen.Body}");
        if (!expired)
            return;
        var decision = new JsonObject { ["person"] = "ben", ["decision"] = "approve", ["statement_sha256"] = seen["statement_digest"], ["proof"] = new JsonObject { ["passphrase"] = TrialRegistry.Passphrase } };
        var answer = await person.SendAsync(HttpMethod.Post, $"/promotions/{id}/decisions", decision);
        if (answer.Code != "promotion_expired")
            campaign.Violate($"approving {id}, whose time was up, was answered {answer.Status}: {answer.Body}");
        campaign.Count("approvals refused of what had expired before the clock stepped back");
    }
}
