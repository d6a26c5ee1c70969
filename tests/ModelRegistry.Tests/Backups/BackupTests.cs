using ModelRegistry.Backups;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Tests.Artifacts;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Backups;

/// <summary>A registry comes out of its backup as it went in, from either database into either.</summary>
public sealed class BackupTests(PostgresCluster cluster) : IClassFixture<PostgresCluster>
{
    private async Task<string?> DatabaseAsync(bool postgres) => postgres ? await cluster.NewDatabaseAsync() : null;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task What_was_backed_up_is_there_again_with_the_same_audit_root(bool fromPostgres, bool toPostgres)
    {
        await using var it = await TestRegistry.OpenAsync("team", await DatabaseAsync(fromPostgres));
        await it.PutIntoProductionAsync();
        await it.RegisterAsync(accuracy: 0.95);
        await it.ProposeAsync("digits", "v2", "staging");
        var parked = await it.ProposeAsync("digits", "v2");
        using var folder = new TemporaryFolder();

        var made = Ok(await it.Services.Backup.BackupAsync(await it.AgentAsync(), folder.At("backup")));
        // What comes later is not in it.
        await it.RegisterAsync("later");
        var into = new RegistryOptions { DataFolder = folder.At("data"), Database = await DatabaseAsync(toPostgres) };
        var restored = Ok(await RegistryRestore.RestoreAsync(folder.At("backup"), into, it.Clock));

        Assert.Equal((true, made.AuditSize, made.AuditRoot, made.RegistryId), (restored.Verified, restored.AuditSize, restored.AuditRoot, restored.RegistryId));
        await using var again = Ok(await RegistryServices.OpenAsync(into, it.Clock));
        Assert.Equal("v1", Ok(await again.Catalog.ServingAsync(Robot, "digits", null, null)).Version);
        Assert.Equal("model_not_found", No(await again.Catalog.GetAsync(Robot, "later", null)));
        Ok(await again.Downloads.DownloadAsync(Robot, "digits", "v1", folder.At("out")));
        // What waited is decided there, by the same person with the same passphrase, and the log goes on.
        var ben = Ok(await again.People.ProveAsync("ben", Passphrase + "ben", "terminal"));
        var review = Ok(await again.Promotions.ReviewAsync(ben.Actor, parked.PromotionId!));
        Assert.Equal("applied", Ok(await again.Promotions.DecideAsync(ben.Actor, new(parked.PromotionId!, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", ben.Proof))).Status);
        Assert.True(Ok(await again.Audit.VerifyAsync(Robot, null)).Verified);

        Assert.Equal("restore_target_taken", No(await RegistryRestore.RestoreAsync(folder.At("backup"), into, it.Clock)));
    }

    /// <summary>What the last steps of the schema added is taken away again: so a backup looks that the program before it made.</summary>
    private static async Task AgeAsync(string backup)
    {
        var database = Path.Combine(backup, "registry.db");
        await using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={database};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var older = connection.CreateCommand();
            older.CommandText = """
                drop table model_gram; drop table multipart_part; drop table multipart_upload;
                alter table notice_endpoint drop column style; alter table notice_endpoint drop column name; alter table notice_endpoint drop column description;
                alter table notice_endpoint drop column updated_at; alter table notice_endpoint drop column paused; alter table notice_endpoint drop column confirmed_by;
                drop index version_tag_changed; drop index version_tag_find; alter table version_tag drop column changed; create index version_tag_find on version_tag (key, value, version_id);
                drop table uploaded_file; drop index version_run; drop index version_changed; drop index version_model_changed; drop index model_changed;
                alter table version drop column source; alter table version drop column run_id; delete from schema_migration where version > 12;
                """;
            await older.ExecuteNonQueryAsync();
        }
        var manifest = Path.Combine(backup, "backup.json");
        var json = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(manifest))!;
        (json["schema_version"], json["database_sha256"]) = (12, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(database))));
        await File.WriteAllTextAsync(manifest, json.ToJsonString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_backup_of_an_older_program_is_brought_up_to_date(bool toPostgres)
    {
        await using var it = await EmptyAsync();
        await it.RegisterAsync(by: Robot);
        Ok(await it.Services.Mlflow.CreateVersionAsync(Robot, new ModelRegistry.Mlflow.MlflowRegistration("digits", "runs:/r1/model", "http://localhost", "r1", "", "", "", new Dictionary<string, string>())));
        using var folder = new TemporaryFolder();
        Ok(await it.Services.Backup.BackupAsync(Robot, folder.At("backup")));
        await AgeAsync(folder.At("backup"));
        var into = new RegistryOptions { DataFolder = folder.At("data"), Database = await DatabaseAsync(toPostgres) };
        Assert.True(Ok(await RegistryRestore.RestoreAsync(folder.At("backup"), into, it.Clock)).Verified);
        await using var again = Ok(await RegistryServices.OpenAsync(into, it.Clock));
        Assert.Equal("2", Assert.Single(Ok(await again.Mlflow.SearchVersionsAsync(Robot, new("run_id = 'r1'", [], null, null))).ModelVersions).Version);
        Assert.Equal("digits", Assert.Single(Ok(await again.Catalog.ListModelsAsync(Robot, new("IGIT"))).Items).Name);
        Ok(await again.Downloads.DownloadAsync(Robot, "digits", "v1", folder.At("out")));
    }

    [Fact]
    public async Task A_second_backup_into_the_same_folder_copies_what_is_new()
    {
        await using var it = await EmptyAsync();
        using var folder = new TemporaryFolder();
        await it.RegisterAsync("a", by: Robot);
        Assert.Equal(1, Ok(await it.Services.Backup.BackupAsync(Robot, folder.At("backup"))).Copied);
        await it.RegisterAsync("b", accuracy: 0.5, by: Robot);
        Assert.Equal((2, 1), Ok(await it.Services.Backup.BackupAsync(Robot, folder.At("backup"))) is var second ? ((int)second.Contents, (int)second.Copied) : default);

        await using var other = await EmptyAsync();
        Assert.Equal("backup_of_another", No(await other.Services.Backup.BackupAsync(Robot, folder.At("backup"))));
        Directory.CreateDirectory(folder.At("home"));
        await File.WriteAllTextAsync(folder.At("home", "letter.txt"), "dear");
        Assert.Equal("backup_folder_taken", No(await it.Services.Backup.BackupAsync(Robot, folder.At("home"))));
        Assert.Equal("dear", await File.ReadAllTextAsync(folder.At("home", "letter.txt")));
    }

    [Fact]
    public async Task A_backup_made_under_load_is_one_moment_and_misses_no_content()
    {
        await using var it = await EmptyAsync();
        using var folder = new TemporaryFolder();
        using var over = new CancellationTokenSource();
        var writing = Enumerable.Range(0, 3).Select(w => Task.Run(async () =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
                Ok(await it.Services.Intake.RegisterAsync(Robot, new Registration($"m{w}", null, null, [it.File($"{w} {i}", "model.bin")], new VersionMetadata())));
        })).ToArray();
        for (var i = 0; i < 3; i++)
        {
            var made = Ok(await it.Services.Backup.BackupAsync(Robot, folder.At("backup")));
            var into = new RegistryOptions { DataFolder = folder.At($"data{i}") };
            var restored = Ok(await RegistryRestore.RestoreAsync(folder.At("backup"), into, it.Clock));
            Assert.Equal((true, made.AuditRoot), (restored.Verified, restored.AuditRoot));
            await using var again = Ok(await RegistryServices.OpenAsync(into, it.Clock));
            foreach (var model in Ok(await again.Catalog.ListModelsAsync(Robot, new ModelQuery())).Items)
                Assert.NotEmpty(Ok(await again.Downloads.DownloadAsync(Robot, model.Name, "latest", folder.At($"out{i}", model.Name))).Files);
        }
        await over.CancelAsync();
        await Task.WhenAll(writing);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task The_secrets_of_a_backup_are_its_owners_alone_whatever_folder_they_are_put_into(bool postgres)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Rights of this kind are not there on Windows.");
            return;
        }
        await using var it = await EmptyAsync(database: await DatabaseAsync(postgres));
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("backup"), (UnixFileMode)0b111_101_101);
        await it.RegisterAsync("a", by: Robot);
        foreach (var _ in new[] { "a new one", "one over another" })
        {
            Ok(await it.Services.Backup.BackupAsync(Robot, folder.At("backup")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.At("backup", "registry.db")));
        }
    }

    [Fact]
    public async Task A_backup_that_was_changed_or_cut_is_refused()
    {
        await using var it = await EmptyAsync();
        using var folder = new TemporaryFolder();
        await it.RegisterAsync("a", by: Robot);
        Ok(await it.Services.Backup.BackupAsync(Robot, folder.At("backup")));
        async Task<string> RestoreAsync() => No(await RegistryRestore.RestoreAsync(folder.At("backup"), new RegistryOptions { DataFolder = folder.At("data") }, it.Clock));

        var blob = folder.At("backup", "blobs", Assert.Single(TemporaryFolder.FilesIn(folder.At("backup", "blobs"))));
        var content = await File.ReadAllBytesAsync(blob);
        File.Delete(blob);
        Assert.Equal("blob_missing", await RestoreAsync());
        content[0] ^= 1;
        await File.WriteAllBytesAsync(blob, content);
        Assert.Equal("blob_altered", await RestoreAsync());
        content[0] ^= 1;
        await File.WriteAllBytesAsync(blob, content);
        await using (var database = new FileStream(folder.At("backup", "registry.db"), FileMode.Append))
            database.WriteByte(0);
        Assert.Equal("backup_invalid", await RestoreAsync());
        await File.WriteAllTextAsync(folder.At("backup", "backup.json"), "{");
        Assert.Equal("backup_invalid", await RestoreAsync());
        File.Delete(folder.At("backup", "backup.json"));
        Assert.Equal("backup_invalid", await RestoreAsync());
        Assert.False(File.Exists(folder.At("data", "registry.db")));
    }
}
