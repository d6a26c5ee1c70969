using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Exports;
using ModelRegistry.Exports;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Exports;

/// <summary>The largest versions, and files held against an export.</summary>
public sealed class ExportSizeTests
{
    [Fact]
    public async Task A_version_of_the_most_files_stays_far_below_the_bound_and_verifies()
    {
        await using var it = await TestRegistry.OpenAsync("team");
        var parked = await it.ParkAsync();
        Ok(await it.DecideAsync("ben", parked.PromotionId!));
        var payload = ExportingRegistry.Payload(Ok(await it.Services.Exports.ExportAsync(Robot, parked.PromotionId!)));
        // The longest paths there can be, in as many folders as fit.
        payload["subject"] = new JsonArray([.. Enumerable.Range(0, Manifest.MaxFiles).Select(i => (JsonNode)new JsonObject
        {
            ["name"] = $"{i:00000}/".PadRight(ArtifactPath.MaxBytes, 'x'), ["digest"] = new JsonObject { ["sha256"] = Digest.Of($"{i}").Hex }, ["annotations"] = new JsonObject { ["size"] = 1L << 40 },
        })]);
        await using var db = await it.DatabaseAsync();
        using var key = db.OpenAuditKey();
        var pinned = Ok(VerifierKey.Read(Ok(it.Services.Exports.Key(Robot))));

        var export = DsseEnvelope.Sign(CanonicalJson.Bytes(payload), pinned, key);

        Assert.InRange(export.Length, 1, DsseEnvelope.MaxBytes / 8);
        var report = ExportVerification.Verify(export, pinned);
        Assert.Equal(["files"], report.Points.Where(p => p.Status == PointStatus.Failed).Select(p => p.Point));
        Assert.Contains("the statement is about", report.Points.Single(p => p.Point == "files").Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_in_use_are_held_against_the_export()
    {
        await using var it = await TestRegistry.OpenAsync("team");
        var parked = await it.ParkAsync();
        Ok(await it.DecideAsync("ben", parked.PromotionId!));
        var file = it.File("", "export.json");
        await File.WriteAllBytesAsync(file, Ok(await it.Services.Exports.ExportAsync(Robot, parked.PromotionId!)));
        var key = Ok(it.Services.Exports.Key(Robot));
        var folder = Path.Combine(it.DataFolder, "..", "serve");
        Ok(await it.Services.Downloads.DownloadAsync(Robot, "digits", "@champion", folder, overwrite: false));

        Assert.True((await CheckAsync()).Verified);
        Assert.Equal(("applied", "v1"), ((await CheckAsync()).Status, (await CheckAsync()).Version));
        await File.WriteAllTextAsync(Path.Combine(folder, "extra.py"), "");
        Assert.Equal("extra.py is none of the files that were decided on.", Failed(await CheckAsync()));
        File.Delete(Path.Combine(folder, "extra.py"));
        await File.AppendAllTextAsync(Path.Combine(folder, "model.onnx"), " ");
        Assert.Equal("model.onnx is not the file that was decided on.", Failed(await CheckAsync()));
        File.Delete(Path.Combine(folder, "model.onnx"));
        Assert.Equal("model.onnx is missing.", Failed(await CheckAsync()));

        Assert.Equal("source_missing", No(await ExportCheck.VerifyAsync(file + "?", key)));
        Assert.Equal("verifier_key_invalid", No(await ExportCheck.VerifyAsync(file, "no key")));
        Assert.Equal("verifier_key_invalid", No(await ExportCheck.VerifyAsync(file, file)));
        Assert.Equal("envelope", Assert.Single(Ok(await ExportCheck.VerifyAsync(it.File("{}"), key)).Points).Point);

        async Task<ExportReportView> CheckAsync() => Ok(await ExportCheck.VerifyAsync(file, key, null, folder));
        static string Failed(ExportReportView report) => Assert.Single(report.Points, p => p.Status == "failed").Found;
    }

    [Fact]
    public async Task A_log_that_was_changed_proves_nothing()
    {
        await using var it = await TestRegistry.OpenAsync("team");
        var parked = await it.ParkAsync();
        Ok(await it.DecideAsync("ben", parked.PromotionId!));
        Ok(await it.Services.Exports.ExportAsync(Robot, parked.PromotionId!));
        await it.ChangeRowsAsync("update audit_entry set leaf_hash = (select leaf_hash from audit_entry where position = 1) where position = 3");
        Assert.Equal("log_damaged", No(await it.Services.Exports.ExportAsync(Robot, parked.PromotionId!)));
    }
}
