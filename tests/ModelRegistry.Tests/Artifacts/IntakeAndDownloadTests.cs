using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

public sealed class IntakeAndDownloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ArtifactVault _vault;

    public IntakeAndDownloadTests() => _vault = ArtifactVault.Open(_folder.At("vault"));

    public void Dispose() => _folder.Dispose();

    private async Task<Digest> Kept(string text) => (await _vault.PutAsync(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)))).Value.Digest;

    private Outcome<DownloadTarget> Target(string path) => ArtifactPath.Parse(path).Then(parsed => DownloadTarget.Resolve(_folder.At("out"), parsed));

    [Fact]
    public void A_file_is_one_entry_under_its_own_name()
    {
        var file = _folder.Write("in/model.onnx", "one"u8);

        Assert.Equal([new SourceFile(file, ArtifactPath.Parse("model.onnx").Value)], ArtifactIntake.EnumerateFiles(file).Value);
    }

    [Fact]
    public void A_folder_is_every_file_below_it_in_ordinal_order()
    {
        foreach (var path in new[] { "saved/variables/variables.index", "saved/saved_model.pb", "saved/.meta", "saved/assets/b/c.txt", "saved/Z" })
            _folder.Write(path, "x"u8);
        Directory.CreateDirectory(_folder.At("saved", "empty"));

        var found = ArtifactIntake.EnumerateFiles(_folder.At("saved") + Path.DirectorySeparatorChar).Value;

        Assert.Equal([".meta", "Z", "assets/b/c.txt", "saved_model.pb", "variables/variables.index"], found.Select(file => file.Path.Value));
        Assert.All(found, file => Assert.True(File.Exists(file.FullPath)));
    }

    [Theory]
    [InlineData("saved/a/link", "saved/real")]
    [InlineData("saved/a/link", "saved/a")]
    [InlineData("saved/a/link", "nowhere")]
    [InlineData("saved/a/link", "/etc/passwd")]
    [Attack(19, "rules")]
    public void A_link_in_a_folder_is_refused_by_name(string link, string target)
    {
        _folder.Write("saved/real", "x"u8);
        _folder.Write("saved/a/file", "x"u8);
        File.CreateSymbolicLink(_folder.At(link.Split('/')), Path.Combine(_folder.Root, target));

        var refusal = ArtifactIntake.EnumerateFiles(_folder.At("saved")).Refusal;

        Assert.Equal("not_a_regular_file", refusal?.Code);
        Assert.Contains("link' is a symbolic link", refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_a_link_itself_is_refused()
    {
        _folder.Write("saved/real", "x"u8);
        Directory.CreateSymbolicLink(_folder.At("other"), _folder.At("saved"));

        Assert.Equal("not_a_regular_file", ArtifactIntake.EnumerateFiles(_folder.At("other") + "/").Refusal?.Code);
    }

    [Fact]
    public void Nothing_there_an_empty_folder_and_a_bad_name_are_refused()
    {
        Directory.CreateDirectory(_folder.At("empty", "still"));
        _folder.Write("bad/CON.txt", "x"u8);

        Assert.Equal("source_missing", ArtifactIntake.EnumerateFiles(_folder.At("none")).Refusal?.Code);
        Assert.Equal("source_missing", ArtifactIntake.EnumerateFiles("").Refusal?.Code);
        Assert.Equal("source_missing", ArtifactIntake.EnumerateFiles("a\0b").Refusal?.Code);
        Assert.Equal("manifest_empty", ArtifactIntake.EnumerateFiles(_folder.At("empty")).Refusal?.Code);
        Assert.Equal("path_unsafe", ArtifactIntake.EnumerateFiles(_folder.At("bad")).Refusal?.Code);
    }

    [Fact]
    public async Task A_download_appears_whole_below_its_folder()
    {
        var written = await _vault.CopyToFileAsync(await Kept("one"), Target("a/b/model.bin").Value, expectedSize: 3);

        Assert.Equal(3, written.Value);
        Assert.Equal([Path.Combine("a", "b", "model.bin")], TemporaryFolder.FilesIn(_folder.At("out")));
        Assert.Equal("one", await File.ReadAllTextAsync(_folder.At("out", "a", "b", "model.bin")));
    }

    [Fact]
    public async Task What_is_there_is_overwritten_only_when_asked()
    {
        _folder.Write("out/model.bin", "mine"u8);
        var digest = await Kept("one");

        Assert.Equal("target_exists", (await _vault.CopyToFileAsync(digest, Target("model.bin").Value)).Refusal?.Code);
        Assert.Equal("mine", await File.ReadAllTextAsync(_folder.At("out", "model.bin")));
        Assert.Equal(3, (await _vault.CopyToFileAsync(digest, Target("model.bin").Value, overwrite: true)).Value);
        Assert.Equal("one", await File.ReadAllTextAsync(_folder.At("out", "model.bin")));
        Directory.CreateDirectory(_folder.At("out", "folder"));
        Assert.Equal("target_exists", (await _vault.CopyToFileAsync(digest, Target("folder").Value, overwrite: true)).Refusal?.Code);
        Assert.Single(TemporaryFolder.FilesIn(_folder.At("out")));
    }

    [Fact]
    public async Task A_link_with_the_name_of_the_target_is_replaced_and_not_written_through()
    {
        var outside = _folder.Write("outside", "mine"u8);
        Directory.CreateDirectory(_folder.At("out"));
        File.CreateSymbolicLink(_folder.At("out", "model.bin"), outside);
        var digest = await Kept("one");

        Assert.Equal("target_exists", (await _vault.CopyToFileAsync(digest, Target("model.bin").Value)).Refusal?.Code);
        await _vault.CopyToFileAsync(digest, Target("model.bin").Value, overwrite: true);

        Assert.Equal("mine", await File.ReadAllTextAsync(outside));
        Assert.Null(new FileInfo(_folder.At("out", "model.bin")).LinkTarget);
    }

    [Fact]
    public async Task A_linked_folder_on_the_way_is_refused_before_and_after_the_target_was_resolved()
    {
        Directory.CreateDirectory(_folder.At("outside"));
        Directory.CreateDirectory(_folder.At("out"));
        var early = Target("a/b/model.bin").Value;
        Directory.CreateSymbolicLink(_folder.At("out", "a"), _folder.At("outside"));

        Assert.Equal("target_leaves_folder", Target("a/b/model.bin").Refusal?.Code);
        Assert.Equal("target_leaves_folder", (await _vault.CopyToFileAsync(await Kept("one"), early)).Refusal?.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.At("outside")));
    }

    [Theory]
    [InlineData("../model.bin")]
    [InlineData("a/../../model.bin")]
    [InlineData("..\\model.bin")]
    [InlineData("%2e%2e/model.bin")]
    [InlineData("..%2fmodel.bin")]
    [InlineData("%252e%252e/model.bin")]
    [InlineData("/tmp/model.bin")]
    [InlineData("C:\\model.bin")]
    [InlineData("C:model.bin")]
    [InlineData("\\\\server\\share\\model.bin")]
    [InlineData("a/..\0/model.bin")]
    [InlineData("file:///model.bin")]
    public void A_path_that_would_leave_the_folder_has_no_target_and_no_manifest(string path)
    {
        Assert.Equal("path_unsafe", Target(path).Refusal?.Code);
        Assert.Equal("path_unsafe", Manifest.Of([new FileEntry(path, 3, Digest.Of("one"))]).Refusal?.Code);
        Assert.False(Directory.Exists(_folder.At("out")));
    }
}
