using Microsoft.Data.Sqlite;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Cli;

/// <summary>What an agent with a shell tries with the program itself.</summary>
public sealed class CliAttackTests
{
    [Theory]
    [Attack(17, "cli")]
    [InlineData("fr\u0430ud")]
    [InlineData("fraud\u200b")]
    [InlineData("\u202eduarf")]
    [InlineData("fraud ")]
    public async Task A_model_is_not_named_like_another_one_looks(string name)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await registry.RegisterAsync("fraud");
        using var program = new ProgramProcess();
        program.Environment["MODELREGISTRY_DATA"] = registry.DataFolder;
        var ran = await program.RunAsync(["register", name, "--file", program.File("model.onnx", "other")]);
        Assert.Equal(64, ran.Exit);
        Assert.DoesNotContain('\u200b', ran.Err);
        Assert.Equal(["fraud"], SeededRegistry.Ok(await registry.Services.Catalog.ListModelsAsync(await registry.AgentAsync(), new ModelRegistry.Catalog.ModelQuery())).Items.Select(m => m.Name));
    }

    [Theory]
    [Attack(18, "cli")]
    [InlineData("list-models", "--search", "%' or 1=1; drop table model; --")]
    [InlineData("list-models", "--tag", "x' union select secret_hash from credential --")]
    [InlineData("list-models", "--cursor", "'; delete from promotion; --")]
    [InlineData("pending", "--model", "churn' or '1'='1")]
    [InlineData("audit", "list", "--subject", "' or 1=1 --")]
    public async Task Sql_in_an_argument_is_text(params string[] args)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        using var program = new ProgramProcess();
        program.Environment["MODELREGISTRY_DATA"] = registry.DataFolder;
        var ran = await program.RunAsync([.. args, "--output", "json"]);
        Assert.True(ran.Exit is 0 or 64 or 66, ran.Err);
        if (ran.Exit == 0)
            Assert.Empty(ran.Json["items"]!.AsArray());
        Assert.Equal("v1", await registry.ServingAsync());
    }

    [Theory]
    [Attack(19, "cli")]
    [InlineData("a link to a file elsewhere", "/etc/passwd")]
    [InlineData("a link to a folder elsewhere", "/etc")]
    public async Task A_link_takes_nothing_in_from_elsewhere(string what, string target)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        using var program = new ProgramProcess();
        program.Environment["MODELREGISTRY_DATA"] = registry.DataFolder;
        var folder = Directory.CreateDirectory(Path.Combine(program.Folder, "model"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "model.onnx"), "weights", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(folder.FullName, "extra"), target);
        var ran = await program.RunAsync(["register", "churn", "--file", folder.FullName]);
        Assert.True(ran.Exit == 64 && ran.Err.Contains("not_a_regular_file", StringComparison.Ordinal), $"{what}: {ran.Err}");
        Assert.Empty(SeededRegistry.Ok(await registry.Services.Catalog.ListModelsAsync(await registry.AgentAsync(), new ModelRegistry.Catalog.ModelQuery())).Items);
    }

    [Fact]
    [Attack(25, "cli")]
    public async Task Who_rewrote_the_log_is_found_out_by_audit_verify()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        using var program = new ProgramProcess();
        program.Environment["MODELREGISTRY_DATA"] = registry.DataFolder;
        Assert.Equal(0, (await program.RunAsync(["audit", "verify"])).Exit);
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(registry.DataFolder, "registry.db")}"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var change = connection.CreateCommand();
            change.CommandText = "delete from audit_erasable where position = 5; delete from audit_entry where position = 5";
            Assert.Equal(1, await change.ExecuteNonQueryAsync(TestContext.Current.CancellationToken) is > 0 ? 1 : 0);
        }
        var ran = await program.RunAsync(["audit", "verify", "--output", "json"]);
        Assert.Equal(1, ran.Exit);
        Assert.Contains(ran.Json["findings"]!.AsArray(), f => (long)f!["position"]! == 5);
    }
}
