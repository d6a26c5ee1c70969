using System.Security.Cryptography;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Tests.Artifacts;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>What users upload, from registration to what is shown: an archive of a SavedModel, a model with its signature.</summary>
[OnBothDatabases]
public sealed class SignedModelTests
{
    private static async Task<VersionDetailView> RegisterAsync(TestRegistry it, Actor by, params (string Name, byte[] Bytes)[] files)
    {
        var folder = Directory.CreateDirectory(Path.Combine(it.DataFolder, "..", Guid.NewGuid().ToString("N"))).FullName;
        foreach (var (name, bytes) in files)
            await File.WriteAllBytesAsync(Path.Combine(folder, name), bytes);
        var registered = Ok(await it.Services.Intake.RegisterAsync(by, new Registration("digits", null, null, [folder], Metadata(0.98) with { Format = "other" })));
        return Ok(await it.Services.Catalog.GetAsync(Robot, "digits", registered.Version)).Version!;
    }

    [Fact]
    public async Task An_uploaded_archive_of_a_SavedModel_fills_in_what_it_says()
    {
        await using var it = await EmptyAsync();
        var version = await RegisterAsync(it, Robot, ("model.zip", Archives.Zip(("saved_model.pb", Tf.Usual()), ("variables/variables.index", Tf.Index(("a", [2, 3], 0, 24))), ("variables/variables.data-00000-of-00001", new byte[24]))));

        Assert.Equal(("tensorflow_saved_model", "tensorflow", "x", "clean", 6L), (version.Format, version.Framework, (string?)version.Signature["inputs"]![0]!["name"], version.Inspection!.Verdict, version.Inspection.ParameterCount));
        Assert.Equal("2.15.0", version.Inspection.Details["tensorflow_version"]);
        var unsafeOne = await RegisterAsync(it, Robot, ("model.zip", Archives.Zip(("saved_model.pb", Tf.Model(Tf.Node("n", "WriteFile"))))));
        Assert.Equal(("unsafe", "saved_model_unsafe_operator"), (unsafeOne.Inspection!.Verdict, unsafeOne.Inspection.Findings.Single().Code));
    }

    [Fact]
    public async Task A_signature_is_told_as_of_a_key_only_where_that_key_is_pinned_and_is_looked_at_again_when_keys_change()
    {
        await using var it = await OpenAsync("regulated");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var keys = Directory.CreateDirectory(Path.Combine(it.DataFolder, "..", "keys")).FullName;
        await File.WriteAllTextAsync(Path.Combine(keys, "release.pem"), key.ExportSubjectPublicKeyInfoPem() + "\n");
        it.SigningKeys = keys;
        await it.ReopenAsync();
        (string, byte[])[] files = [("model.onnx", await File.ReadAllBytesAsync(Repository.At("samples/digits/digits-v2.onnx"))), ("README.md", "words"u8.ToArray())];

        var version = await RegisterAsync(it, await it.AgentAsync(), [.. files, ("model.sig", SignatureInspectionTests.Sign(key, files))]);

        Assert.Equal(("clean", "signed"), (version.Inspection!.Verdict, version.Inspection.Notes.Single().Code));
        Assert.Contains("'release'", version.Inspection.Notes.Single().Words, StringComparison.Ordinal);
        it.SigningKeys = null;
        await it.ReopenAsync();
        async Task<string> NoteAsync() => Ok(await it.Services.Catalog.GetAsync(Robot, "digits", version.Version)).Version!.Inspection!.Notes.Single().Code;
        Assert.Equal("signature_keys_changed", await NoteAsync());
        await it.ProposeAsync("digits", version.Version, "staging");
        Assert.Equal("signed_by_unknown_key", await NoteAsync());
        Assert.Equal(1, (await it.VerbsAsync()).Count(v => v == "version.inspect"));
    }

    [Fact]
    public async Task Keys_that_are_none_are_refused_at_the_start()
    {
        await using var it = await EmptyAsync();
        await it.Services.DisposeAsync();
        Assert.Equal("invalid_arguments", (await RegistryServices.OpenAsync(it.Options with { SigningKeys = it.File("words", "keys.pem") }, it.Clock)).Refusal?.Code);
        await it.ReopenAsync();
    }
}
