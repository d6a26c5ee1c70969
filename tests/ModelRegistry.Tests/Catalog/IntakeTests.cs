using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Catalog;

/// <summary>Registering versions.</summary>
[OnBothDatabases]
public sealed class IntakeTests
{
    private static Registration Ask(TestRegistry it, string model = "m", string? version = null, Bump? bump = null, string? alias = null, Versioning? versioning = null, VersionMetadata? metadata = null, params string[] files) =>
        new(model, version, bump, files.Length > 0 ? files : [it.File($"{Guid.NewGuid()}")], metadata ?? Metadata(), Alias: alias, Versioning: versioning);

    private static Task<Outcome<RegisteredView>> RegisterAsync(TestRegistry it, Registration asked) => it.Services.Intake.RegisterAsync(Robot, asked);

    private static string[] StoredFiles(TestRegistry it) => ModelRegistry.Tests.Artifacts.TemporaryFolder.FilesIn(Path.Combine(it.DataFolder, "artifacts", "blobs"));

    [Fact]
    public async Task Numbers_follow_one_another_jump_forward_and_never_back()
    {
        await using var it = await EmptyAsync();

        Assert.Equal(("v1", 1), Labelled(Ok(await RegisterAsync(it, Ask(it)))));
        Assert.Equal(("v7", 7), Labelled(Ok(await RegisterAsync(it, Ask(it, version: "v7")))));
        Assert.Equal(("v8", 8), Labelled(Ok(await RegisterAsync(it, Ask(it, version: "8")))));
        foreach (var taken in new[] { "v7", "7", "v3" })
        {
            var no = (await RegisterAsync(it, Ask(it, version: taken))).Refusal!;
            Assert.Equal("version_exists", no.Code);
            Assert.Contains("v9", no.Remedy, StringComparison.Ordinal);
        }
        foreach (var odd in new[] { "1.2.0", "v0", "", "v-1", "v9; drop table version", "v9999999999", "v\0" })
            Assert.Equal("label_scheme", No(await RegisterAsync(it, Ask(it, version: odd))));
        Assert.Equal("label_scheme", No(await RegisterAsync(it, Ask(it, version: "\ud800"))));
        Assert.Equal("bump_needs_semver", No(await RegisterAsync(it, Ask(it, bump: Bump.Minor))));
        Assert.Equal(("v9", 9), Labelled(Ok(await RegisterAsync(it, Ask(it)))));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task Semantic_labels_are_raised_as_asked_and_never_given_twice()
    {
        await using var it = await EmptyAsync();

        Assert.Equal(("1.0.0", 1), Labelled(Ok(await RegisterAsync(it, Ask(it, version: "v1.0")))));
        Assert.Equal(("1.1.0", 2), Labelled(Ok(await RegisterAsync(it, Ask(it)))));
        Assert.Equal(("1.1.1", 3), Labelled(Ok(await RegisterAsync(it, Ask(it, bump: Bump.Patch)))));
        Assert.Equal(("2.0.0", 4), Labelled(Ok(await RegisterAsync(it, Ask(it, bump: Bump.Major)))));
        Assert.Equal(("1.0.1", 5), Labelled(Ok(await RegisterAsync(it, Ask(it, version: "1.0.1")))));
        Assert.Equal("version_exists", No(await RegisterAsync(it, Ask(it, version: "v1.1"))));
        Assert.Equal("label_and_bump", No(await RegisterAsync(it, Ask(it, version: "3.0.0", bump: Bump.Major))));
        Assert.Equal("label_scheme", No(await RegisterAsync(it, Ask(it, version: "7"))));
        Assert.Equal("semver", Ok(await it.Services.Catalog.GetAsync(Robot, "m", null)).Versioning);
        Assert.Equal(("0.1.0", 1), Labelled(Ok(await RegisterAsync(it, Ask(it, "other", "0.1.0", versioning: Versioning.Semver)))));
        Assert.Equal("label_scheme", No(await RegisterAsync(it, Ask(it, "third", "1.0.0", versioning: Versioning.Auto))));
    }

    private static (string, long) Labelled(RegisteredView view) => (view.Version, view.Number);

    [Fact]
    public async Task A_folder_is_taken_with_every_file_in_it()
    {
        await using var it = await EmptyAsync();
        var folder = Path.GetDirectoryName(it.File("graph", "saved_model.pb"))!;
        Directory.CreateDirectory(Path.Combine(folder, "variables"));
        File.WriteAllText(Path.Combine(folder, "variables", "variables.index"), "index");
        File.WriteAllText(Path.Combine(folder, "variables", "ключ.txt"), "graph");
        File.WriteAllText(Path.Combine(folder, "empty"), "");

        var view = Ok(await RegisterAsync(it, Ask(it, files: folder)));

        Assert.Equal(["empty", "saved_model.pb", "variables/variables.index", "variables/ключ.txt"], view.Files.Select(f => f.Path));
        // Two files with the same content are one blob.
        Assert.Equal(3, StoredFiles(it).Length);
        Assert.Equal(15, view.SizeBytes);
        Assert.Equal(view.Files, Ok(await it.Services.Catalog.GetAsync(Robot, "m", "v1")).Version!.Files);

        var target = Path.Combine(it.DataFolder, "out");
        Assert.Equal(4, Ok(await it.Services.Downloads.DownloadAsync(Robot, "m", "latest", target)).Files.Count);
        Assert.Equal("graph", File.ReadAllText(Path.Combine(target, "variables", "ключ.txt")));
    }

    [Fact]
    public async Task The_same_content_again_is_a_new_version_on_the_same_blobs()
    {
        await using var it = await EmptyAsync();
        var file = it.File("the same bytes");

        var first = Ok(await RegisterAsync(it, Ask(it, files: file)));
        var second = Ok(await RegisterAsync(it, Ask(it, files: file)));

        Assert.Equal(first.Digest, second.Digest);
        Assert.NotEqual(first.VersionId, second.VersionId);
        Assert.Single(StoredFiles(it));
    }

    [Fact]
    public async Task Whatever_is_refused_leaves_no_row_and_no_byte()
    {
        await using var it = await EmptyAsync("local");
        await it.RegisterAsync("m", by: Robot);
        await it.RegisterAsync("off", by: Robot);
        Ok(await it.Services.Metadata.SetAsync(Robot, new MetadataEdit("off") { IsActive = false }));
        var (rows, files) = (await CountAsync(it), StoredFiles(it));
        var folder = Path.GetDirectoryName(it.File("real"))!;
        File.CreateSymbolicLink(Path.Combine(folder, "link"), "/etc/passwd");

        Assert.Equal("not_a_regular_file", No(await RegisterAsync(it, Ask(it, files: folder))));
        Assert.Equal("not_a_regular_file", No(await RegisterAsync(it, Ask(it, files: Path.Combine(folder, "link")))));
        Assert.Equal("source_missing", No(await RegisterAsync(it, Ask(it, files: [it.File("x"), "/nowhere"]))));
        Assert.Equal("file_duplicate", No(await RegisterAsync(it, Ask(it, files: [it.File("x"), it.File("y")]))));
        Assert.Equal("content_missing", No(await it.Services.Intake.RegisterAsync(Robot, new Registration("m", null, null, [], Metadata()))));
        Assert.Equal("name_invalid", No(await RegisterAsync(it, Ask(it, "m' --"))));
        Assert.Equal("name_invalid", No(await RegisterAsync(it, Ask(it, "m\ud800\0"))));
        Assert.Equal("name_invalid", No(await RegisterAsync(it, Ask(it, new string('m', 100_000)))));
        Assert.Equal("model_inactive", No(await RegisterAsync(it, Ask(it, "off"))));
        Assert.Equal("version_exists", No(await RegisterAsync(it, Ask(it, version: "v1"))));
        foreach (var governed in new[] { "champion", "@champion", "Champion", "@CHAMPION" })
            Assert.Equal("alias_governed", No(await RegisterAsync(it, Ask(it, alias: governed))));
        foreach (var unfit in new[] { "v3", "latest", "a b", "", "@@x", "12", "default'" })
            Assert.Equal("name_invalid", No(await RegisterAsync(it, Ask(it, alias: unfit))));
        Assert.Equal("role_missing", No(await it.Services.Intake.RegisterAsync(Robot with { Roles = [Permissions.Proposer] }, Ask(it))));
        Assert.Equal("model_out_of_scope", No(await it.Services.Intake.RegisterAsync(Robot with { Models = ["other-*"] }, Ask(it))));
        Assert.Equal("no_owner", No(await it.Services.Intake.RegisterAsync(Robot with { Owner = null }, Ask(it))));

        Assert.Equal(rows, await CountAsync(it));
        Assert.Equal(files, StoredFiles(it));
        // Each of them is on record.
        Assert.Equal(24, (await it.RowsAsync("select 1 from audit_entry where verb = 'version.register' and outcome = 'refused'")).Count);
        await it.VerifyAuditAsync();
    }

    private static async Task<string> CountAsync(TestRegistry it) => Assert.Single(await it.RowsAsync(
        "select (select count(*) from model) || '/' || (select count(*) from version) || '/' || (select count(*) from version_file) || '/' || (select count(*) from alias) || '/' || (select sum(row_version) from model)"));

    [Fact]
    public async Task An_alias_given_at_registration_points_at_the_new_version()
    {
        await using var it = await EmptyAsync("local");
        Ok(await RegisterAsync(it, Ask(it, alias: "@Canary")));
        Ok(await RegisterAsync(it, Ask(it, alias: "canary")));
        Ok(await RegisterAsync(it, Ask(it, alias: "default")));
        Ok(await RegisterAsync(it, Ask(it)));

        var info = Ok(await it.Services.Catalog.GetAsync(Robot, "m", null));
        Assert.Equal("v3", info.Version!.Version);
        Assert.Equal([("canary", "v2"), ("default", "v3")], info.Aliases.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => (a.Key, a.Value)));
    }

    [Fact]
    public async Task A_registration_again_after_a_crash_takes_the_next_number_and_the_same_blobs()
    {
        await using var it = await EmptyAsync();
        var file = it.File("content");
        Ok(await RegisterAsync(it, Ask(it, files: file)));
        // The crash: the blob and a half-written one are there, the answer never came.
        var abandoned = Path.Combine(it.DataFolder, "artifacts", "staging", ".0198.part");
        var young = Path.Combine(it.DataFolder, "artifacts", "staging", ".0199.part");
        File.WriteAllText(abandoned, "half");
        File.WriteAllText(young, "half");
        File.SetLastWriteTimeUtc(abandoned, it.Clock.GetUtcNow().UtcDateTime.AddHours(-2));
        File.SetLastWriteTimeUtc(young, it.Clock.GetUtcNow().UtcDateTime.AddMinutes(-2));

        await it.ReopenAsync();

        Assert.False(File.Exists(abandoned));
        Assert.True(File.Exists(young));
        Assert.Equal(("v2", 2), Labelled(Ok(await RegisterAsync(it, Ask(it, files: file)))));
        Assert.Single(StoredFiles(it));
    }

    [Fact]
    public async Task Two_thousand_files_are_one_version()
    {
        await using var it = await EmptyAsync();
        var folder = Path.GetDirectoryName(it.File("0", "f0"))!;
        foreach (var i in Enumerable.Range(1, 1999))
            File.WriteAllText(Path.Combine(folder, $"f{i}"), $"{i % 100}");

        var view = Ok(await RegisterAsync(it, Ask(it, files: folder)));

        Assert.Equal(2000, view.Files.Count);
        Assert.Equal(view.Files, Ok(await it.Services.Catalog.GetAsync(Robot, "m", null)).Version!.Files);
    }
}
