using ModelRegistry.Catalog;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Writing a version's files out again.</summary>
[OnBothDatabases]
public sealed class DownloadTests
{
    private sealed class Steps : IProgress<TransferProgress>
    {
        public List<TransferProgress> Seen { get; } = [];

        public void Report(TransferProgress value) => Seen.Add(value);
    }

    private static async Task<string> RegisterAsync(TestRegistry it)
    {
        Ok(await it.Services.Intake.RegisterAsync(Robot, new Registration("m", null, null, [it.File("first", "a.txt"), it.File("second", "b.txt")], Metadata())));
        return Path.Combine(it.DataFolder, "out");
    }

    [Fact]
    public async Task The_files_come_out_as_they_went_in_and_progress_in_order()
    {
        await using var it = await EmptyAsync();
        var target = await RegisterAsync(it);
        var steps = new Steps();

        var view = Ok(await it.Services.Downloads.DownloadAsync(Robot, "m", "v1", target, progress: steps));

        Assert.Equal([Path.Combine(target, "a.txt"), Path.Combine(target, "b.txt")], view.Files);
        Assert.Equal(("first", "second"), (File.ReadAllText(view.Files[0]), File.ReadAllText(view.Files[1])));
        Assert.Equal([new TransferProgress("a.txt", 5, 5), new TransferProgress("b.txt", 6, 6)], steps.Seen);
    }

    [Fact]
    public async Task A_file_that_is_there_refuses_all_before_one_is_written()
    {
        await using var it = await EmptyAsync();
        var target = await RegisterAsync(it);
        Directory.CreateDirectory(target);
        File.WriteAllText(Path.Combine(target, "b.txt"), "mine");

        Assert.Equal("target_exists", No(await it.Services.Downloads.DownloadAsync(Robot, "m", null, target)));
        Assert.Equal(["b.txt"], ModelRegistry.Tests.Artifacts.TemporaryFolder.FilesIn(target));
        Ok(await it.Services.Downloads.DownloadAsync(Robot, "m", null, target, overwrite: true));
        Assert.Equal("second", File.ReadAllText(Path.Combine(target, "b.txt")));
    }

    [Fact]
    public async Task A_damaged_or_missing_blob_is_named_and_nothing_of_it_is_written()
    {
        await using var it = await EmptyAsync();
        var target = await RegisterAsync(it);
        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "m", null));
        string Blob(int file) => Path.Combine(it.DataFolder, "artifacts", "blobs", "sha256", info.Version!.Files[file].Sha256[..2], info.Version.Files[file].Sha256[2..4], info.Version.Files[file].Sha256);
        // It is read-only; whoever may write to the folder puts another in its place.
        File.Delete(Blob(1));
        File.WriteAllText(Blob(1), "sec0nd");

        Assert.Equal("blob_altered", No(await it.Services.Downloads.DownloadAsync(Robot, "m", null, target)));
        Assert.Equal(["a.txt"], ModelRegistry.Tests.Artifacts.TemporaryFolder.FilesIn(target));
        File.Delete(Blob(0));
        Assert.Equal("blob_missing", No(await it.Services.Downloads.DownloadAsync(Robot, "m", null, Path.Combine(target, "2"))));
        // The same content registered again mends it.
        Ok(await it.Services.Intake.RegisterAsync(Robot, new Registration("m", null, null, [it.File("first", "a.txt")], Metadata())));
        Ok(await it.Services.Downloads.DownloadAsync(Robot, "m", "v2", Path.Combine(target, "3")));
    }
}
