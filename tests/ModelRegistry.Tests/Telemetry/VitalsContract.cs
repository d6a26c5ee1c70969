using Microsoft.Data.Sqlite;
using ModelRegistry.Storage;
using ModelRegistry.Telemetry;
using ModelRegistry.Tests.Storage;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Telemetry;

/// <summary>What is told of how a registry is doing, on both databases.</summary>
public abstract class VitalsContract
{
    private protected abstract Task<TestRegistry> OpenAsync();

    [Fact]
    public async Task What_waits_and_what_serves_is_told_as_it_is()
    {
        await using var it = await OpenAsync();
        await it.PutIntoProductionAsync("digits");
        var parked = await it.ParkAsync("churn");
        it.Clock.Advance(TimeSpan.FromSeconds(90));
        // One that is told, and one that nobody has confirmed.
        Ok(await it.Services.Notices.AddWebhookAsync((await it.PersonAsync("ana")).Actor, "https://hooks.example.org/", []));
        Assert.Equal("webhook_unconfirmed", No(await it.Services.MlflowWebhooks.CreateAsync(await it.AgentAsync(), new("ci", null, "https://ci.example.org/", ["model_version.created"], null, null))));
        var seen = Ok(await it.Services.Vitals.LookAsync(Robot));

        Assert.Equal((1, parked.RequestedAt), (seen.Pending.Count, seen.Pending.Oldest!.Value));
        Assert.True(seen.At - seen.Pending.Oldest > TimeSpan.FromSeconds(89));
        Assert.Equal(new WaitingView(0, null), seen.Approved);
        Assert.Equal([("churn", "staging", "v1", 1L), ("digits", "production", "v1", 1L)], seen.Serving.Select(s => (s.Model, s.Stage, s.Version, s.Number)));
        Assert.Equal(0, seen.ServingLeftOut);
        Assert.Equal((await it.RowsAsync("select count(*) from audit_entry"))[0], $"{seen.Audit.Size}");
        Assert.True(seen.Audit.Signed <= seen.Audit.Size && seen.Audit.Last is not null);
        Assert.True(seen.Database.Database > 0);
        Assert.Equal(it.Services.Storage.Engine.StartsWith("SQLite", StringComparison.Ordinal), seen.Database.WriteAheadLog is not null);
        Assert.Equal([("webhook", 1L), ("mail", 0L)], seen.Notices.Select(n => (n.Kind, n.Endpoints)));

        Ok(await it.DecideAsync("ben", parked.PromotionId!));
        // What was seen is given out again for a while.
        Assert.Same(seen, Ok(await it.Services.Vitals.LookAsync(Robot)));
    }

    [Fact]
    public async Task Whoever_may_not_read_is_told_nothing()
    {
        await using var it = await OpenAsync();
        Assert.Equal("role_missing", No(await it.Services.Vitals.LookAsync(Robot with { Roles = [] })));
    }

    [Fact]
    public async Task Of_very_much_that_serves_what_changed_last_is_told_and_the_rest_is_counted()
    {
        await using var it = await OpenAsync();
        await it.PutIntoProductionAsync("digits");
        await ServeAsync(it, from: 1, to: 1_199);
        var some = await LinesAsync(it);
        Assert.Equal((1_000, 200), (some.Lines.Count, some.All - some.Lines.Count));
        Assert.Equal("digits", some.Lines[0].Model);

        // So much that not all of it is looked at: only what was moved last.
        await ServeAsync(it, from: 1_200, to: RegistrySession.MostServingRead);
        var many = await LinesAsync(it);
        Assert.Equal(("digits", RegistrySession.MostServingRead), (Assert.Single(many.Lines).Model, many.All - 1));
    }

    private static async Task<(List<ServingLine> Lines, long All)> LinesAsync(TestRegistry it)
    {
        await using var db = await it.DatabaseAsync();
        return await db.ReadAsync(session => session.ServingLinesAsync(RegistryVitals.MostServing), default);
    }

    /// <summary>Models and versions like the first ones, that serve since long ago.</summary>
    private static async Task ServeAsync(TestRegistry it, int from, int to)
    {
        var numbers = $"with recursive n(i) as (select {from} union all select i + 1 from n where i < {to})";
        await it.ChangeRowsAsync($"""
            {numbers} insert into model (id, name, name_key, description, description_key, task, owner, versioning, card, is_active, highest_number, version_count, latest_label, created_at, updated_at, deleted_at, row_version)
            select 'mdl_' || i, 'm' || i, 'm' || i, '', '', '', owner, versioning, '', 1, 1, 1, 'v1', created_at, updated_at, null, 1 from model, n where name = 'digits'
            """);
        await it.ChangeRowsAsync($"""
            {numbers} insert into version (id, model_id, number, label, stage, stage_since, manifest_digest, size_bytes, file_count, content_verified, metadata, deprecated, author_id, author_name, answerable_id, answerable_name, created_at, updated_at, deleted_at, row_version)
            select 'ver_' || i, 'mdl_' || i, 1, 'v1', 'production', 1, manifest_digest, 1, 1, 1, metadata, 0, author_id, author_name, answerable_id, answerable_name, created_at, updated_at, null, 1 from version, n
            where model_id = (select id from model where name = 'digits')
            """);
        await it.ChangeRowsAsync($"{numbers} insert into serving (model_id, stage, version_id, since, promotion_id) select 'mdl_' || i, 'production', 'ver_' || i, i, 'prm_none' from n");
    }
}

public sealed class SqliteVitalsTests : VitalsContract
{
    private protected override Task<TestRegistry> OpenAsync() => TestRegistry.OpenAsync();

    [Fact]
    public async Task Nothing_is_counted_that_no_index_leads_to()
    {
        await using var it = await OpenAsync();
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(it.DataFolder, "registry.db")};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        foreach (var sql in (string[])[RegistrySession.CountInState, RegistrySession.OldestInState, RegistrySession.CountOwed, RegistrySession.CountMarked, RegistrySession.LogHead, RegistrySession.LogSigned, RegistrySession.ServingOfMoved])
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "explain query plan " + sql;
            foreach (var (name, value) in ((string, object)[])[("@state", "pending"), ("@most", 10L), ("@read", 10L)])
                if (sql.Contains(name, StringComparison.Ordinal))
                    command.Parameters.AddWithValue(name, value);
            var plan = new List<string>();
            await using (var reader = await command.ExecuteReaderAsync())
                while (await reader.ReadAsync())
                    plan.Add(reader.GetString(3));
            Assert.NotEmpty(plan);
            // Whatever is gone through is an index of few rows, what such a look gave, or a primary key from its end.
            Assert.All(plan.Where(step => step.StartsWith("SCAN", StringComparison.Ordinal)), step => Assert.Matches(@"USING (COVERING )?INDEX (glass_break_owed|collected_content_open)|SCAN (audit_checkpoint|q|a|r|\(|SUBQUERY)", step));
            Assert.DoesNotContain(plan, step => step.StartsWith("SCAN promotion", StringComparison.Ordinal) || step.StartsWith("SCAN audit_entry", StringComparison.Ordinal));
        }
    }
}

public sealed class PostgresVitalsTests(PostgresCluster cluster) : VitalsContract, IClassFixture<PostgresCluster>
{
    private protected override async Task<TestRegistry> OpenAsync() => await TestRegistry.OpenAsync(database: await cluster.NewDatabaseAsync());
}
