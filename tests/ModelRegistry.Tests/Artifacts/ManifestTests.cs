using ModelRegistry.Domain;
using Xunit;

namespace ModelRegistry.Tests.Artifacts;

public sealed class ManifestTests
{
    private static FileEntry Entry(string path, string content = "one") => new(path, content.Length, Digest.Of(content));

    private static string? CodeFor(params string[] paths) => Manifest.Of(paths.Select(path => Entry(path))).Refusal?.Code;

    /// <summary>The digest was computed by another program from the JSON text.</summary>
    [Fact]
    public void The_digest_is_that_of_the_canonical_JSON_in_ordinal_order_of_path()
    {
        var manifest = Manifest.Of([Entry("a/é.bin", "one"), Entry("B.bin", "two")]).Value;

        Assert.Equal(["B.bin", "a/é.bin"], manifest.Files.Select(file => file.Path));
        Assert.Equal("3c1fd15ca4fb13438a35a4ea5ba16128ddaad5de5870e067f172f19b61038c92", manifest.Digest.Hex);
        Assert.Equal(6, manifest.Size);
    }

    [Fact]
    public void The_order_files_are_given_in_does_not_matter() => Assert.Equal(
        Manifest.Of([Entry("a"), Entry("b/c"), Entry("b-c")]).Value.Digest,
        Manifest.Of([Entry("b-c"), Entry("a"), Entry("b/c")]).Value.Digest);

    [Fact]
    public void A_renamed_file_with_the_same_content_changes_the_digest() => Assert.NotEqual(
        Manifest.Of([Entry("model.onnx")]).Value.Digest,
        Manifest.Of([Entry("model2.onnx")]).Value.Digest);

    [Fact]
    public void Two_files_that_swap_their_names_change_the_digest() => Assert.NotEqual(
        Manifest.Of([Entry("a", "one"), Entry("b", "two")]).Value.Digest,
        Manifest.Of([Entry("a", "two"), Entry("b", "one")]).Value.Digest);

    [Fact]
    public void A_changed_byte_or_size_changes_the_digest()
    {
        var digest = Manifest.Of([Entry("a", "one")]).Value.Digest;

        Assert.NotEqual(digest, Manifest.Of([Entry("a", "onf")]).Value.Digest);
        Assert.NotEqual(digest, Manifest.Of([Entry("a", "one") with { Size = 4 }]).Value.Digest);
    }

    [Fact]
    public void No_file_is_no_version() => Assert.Equal("manifest_empty", CodeFor());

    [Fact]
    public void The_same_path_twice_is_refused() => Assert.Equal("file_duplicate", CodeFor("a/b", "c", "a/b"));

    [Theory]
    [InlineData("Model.bin", "model.bin")]
    [InlineData("data/É.bin", "data/é.bin")]
    [InlineData("Data/x", "data/y")]
    [InlineData("Data", "data/y")]
    public void Paths_that_collide_where_case_is_ignored_are_refused(string one, string other)
    {
        Assert.Equal("path_case_collision", CodeFor(one, other));
        Assert.Equal("path_case_collision", CodeFor(other, one));
    }

    [Theory]
    [InlineData("a", "a/b")]
    [InlineData("a/b", "a/b/c/d")]
    public void A_file_that_is_a_folder_of_another_is_refused(string file, string below)
    {
        Assert.Equal("path_is_also_folder", CodeFor(file, below));
        Assert.Equal("path_is_also_folder", CodeFor(below, file));
    }

    [Fact]
    public void A_name_that_merely_begins_like_another_is_no_collision() => Assert.Null(CodeFor("a", "a.b", "ab", "b/a", "b/a.c"));

    [Fact]
    public void A_path_that_leaves_the_version_is_refused() => Assert.Equal("path_unsafe", CodeFor("a", "../b"));

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData((1L << 53) - 1, true)]
    [InlineData(1L << 53, false)]
    public void A_size_is_one_that_every_JSON_reader_reads_alike(long size, bool taken) =>
        Assert.Equal(taken ? null : "file_size_invalid", Manifest.Of([Entry("a") with { Size = size }]).Refusal?.Code);

    [Fact]
    public void Ten_thousand_files_are_taken_and_one_more_is_not()
    {
        Assert.Null(Manifest.Of(Enumerable.Range(0, 10_000).Select(i => Entry($"f{i}"))).Refusal);
        // Endless: it must stop asking.
        Assert.Equal("too_many_files", Manifest.Of(Enumerable.Range(0, int.MaxValue).Select(i => Entry($"f{i}"))).Refusal?.Code);
    }
}
